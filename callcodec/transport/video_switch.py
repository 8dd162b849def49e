"""One video line over the lines of one connection after another, as `line.Line` is one endpoint over many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial

from callcodec.transport.access_units import AccessUnit
from callcodec.transport.video_line import VideoCounts, VideoLine


class VideoSwitch:
    """Implements VideoLine. What comes on any line is taken; what is sent goes out on the newest that is open.

    A new line begins without what pictures refer to: a key frame is sent on it, and the first picture that comes on it
    says that something was lost.
    """

    def __init__(self) -> None:
        self.on_access_unit: Callable[[AccessUnit], None] | None = None
        self.on_key_frame_wanted: Callable[[], None] | None = None
        self.on_rate_limited: Callable[[float], None] | None = None
        self.on_aligned: Callable[[float], None] | None = None
        self._lines: list[VideoLine] = []
        self._sending: VideoLine | None = None
        self._receiving: VideoLine | None = None

    @property
    def counts(self) -> VideoCounts:
        """Of all lines together."""
        return VideoCounts(
            **{f.name: sum(getattr(line.counts, f.name) for line in self._lines) for f in fields(VideoCounts)}
        )

    @property
    def can_send(self) -> bool:
        """See VideoLine."""
        return any(line.can_send for line in self._lines)

    def attach(self, line: VideoLine) -> None:
        """Take `line`, of a connection that is being made, besides those that are there."""
        line.on_access_unit = partial(self._arrived, line)
        line.on_key_frame_wanted = self._key_frame_wanted
        line.on_rate_limited = self._rate_limited
        line.on_aligned = partial(self._aligned, line)
        self._lines.append(line)

    def send(self, access_unit: bytes, rtp_timestamp: int) -> None:
        """See VideoLine."""
        newest = next((line for line in reversed(self._lines) if line.can_send), None)
        if newest is None:
            return
        if self._sending is not None and newest is not self._sending:
            self._key_frame_wanted()
        self._sending = newest
        newest.send(access_unit, rtp_timestamp)

    def ask_for_key_frame(self) -> None:
        """See VideoLine."""
        if self._receiving is not None:
            self._receiving.ask_for_key_frame()

    def limit_rate(self, kbps: float) -> None:
        """See VideoLine."""
        if self._receiving is not None:
            self._receiving.limit_rate(kbps)

    def tick(self, now_s: float) -> None:
        """See VideoLine."""
        for line in self._lines:
            line.tick(now_s)

    def _arrived(self, line: VideoLine, unit: AccessUnit) -> None:
        if self._receiving is not None and line is not self._receiving:
            if self._lines.index(line) < self._lines.index(self._receiving):
                return  # the end of a connection that was replaced
            unit = replace(unit, after_loss=True)
        self._receiving = line
        if self.on_access_unit is not None:
            self.on_access_unit(unit)

    def _key_frame_wanted(self) -> None:
        if self.on_key_frame_wanted is not None:
            self.on_key_frame_wanted()

    def _aligned(self, line: VideoLine, offset_s: float) -> None:
        if line is self._receiving and self.on_aligned is not None:
            self.on_aligned(offset_s)

    def _rate_limited(self, kbps: float) -> None:
        if self.on_rate_limited is not None:
            self.on_rate_limited(kbps)
