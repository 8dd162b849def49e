"""The identity image on its reliable, ordered channel: a header that bounds what follows, then chunks.

Nothing is believed before it is bounded, and an image is handed out only when its SHA-256 is its header's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum

MAX_IDENTITY_BYTES = 64 * 1024
MAX_IDENTITY_SIDE = 1024
MAX_CHUNK_BYTES = 16 * 1024
LAYERS = (0, 1)

_HEADER = 0x01
_CHUNK = 0x02
_HEADER_BYTES = 41
_CHUNK_HEADER_BYTES = 4


class IdentityFormat(IntEnum):
    """How an identity image is compressed. AV1: one key frame as low-overhead OBUs; the others are files."""

    AV1 = 1
    AVIF = 2
    WEBP = 3
    JPEG = 4


@dataclass(frozen=True)
class IdentityHeader:
    """What an identity layer is. layer 0: the first, small; layer 1: the refinement, complete in itself."""

    sha256: bytes
    layer: int
    format: IdentityFormat
    width: int
    height: int
    byte_count: int

    def __post_init__(self) -> None:
        """Raise ValueError where a field is out of its bounds."""
        if len(self.sha256) != 32:
            raise ValueError(f"a SHA-256 has 32 bytes, not {len(self.sha256)}")
        if self.layer not in LAYERS:
            raise ValueError(f"an identity has layers 0 and 1, not {self.layer}")
        for side in (self.width, self.height):
            if not 1 <= side <= MAX_IDENTITY_SIDE:
                raise ValueError(f"an identity image's side is 1 to {MAX_IDENTITY_SIDE} pixels, not {side}")
        if not 1 <= self.byte_count <= MAX_IDENTITY_BYTES:
            raise ValueError(f"an identity image has 1 to {MAX_IDENTITY_BYTES} bytes, not {self.byte_count}")

    def serialise(self) -> bytes:
        """The header's message, 41 bytes."""
        return (
            bytes((_HEADER, self.layer, self.format))
            + self.width.to_bytes(2, "big")
            + self.height.to_bytes(2, "big")
            + (self.byte_count - 1).to_bytes(2, "big")
            + self.sha256
        )

    @classmethod
    def parse(cls, message: bytes) -> IdentityHeader:
        """The header in `message`. ValueError when it is none."""
        if len(message) != _HEADER_BYTES or message[0] != _HEADER:
            raise ValueError(f"an identity header has {_HEADER_BYTES} bytes and begins with {_HEADER}")
        try:
            image_format = IdentityFormat(message[2])
        except ValueError:
            raise ValueError(f"there is no identity format {message[2]}") from None
        return cls(
            sha256=message[9:],
            layer=message[1],
            format=image_format,
            width=int.from_bytes(message[3:5], "big"),
            height=int.from_bytes(message[5:7], "big"),
            byte_count=int.from_bytes(message[7:9], "big") + 1,
        )


@dataclass(frozen=True)
class Identity:
    """A complete identity image, its hash checked."""

    header: IdentityHeader
    payload: bytes


def make_identity(
    payload: bytes, layer: int, image_format: IdentityFormat, width: int, height: int
) -> Identity:
    """`payload` with the header that describes it."""
    digest = hashlib.sha256(payload).digest()
    return Identity(IdentityHeader(digest, layer, image_format, width, height, len(payload)), payload)


def split_identity(header: IdentityHeader, payload: bytes, chunk_bytes: int) -> list[bytes]:
    """The messages that carry `payload`: its header, then chunks with at most `chunk_bytes` of it each."""
    if not 1 <= chunk_bytes <= MAX_CHUNK_BYTES:
        raise ValueError(f"an identity chunk holds 1 to {MAX_CHUNK_BYTES} bytes, not {chunk_bytes}")
    if len(payload) != header.byte_count:
        raise ValueError(f"the header announces {header.byte_count} bytes, the image has {len(payload)}")
    if hashlib.sha256(payload).digest() != header.sha256:
        raise ValueError("the header's SHA-256 is not that of the image")
    chunks = [
        bytes((_CHUNK, header.layer)) + at.to_bytes(2, "big") + payload[at : at + chunk_bytes]
        for at in range(0, len(payload), chunk_bytes)
    ]
    return [header.serialise(), *chunks]


@dataclass
class _Assembly:
    header: IdentityHeader
    payload: bytearray = field(default_factory=bytearray)


class IdentityAssembler:
    """Puts images together from the messages of a reliable, ordered channel; one in flight per layer."""

    def __init__(self) -> None:
        self._assemblies: dict[int, _Assembly] = {}

    def progress(self, layer: int) -> float:
        """How much of the image in flight on `layer` has arrived, 0..1."""
        assembly = self._assemblies.get(layer)
        return len(assembly.payload) / assembly.header.byte_count if assembly else 0.0

    def add(self, message: bytes) -> Identity | None:
        """Take one message; the image, once complete. A new header replaces the layer's unfinished image.

        ValueError for a malformed message, a chunk out of order, or an image whose hash is wrong; its layer
        is dropped then.
        """
        if not message:
            raise ValueError("an empty identity message")
        if message[0] == _HEADER:
            header = IdentityHeader.parse(message)
            self._assemblies[header.layer] = _Assembly(header)
            return None
        if message[0] != _CHUNK:
            raise ValueError(f"there is no identity message of type {message[0]}")
        if len(message) <= _CHUNK_HEADER_BYTES:
            raise ValueError("an identity chunk without content")
        return self._add_chunk(message[1], int.from_bytes(message[2:4], "big"), message[4:])

    def _add_chunk(self, layer: int, offset: int, data: bytes) -> Identity | None:
        assembly = self._assemblies.get(layer)
        if assembly is None:
            raise ValueError(f"an identity chunk for layer {layer}, which has no header")
        if offset != len(assembly.payload) or offset + len(data) > assembly.header.byte_count:
            del self._assemblies[layer]
            raise ValueError("an identity chunk does not follow the one before it")
        assembly.payload += data
        if len(assembly.payload) < assembly.header.byte_count:
            return None
        del self._assemblies[layer]
        payload = bytes(assembly.payload)
        if hashlib.sha256(payload).digest() != assembly.header.sha256:
            raise ValueError("the identity image does not have the SHA-256 of its header")
        return Identity(assembly.header, payload)
