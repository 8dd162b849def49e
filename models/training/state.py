"""A run's state on disk: pieces that are small enough to be carried, and a list of them that makes them whole."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import torch

FOLDER = "state"
PIECE_BYTES = 14_000_000
FORMAT = 1


class StateError(ValueError):
    """A state that cannot be gone on from; the message says which file and why."""


def save_state(state: dict[str, Any], step: int, out: Path, piece_bytes: int = PIECE_BYTES) -> None:
    """Write ``state`` (tensors, numbers, strings, lists and dictionaries) into ``out``/state.

    STEP.pt.0, STEP.pt.1 and so on are pieces of one torch file; STEP.json lists them with their SHA-256. It
    appears last and in one move: a state without it does not exist. Older states are then removed.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    name = f"{step:08d}"
    pieces = []
    for number, start in enumerate(range(0, len(content), piece_bytes)):
        piece = content[start : start + piece_bytes]
        file = f"{name}.pt.{number}"
        _write(folder / file, piece)
        pieces.append({"file": file, "sha256": hashlib.sha256(piece).hexdigest()})
    listing = json.dumps({"format": FORMAT, "step": step, "pieces": pieces}, indent=1).encode()
    partial = folder / f"{name}.partial"
    _write(partial, listing)
    partial.replace(folder / f"{name}.json")
    current = {f"{name}.json", *(piece["file"] for piece in pieces)}
    for path in folder.iterdir():
        if path.name not in current:
            path.unlink()


def load_state(out: Path) -> dict[str, Any]:
    """The newest whole state in ``out``/state. Raises StateError."""
    listings = sorted((out / FOLDER).glob("*.json"))
    if not listings:
        raise StateError(f"there is nothing to resume in {out}: {FOLDER}/ holds no state")
    listing = json.loads(listings[-1].read_text(encoding="utf-8"))
    if listing.get("format") != FORMAT:
        raise StateError(f"{listings[-1]} is of format {listing.get('format')}, this version reads {FORMAT}")
    content = io.BytesIO()
    for piece in listing["pieces"]:
        path = listings[-1].with_name(piece["file"])
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != piece["sha256"]:
            raise StateError(
                f"{path} is missing or damaged: {listings[-1].name} lists it with another SHA-256"
            )
        content.write(data)
    content.seek(0)
    state: dict[str, Any] = torch.load(content, map_location="cpu", weights_only=True)
    return state


def _write(path: Path, data: bytes | memoryview) -> None:
    """Write and wait until it is on the disk: a listing must never outlive its pieces."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
