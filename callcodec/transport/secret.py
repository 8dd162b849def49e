"""The secret that two people share beforehand, and the file that holds it."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

SECRET_BYTES = 32
MIN_SECRET_BYTES = 16
"""128 bits: less could be guessed from one recorded proof."""
MAX_FILE_BYTES = 1024


class SecretError(ValueError):
    """A secret file cannot be made or used; says why in a sentence."""


def make_secret(path: Path) -> None:
    """Writes a new random secret of 256 bits, readable by its owner only. SecretError if `path` exists already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SecretError(f"{path} exists already; a secret is never overwritten") from None
    except OSError as error:
        raise SecretError(f"cannot write {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SECRET_BYTES) + "\n")


def load_secret(path: Path) -> bytes:
    """The secret in `path`. SecretError if it cannot be read, is readable by others, or is no secret."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SecretError(
            f"cannot read {path}: {error.strerror}; callcodec secret {path} makes a secret"
        ) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretError(f"others can read {path}; chmod 600 {path} keeps it secret")
    try:
        secret = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        raise SecretError(f"{path} holds no secret; callcodec secret makes one") from None
    if len(data) > MAX_FILE_BYTES or len(secret) < MIN_SECRET_BYTES:
        raise SecretError(
            f"{path} does not hold a secret of {MIN_SECRET_BYTES * 8} bits or more; callcodec secret makes one"
        )
    return secret
