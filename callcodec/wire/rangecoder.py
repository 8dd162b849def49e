"""A binary range coder that wastes nothing at its end: a 32-bit range, and a flush of single bits.

The encoder's interval lives in one Python integer, so there is no carry to propagate; packets are tens of
bytes long. The stream is the number with the fewest significant bits inside the final interval, without its
trailing zero bytes. The decoder reads zeros past the end, so every byte string decodes to something.
"""

from __future__ import annotations

PROBABILITY_BITS = 16
_ONE = 1 << PROBABILITY_BITS
_RANGE_BITS = 32


class RangeEncoder:
    """Binary decisions to bytes."""

    def __init__(self) -> None:
        self._low = 0
        self._range = 1 << _RANGE_BITS
        self._shifted = 0

    def encode(self, bit: int, probability: int) -> None:
        """Code `bit`, which is 1 with `probability` / 65536 (1..65535)."""
        if not 0 < probability < _ONE:
            raise ValueError(f"{probability} is no probability of the range coder")
        ones = (self._range >> PROBABILITY_BITS) * probability
        self._range -= ones
        if bit:
            self._low += self._range
            self._range = ones
        shift = _RANGE_BITS - self._range.bit_length()
        if shift > 0:
            self._low <<= shift
            self._range <<= shift
            self._shifted += shift

    def encode_bits(self, value: int, bits: int) -> None:
        """Code a number in `bits` equally likely bits, the most significant first."""
        for i in reversed(range(bits)):
            self.encode(value >> i & 1, _ONE // 2)

    def finish(self) -> bytes:
        """The shortest byte string inside the interval."""
        high = self._low + self._range - 1
        zeros = max((self._low ^ high).bit_length() - 1, 0)
        # Clearing high below the first bit in which low differs stays inside, unless low itself is rounder.
        value = self._low if self._low & ((1 << zeros) - 1) == 0 else high >> zeros << zeros
        bits = _RANGE_BITS + self._shifted
        fill = -bits % 8
        return (value << fill).to_bytes((bits + fill) // 8, "big").rstrip(b"\0")


class RangeDecoder:
    """Bytes to binary decisions, given the probabilities that they were coded with."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._unread = 8 * len(data)
        self._range = 1 << _RANGE_BITS
        self._code = 0
        self._code = self._take(_RANGE_BITS)

    def decode(self, probability: int) -> int:
        """The next decision, which is 1 with `probability` / 65536."""
        ones = (self._range >> PROBABILITY_BITS) * probability
        self._range -= ones
        bit = int(self._code >= self._range)
        if bit:
            self._code -= self._range
            self._range = ones
        shift = _RANGE_BITS - self._range.bit_length()
        if shift > 0:
            self._range <<= shift
            self._code = self._code << shift | self._take(shift)
        return bit

    def decode_bits(self, bits: int) -> int:
        """A number of `bits` equally likely bits."""
        value = 0
        for _ in range(bits):
            value = value << 1 | self.decode(_ONE // 2)
        return value

    def _take(self, count: int) -> int:
        """The next `count` bits of the stream; zeros past its end."""
        self._unread -= count
        if self._unread >= 0:
            return self._bits >> self._unread & (1 << count) - 1
        return self._bits << -self._unread & (1 << count) - 1
