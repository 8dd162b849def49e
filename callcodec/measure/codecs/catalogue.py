"""Which conventional codecs there are, how a call would set them, and what they can do when nobody waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NEVER = 9999  # pictures from one key frame to the next: a call sends one


class Mode(Enum):
    """How a codec is used: by a call, which waits for nothing, or with the whole clip at hand."""

    CALL = "low delay"
    OFFLINE = "offline best"


@dataclass(frozen=True)
class Codec:
    """A codec as FFmpeg has it.

    ``call``, ``offline``: options of the encoder; ``rates``: constant rate factors, the lowest rate first, none of
    which is beyond what the encoder takes; ``smallest``: least side in pixels.
    """

    name: str
    title: str
    encoder: str
    decoder: str
    call: tuple[tuple[str, str], ...]
    offline: tuple[tuple[str, str], ...]
    rates: tuple[int, ...]
    highest_crf: int
    smallest: int = 16

    def options(self, mode: Mode, crf: int) -> dict[str, str]:
        """What the encoder is told. ValueError for a rate factor that it does not know."""
        if not 0 <= crf <= self.highest_crf:
            raise ValueError(f"{self.title} takes rate factors 0 to {self.highest_crf}, not {crf}")
        return dict(self.call if mode is Mode.CALL else self.offline) | {"crf": str(crf)}


_X265_QUIET = "log-level=none:info=0:pools=none:frame-threads=1"

CODECS = {
    codec.name: codec
    for codec in (
        Codec(
            "x264", "H.264 (x264)", "libx264", "h264",
            (("preset", "medium"), ("profile", "baseline"), ("tune", "zerolatency")),
            (("preset", "veryslow"),),
            (51, 46, 41, 36, 30, 23), 51,
        ),
        Codec(
            "x265", "H.265 (x265)", "libx265", "hevc",
            (("preset", "medium"), ("tune", "zerolatency"), ("x265-params", f"{_X265_QUIET}:keyint=-1")),
            (("preset", "slow"), ("x265-params", f"{_X265_QUIET}:keyint=-1")),
            (51, 46, 41, 36, 31, 26), 51,
        ),
        Codec(
            "vp9", "VP9 (libvpx)", "libvpx-vp9", "libvpx-vp9",
            (("deadline", "realtime"), ("cpu-used", "5"), ("lag-in-frames", "0"), ("b", "0")),
            (("deadline", "good"), ("cpu-used", "1"), ("lag-in-frames", "25"), ("b", "0")),
            (63, 56, 49, 42, 35, 28), 63,
        ),
        Codec(
            "svt-av1", "AV1 (SVT-AV1)", "libsvtav1", "libdav1d",
            (("preset", "8"), ("svtav1-params", "pred-struct=1:lookahead=0:keyint=-1:lp=1")),
            (("preset", "4"), ("svtav1-params", "keyint=-1:lp=1")),
            (63, 58, 52, 46, 40, 34), 63, 64,
        ),
    )
}  # fmt: skip


def find_codec(name: str) -> Codec:
    """The codec of that name. ValueError, naming all, for another."""
    if name not in CODECS:
        raise ValueError(f"there is no codec {name!r} here; there are {', '.join(CODECS)}")
    return CODECS[name]
