"""RTP's counters without their wrap-around: 16-bit sequence numbers, 32-bit timestamps (RFC 3550, 5.1)."""

SEQUENCE_BITS = 16
TIMESTAMP_BITS = 32


class Unwrapper:
    """Continues a counter of `bits` bits beyond its range, in whatever order its values arrive."""

    def __init__(self, bits: int) -> None:
        self._range = 1 << bits
        self._newest: int | None = None

    def unwrap(self, value: int) -> int:
        """The value congruent to `value` that is nearest to the newest one so far; the first stays as it is.

        Values from before the first may become negative.
        """
        if self._newest is None:
            self._newest = value % self._range
            return self._newest
        half = self._range // 2
        unwrapped = self._newest + (value - self._newest + half) % self._range - half
        self._newest = max(self._newest, unwrapped)
        return unwrapped
