"""Quantises and codes a row of coefficients, one after the other, each in the context of those before it."""

from __future__ import annotations

from collections.abc import Sequence

from callcodec.wire.contexts import MAX_UNARY, Activity, ScaleTables, raw_bits
from callcodec.wire.rangecoder import RangeDecoder, RangeEncoder

MAX_MAGNITUDE = 1 << 15
_MAX_ESCAPE_BITS = 15


class CoefficientEncoder:
    """Chooses and codes quantised values so that error and bits together are least."""

    def __init__(
        self, tables: ScaleTables, step: int, lagrangian: int, coder: RangeEncoder | None = None
    ) -> None:
        """step: in sixteenths. lagrangian: the price of a bit in 1024ths of the squared step. coder: where others
        have written before."""
        self._coder = RangeEncoder() if coder is None else coder
        self._tables = tables
        self._activity = Activity(tables)
        self._step = step
        self._price = lagrangian * step * step

    def code(self, base: Sequence[int], values: Sequence[int]) -> list[int]:
        """Code `values` (sixteenths), whose table levels are `base`; what the decoder will make of them."""
        decoded = []
        for level_base, value in zip(base, values, strict=True):
            level = self._activity.level(level_base)
            magnitude, approximation = self.choose(level, abs(value))
            self._write(level, magnitude, value < 0)
            self._activity.observe(level_base, magnitude)
            decoded.append(-approximation if value < 0 else approximation)
        return decoded

    def finish(self) -> bytes:
        """The payload, when all is coded."""
        return self._coder.finish()

    def choose(self, level: int, value: int) -> tuple[int, int]:
        """(magnitude, what it decodes to) of least cost among zero and the two nearest."""
        nearest = (value + self._step // 2) // self._step
        if nearest == 0:
            return 0, 0
        nearest = min(nearest, MAX_MAGNITUDE)
        costs, raw = self._tables.cost[level], raw_bits(level)
        best, chosen = (value * value << 18) + self._price * costs[0], (0, 0)
        for magnitude in range(max(nearest - 1, 1), nearest + 1):
            approximation = dequantise(self._tables, level, magnitude, self._step)
            error = value - approximation
            bits = costs[min(magnitude >> raw, MAX_UNARY)] + 256 * raw
            cost = (error * error << 18) + self._price * bits
            if cost < best:
                best, chosen = cost, (magnitude, approximation)
        return chosen

    def _write(self, level: int, magnitude: int, negative: bool) -> None:
        probability, raw, coder = self._tables.probability[level], raw_bits(level), self._coder
        unary = magnitude >> raw
        for i in range(min(unary, MAX_UNARY)):
            coder.encode(1, probability[i])
        if unary < MAX_UNARY:
            coder.encode(0, probability[unary])
        else:
            rest = unary - MAX_UNARY + 1
            bits = rest.bit_length() - 1
            for _ in range(bits):
                coder.encode(1, 1 << 15)
            coder.encode(0, 1 << 15)
            coder.encode_bits(rest - (1 << bits), bits)
        coder.encode_bits(magnitude & (1 << raw) - 1, raw)
        if magnitude:
            coder.encode(int(negative), 1 << 15)


class CoefficientDecoder:
    """Reads what CoefficientEncoder wrote."""

    def __init__(self, tables: ScaleTables, step: int, coder: RangeDecoder) -> None:
        self._coder = coder
        self._tables = tables
        self._activity = Activity(tables)
        self._step = step

    def decode(self, base: Sequence[int]) -> list[int]:
        """The coefficients (sixteenths) whose table levels are `base`. ValueError for one out of bounds."""
        decoded = []
        for level_base in base:
            level = self._activity.level(level_base)
            magnitude = self._read(level)
            self._activity.observe(level_base, magnitude)
            value = dequantise(self._tables, level, magnitude, self._step)
            decoded.append(-value if magnitude and self._coder.decode(1 << 15) else value)
        return decoded

    def _read(self, level: int) -> int:
        probability, raw, coder = self._tables.probability[level], raw_bits(level), self._coder
        unary = 0
        while unary < MAX_UNARY and coder.decode(probability[unary]):
            unary += 1
        if unary == MAX_UNARY:
            bits = 0
            while coder.decode(1 << 15):
                bits += 1
                if bits > _MAX_ESCAPE_BITS:
                    raise ValueError("a coefficient of the face frame is out of all bounds")
            unary += (1 << bits) - 1 + coder.decode_bits(bits)
        magnitude = unary << raw | coder.decode_bits(raw)
        if magnitude > MAX_MAGNITUDE:
            raise ValueError("a coefficient of the face frame is out of all bounds")
        return magnitude


def dequantise(tables: ScaleTables, level: int, magnitude: int, step: int) -> int:
    """The centre of mass of a magnitude's interval, below its middle, as small values are likelier."""
    if not magnitude:
        return 0
    return magnitude * step - (step * tables.bias[level][min(magnitude, 3) - 1] + 128 >> 8)
