"""Bit-wise reading of parameter sets and slice headers (clauses 7.2 and 9.1)."""

from callcodec.h264.errors import DamagedStream

LONGEST_EXP_GOLOMB_PREFIX = 31


class BitReader:
    """Reads a raw byte sequence payload from its first bit; reading past the end raises DamagedStream."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.position = 0
        self.end = len(payload) * 8

    def bits(self, count: int) -> int:
        """u(n): the next ``count`` bits (0 to 32), most significant first."""
        if self.position + count > self.end:
            raise DamagedStream("the header ends before its last syntax element")
        first, last = self.position >> 3, (self.position + count + 7) >> 3
        window = int.from_bytes(self._payload[first:last], "big")
        self.position += count
        return (window >> (last * 8 - self.position)) & ((1 << count) - 1)

    def flag(self) -> bool:
        """u(1)."""
        return self.bits(1) == 1

    def unsigned(self, largest: int, name: str) -> int:
        """ue(v), clause 9.1; a value above ``largest`` is damage of the element ``name``."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > LONGEST_EXP_GOLOMB_PREFIX:
                raise DamagedStream(f"{name} is longer than any Exp-Golomb code")
        value = (1 << zeros) - 1 + self.bits(zeros)
        if value > largest:
            raise DamagedStream(f"{name} is {value}, the largest allowed is {largest}")
        return value

    def signed(self, smallest: int, largest: int, name: str) -> int:
        """se(v), clause 9.1.1, within ``smallest`` to ``largest``."""
        code = self.unsigned((1 << 32) - 2, name)
        value = (code + 1) // 2 if code % 2 else -(code // 2)
        if not smallest <= value <= largest:
            raise DamagedStream(f"{name} is {value}, allowed are {smallest} to {largest}")
        return value


def stop_bit_position(payload: bytes) -> int:
    """Position of rbsp_stop_one_bit: more_rbsp_data() is true before it (clause 7.2). -1 where there is none."""
    stripped = payload.rstrip(b"\0")
    if not stripped:
        return -1
    last = stripped[-1]
    return len(stripped) * 8 - (last & -last).bit_length()
