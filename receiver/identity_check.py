"""Whether the identity image belongs to the face that arrives; if not, nothing may be animated with it."""

from collections import deque
from statistics import median

from models.identity_check import SPAN_S, IdentityThresholds

_LEAST_ERRORS = 5
"""Fewer pictures than this within the span decide nothing."""
_COVERED = 0.9
"""Part of the span that the errors must reach over."""


class IdentityCheck:
    """Judges the running median of the error, with hysteresis. Without thresholds it never finds anything amiss."""

    def __init__(self, thresholds: IdentityThresholds | None = None) -> None:
        self._thresholds = thresholds
        self._errors: deque[tuple[float, float]] = deque()
        self._mismatch = False

    @property
    def mismatch(self) -> bool:
        """Whether the identity image is not of the face that arrives, as far as is known."""
        return self._mismatch

    def renew(self) -> None:
        """Another identity image is used from now on; the verdict stays until its errors are known."""
        self._errors.clear()

    def judge(self, media_time_s: float, error: float) -> bool:
        """Take the ``models.identity_check.identity_error`` of one picture; says whether there is a mismatch now."""
        if self._thresholds is None:
            return False
        self._errors.append((media_time_s, error))
        # A time that jumped back starts anew too: what lies ahead of now is not the last second.
        while not media_time_s - SPAN_S <= self._errors[0][0] <= media_time_s:
            self._errors.popleft()
        covered_s = media_time_s - self._errors[0][0]
        if covered_s >= _COVERED * SPAN_S and len(self._errors) >= _LEAST_ERRORS:
            usual = median(past for _, past in self._errors)
            limit = self._thresholds.release if self._mismatch else self._thresholds.alarm
            self._mismatch = usual > limit
        return self._mismatch
