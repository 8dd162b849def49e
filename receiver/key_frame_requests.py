"""When to ask the other side for a key frame: at once, and again until it comes."""

from collections.abc import Callable

AGAIN_AFTER_S = 0.5
"""A request and the key frame that answers it are both lost on a bad link; half a second is a long round trip."""


class KeyFrameRequests:
    """``ask`` sends one request. Moments are of any one clock."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._wanted = False
        self._asked_s: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether a key frame is waited for."""
        return self._wanted

    def want(self, now_s: float) -> None:
        """What comes cannot be decoded without a new key frame."""
        self._wanted = True
        self.tick(now_s)

    def came(self) -> None:
        """A key frame is here."""
        self._wanted = False

    def tick(self, now_s: float) -> None:
        """Ask if it is time to."""
        if self._wanted and (self._asked_s is None or now_s - self._asked_s >= AGAIN_AFTER_S):
            self._asked_s = now_s
            self._ask()
