"""What one end of a call sends as its picture, and how it restores what it gets as H.264."""

from dataclasses import dataclass

from callcodec.transport.video_line import MAX_KBPS, MIN_KBPS

LOWRES, H264 = "lowres", "h264"
AUTO = "auto"
RESTORERS = (AUTO, "mdvd", "mmsd", "gavn", "none")


@dataclass(frozen=True)
class VideoSettings:
    """``codec``: what this end sends, lowres or h264, the latter at ``kbps``. ``restorer``: of what the other side
    sends as H.264, one of RESTORERS.

    ``limit_kbps``: what the other side's H.264 may take at most; None: it is asked for nothing.
    """

    codec: str = LOWRES
    kbps: float = 60.0
    restorer: str = AUTO
    limit_kbps: float | None = None

    def __post_init__(self) -> None:
        if self.codec not in (LOWRES, H264):
            raise ValueError(f"video is sent as {LOWRES} or {H264}, not {self.codec!r}")
        if self.restorer not in RESTORERS:
            raise ValueError(f"there is no restorer {self.restorer!r}; there are {', '.join(RESTORERS)}")
        if not MIN_KBPS <= self.kbps <= MAX_KBPS:
            raise ValueError(f"H.264 is sent at {MIN_KBPS:g} to {MAX_KBPS:g} kbps, not {self.kbps:g}")
        if self.limit_kbps is not None and not self.limit_kbps > 0:
            raise ValueError(f"the other side's rate cannot be limited to {self.limit_kbps:g} kbps")

    @property
    def sends(self) -> bool:
        """Whether this end sends H.264."""
        return self.codec == H264
