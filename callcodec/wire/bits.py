"""Most-significant-bit-first bit strings, of which the packet headers are made."""

from __future__ import annotations


class BitWriter:
    """Collects fields, the most significant bit of each first."""

    def __init__(self) -> None:
        self._value = 0
        self._bits = 0

    def write(self, value: int, bits: int) -> None:
        """Append `value` (0..2**bits - 1) in `bits` bits."""
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{value} does not fit into {bits} bits")
        self._value = self._value << bits | value
        self._bits += bits

    def write_trimmed(self, data: bytes) -> None:
        """Append `data` without its trailing zero bits, which the reader implies."""
        value = int.from_bytes(data, "big")
        if value:
            trailing = (value & -value).bit_length() - 1
            self.write(value >> trailing, 8 * len(data) - trailing)

    def to_bytes(self) -> bytes:
        """Everything written, filled up with zero bits to whole bytes."""
        fill = -self._bits % 8
        return (self._value << fill).to_bytes((self._bits + fill) // 8, "big")


class BitReader:
    """Reads what BitWriter wrote; reading past the end raises ValueError."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, bits: int) -> int:
        """The next `bits` bits as a number."""
        if bits > self._left:
            raise ValueError("the packet ends in the middle of its header")
        self._left -= bits
        return self._value >> self._left & (1 << bits) - 1

    def read_rest(self) -> bytes:
        """All remaining bits, filled up with zeros to bytes, without trailing zero bytes."""
        bits, self._left = self._left, 0
        fill = -bits % 8
        value = (self._value & (1 << bits) - 1) << fill
        return value.to_bytes((bits + fill) // 8, "big").rstrip(b"\0")
