"""Bytes of ours in the padding of an Opus packet (RFC 6716, section 3.2.5), which every Opus decoder skips.

The voice is repacked as a code 3 packet with the same compressed frames, so it decodes bit-identically; the
padding costs one byte for each 254 bytes that it holds, and the frame count one more.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_FRAME_BYTES = 1275
MAX_FRAMES = 48
MAX_PACKET_BYTES = 65535
_MAX_PACKET_MS = 120


@dataclass(frozen=True)
class _Packet:
    """An Opus packet taken apart. config: the TOC byte without its code; vbr: whether lengths are listed."""

    config: int
    frames: tuple[bytes, ...]
    vbr: bool
    padding: bytes = b""


def embed(opus: bytes, extra: bytes) -> bytes:
    """`opus` as a code 3 packet that carries `extra` in its padding. ValueError for a malformed packet.

    Padding of the packet's own is replaced. `extra` may not consist of zeros alone: that is what padding
    without a message looks like. Without `extra` the packet comes back as it was.
    """
    if not extra:
        return opus
    if not any(extra):
        raise ValueError("padding of zeros alone carries no message")
    packet = _parse(opus)
    lengths = bytearray()
    remaining = len(extra)
    while remaining > 254:
        lengths.append(255)
        remaining -= 254
    lengths.append(remaining)
    count = len(packet.frames) | 0x40 | (0x80 if packet.vbr else 0)
    sizes = b"".join(_encode_size(len(frame)) for frame in packet.frames[:-1]) if packet.vbr else b""
    whole = bytes((packet.config | 3, count)) + bytes(lengths) + sizes + b"".join(packet.frames) + extra
    if len(whole) > MAX_PACKET_BYTES:
        raise ValueError(f"an Opus packet of {len(whole)} bytes is too long")
    return whole


def extract(packet: bytes) -> tuple[bytes, bytes]:
    """(an Opus packet without padding that decodes identically, what the padding carried).

    A packet without padding comes back as it was. Padding of zeros alone carries nothing.
    ValueError for a malformed packet.
    """
    parsed = _parse(packet)
    if packet[0] & 3 != 3 or not packet[1] & 0x40:
        return packet, b""
    extra = parsed.padding if any(parsed.padding) else b""
    return _serialise_without_padding(parsed), extra


def _serialise_without_padding(packet: _Packet) -> bytes:
    """The shortest framing of the same frames."""
    frames = packet.frames
    if len(frames) == 1:
        return bytes((packet.config,)) + frames[0]
    if len(frames) == 2 and len(frames[0]) == len(frames[1]):
        return bytes((packet.config | 1,)) + frames[0] + frames[1]
    if len(frames) == 2:
        return bytes((packet.config | 2,)) + _encode_size(len(frames[0])) + frames[0] + frames[1]
    sizes = b"".join(_encode_size(len(frame)) for frame in frames[:-1]) if packet.vbr else b""
    count = len(frames) | (0x80 if packet.vbr else 0)
    return bytes((packet.config | 3, count)) + sizes + b"".join(frames)


def _parse(data: bytes) -> _Packet:
    if not data:
        raise ValueError("an empty Opus packet")
    if len(data) > MAX_PACKET_BYTES:
        raise ValueError(f"an Opus packet of {len(data)} bytes is too long")
    config, code = data[0] & 0xFC, data[0] & 3
    if code == 0:
        return _checked(_Packet(config, (data[1:],), False))
    if code == 1:
        return _checked(_Packet(config, _split_evenly(data[1:], 2), False))
    if code == 2:
        size, at = _decode_size(data, 1)
        if size > len(data) - at:
            raise ValueError("an Opus frame is longer than its packet")
        return _checked(_Packet(config, (data[at : at + size], data[at + size :]), True))
    return _checked(_parse_code_3(config, data))


def _parse_code_3(config: int, data: bytes) -> _Packet:
    if len(data) < 2:
        raise ValueError("an Opus packet ends before its frame count")
    count, vbr, padded = data[1] & 0x3F, bool(data[1] & 0x80), bool(data[1] & 0x40)
    at = 2
    padding_bytes = 0
    while padded:
        if at >= len(data):
            raise ValueError("an Opus packet ends inside its padding length")
        padded = data[at] == 255
        padding_bytes += 254 if padded else data[at]
        at += 1
    end = len(data) - padding_bytes
    if end < at:
        raise ValueError("the padding of an Opus packet is longer than the packet")
    if not 1 <= count <= MAX_FRAMES:
        raise ValueError(f"an Opus packet has 1 to {MAX_FRAMES} frames, not {count}")
    body, padding = data[:end], data[end:]
    if not vbr:
        return _Packet(config, _split_evenly(body[at:], count), False, padding)
    sizes = []
    for _ in range(count - 1):
        size, at = _decode_size(body, at)
        sizes.append(size)
    frames = []
    for size in sizes:
        frames.append(body[at : at + size])
        at += size
    if at > end:
        raise ValueError("the frames of an Opus packet are longer than the packet")
    return _Packet(config, (*frames, body[at:]), True, padding)


def _checked(packet: _Packet) -> _Packet:
    if max(map(len, packet.frames)) > MAX_FRAME_BYTES:
        raise ValueError(f"an Opus frame is longer than {MAX_FRAME_BYTES} bytes")
    if len(packet.frames) * _frame_ms(packet.config) > _MAX_PACKET_MS:
        raise ValueError(f"an Opus packet lasts longer than {_MAX_PACKET_MS} ms")
    return packet


def _frame_ms(config: int) -> float:
    """Length of one frame (RFC 6716, table 2)."""
    number = config >> 3
    if number < 12:
        return (10, 20, 40, 60)[number & 3]
    if number < 16:
        return (10, 20)[number & 1]
    return (2.5, 5, 10, 20)[number & 3]


def _split_evenly(data: bytes, count: int) -> tuple[bytes, ...]:
    size, rest = divmod(len(data), count)
    if rest:
        raise ValueError(f"{len(data)} bytes are not {count} Opus frames of one length")
    return tuple(data[i * size : (i + 1) * size] for i in range(count))


def _encode_size(size: int) -> bytes:
    """A frame length in one or two bytes (RFC 6716, section 3.2.1)."""
    if size < 252:
        return bytes((size,))
    return bytes((252 + size % 4, (size - 252 - size % 4) // 4))


def _decode_size(data: bytes, at: int) -> tuple[int, int]:
    """(frame length, where the next field begins)."""
    if at >= len(data):
        raise ValueError("an Opus packet ends before a frame length")
    if data[at] < 252:
        return data[at], at + 1
    if at + 1 >= len(data):
        raise ValueError("an Opus packet ends inside a frame length")
    return data[at] + 4 * data[at + 1], at + 2
