"""Proof that the other side holds the same secret and that nobody stands in between, the rendezvous included.

Each side is its role, a random nonce and the fingerprints of its DTLS certificate. The caller commits to its own
before it learns the other's, so that whoever stands between the two cannot choose values that make the words of
both screens agree; then both prove, by an HMAC-SHA256 (RFC 2104) under the shared secret over both sides, that they
mean the same connection. DTLS itself then holds each side to its fingerprints (RFC 8827, 6.5).

The four words are 32 bits: somebody in between who has stolen the secret escapes two people who compare them once
in 4,294,967,296 attempts.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import Enum

from callcodec.transport.words import WORDS

NONCE_BYTES = 32
DIGEST_BYTES = hashlib.sha256().digest_size
WORD_COUNT = 4
MAX_FINGERPRINTS = 8
FINGERPRINT = re.compile(r"[a-z0-9-]{1,20} [0-9A-F]{2}(:[0-9A-F]{2}){15,63}")
"""Algorithm and digest (RFC 8122, 5), in one spelling."""


class AuthenticationError(ValueError):
    """The other side is not the one with whom the secret is shared; says why in a sentence."""


class Role(Enum):
    """Which part a side plays; bound into every proof, so that none can be sent back to where it came from."""

    CALL = "call"
    LISTEN = "listen"


@dataclass(frozen=True)
class Identification:
    """One side of a connection. ``fingerprints``: of its DTLS certificate, sorted, as `fingerprints_of` spells them."""

    role: Role
    nonce: bytes
    fingerprints: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES:
            raise AuthenticationError(
                f"A nonce has {NONCE_BYTES} bytes, the other side's has {len(self.nonce)}."
            )
        if not 1 <= len(self.fingerprints) <= MAX_FINGERPRINTS:
            raise AuthenticationError(f"The other side names {len(self.fingerprints)} fingerprints.")
        if not all(FINGERPRINT.fullmatch(fingerprint) for fingerprint in self.fingerprints):
            raise AuthenticationError("The other side names a fingerprint that is none.")

    @classmethod
    def fresh(cls, role: Role, fingerprints: tuple[str, ...]) -> Identification:
        """This side, with a nonce that was never used before."""
        return cls(role, secrets.token_bytes(NONCE_BYTES), fingerprints)

    def commitment(self) -> bytes:
        """Fixes this identification without telling anything of its nonce."""
        return hashlib.sha256(_joined(b"callcodec commitment 1", self.serialise())).digest()

    def serialise(self) -> bytes:
        """The same bytes for the same identification, and for no other."""
        names = (fingerprint.encode() for fingerprint in self.fingerprints)
        return _joined(self.role.value.encode(), self.nonce, *names)


@dataclass(frozen=True)
class Meeting:
    """Both sides of one connection."""

    caller: Identification
    listener: Identification

    def proof(self, secret: bytes, by: Role) -> bytes:
        """What only a holder of `secret` can say about this meeting in the role `by`."""
        return hmac.digest(secret, self._serialise(b"callcodec proof 1", by.value.encode()), "sha256")

    def check_proof(self, secret: bytes, by: Role, proof: bytes) -> None:
        """AuthenticationError unless `proof` is that of the role `by`."""
        if not hmac.compare_digest(self.proof(secret, by), proof):
            raise AuthenticationError(
                "The other side does not hold the same secret, or somebody has changed what it sent."
            )

    def words(self) -> tuple[str, ...]:
        """Four words that are the same on both screens exactly if nobody stands in between."""
        digest = hashlib.sha256(self._serialise(b"callcodec words 1")).digest()
        return tuple(WORDS[value] for value in digest[:WORD_COUNT])

    def _serialise(self, *purpose: bytes) -> bytes:
        return _joined(*purpose, self.caller.serialise(), self.listener.serialise())


def continued(secret: bytes, here: tuple[str, ...], there: tuple[str, ...]) -> bytes:
    """A secret of the two ends of one connection alone, by which they know each other when they need a new one.

    `here`, `there`: the fingerprints of both certificates, which are made for one connection.
    """
    one, other = sorted(_joined(*(name.encode() for name in side)) for side in (here, there))
    return hmac.digest(secret, _joined(b"callcodec continued 1", one, other), "sha256")


def check_commitment(commitment: bytes, revealed: Identification) -> None:
    """AuthenticationError unless `revealed` is what the other side had committed itself to."""
    if not hmac.compare_digest(commitment, revealed.commitment()):
        raise AuthenticationError(
            "The other side's offer is not the one that it announced: somebody may have changed or replayed it."
        )


def fingerprints_of(sdp: str) -> tuple[str, ...]:
    """Every fingerprint that a session description names, wherever it does (RFC 8122, 5), sorted, in one spelling."""
    # splitlines as aiortc: what it would take for a fingerprint must be seen here too.
    values = [line[len("a=fingerprint:") :] for line in sdp.splitlines() if line.startswith("a=fingerprint:")]
    return tuple(sorted({spelled(*value.partition(" ")[::2]) for value in values}))


def spelled(algorithm: str, digest: str) -> str:
    """One fingerprint, as it is compared."""
    return f"{algorithm.strip().lower()} {digest.strip().upper()}"


def _joined(*parts: bytes) -> bytes:
    """Each part after its length: no two lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
