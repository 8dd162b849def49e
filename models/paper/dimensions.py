"""What fixes the shapes of `paper`."""

from __future__ import annotations

from dataclasses import dataclass

CHANNEL_STEP = 8  # channels come in multiples of this, whatever the width
SCALES = (4, 8, 16, 32)  # Fig. 10
VOICE_CENTRES = ("newest", "window")


@dataclass(frozen=True)
class PaperDimensions:
    """Everything that fixes the shapes of the network; stored in the checkpoint. 143 M parameters at width 1.

    ``voice_centre``: what the middle of the voice window stands on. ``window``: the middle picture, so that voice and
    pictures cover the same time, as the paper has it. ``newest``: the last picture, the one that a receiver shows,
    with as much of the voice after it as before it. It changes no shape, but weights know only one of them.
    """

    picture: int = 256  # pixels
    low_resolution: int = 8  # pixels; 16, 32 and 64 are the paper's other scales
    window: int = 5  # T, pictures at 25 FPS; 3 and 7 are the paper's ablation (Table 8)
    mel_bins: int = 80
    mel_frames_per_picture: int = 4  # 10 ms each
    voice_centre: str = "newest"
    emotions: int = 15
    key_points: int = 10
    width: float = 1.0  # of every hidden layer, for tests on small machines

    def __post_init__(self) -> None:
        if self.picture != self.scale * self.low_resolution or self.scale not in SCALES:
            raise ValueError(
                f"{self.low_resolution} pixels cannot become {self.picture}: scales are "
                + ", ".join(f"×{scale}" for scale in SCALES)
            )
        if self.window < 1:
            raise ValueError(f"a window has at least one picture, not {self.window}")
        if self.width <= 0:
            raise ValueError(f"width must be positive, not {self.width}")
        if self.voice_centre not in VOICE_CENTRES:
            raise ValueError(f"voice_centre is one of {', '.join(VOICE_CENTRES)}, not {self.voice_centre!r}")

    @property
    def scale(self) -> int:
        """How many times larger a picture becomes."""
        return self.picture // self.low_resolution

    @property
    def mel_frames(self) -> int:
        """Length of the voice window, as long as the window of pictures: 200 ms for five."""
        return self.window * self.mel_frames_per_picture

    @property
    def mel_start(self) -> int:
        """Where the voice window begins, in mel frames from the moment of the last picture: −10 or −18 for five."""
        around_newest = -self.mel_frames // 2
        if self.voice_centre == "newest":
            return around_newest
        return around_newest - (self.window - 1) * self.mel_frames_per_picture // 2

    def channels(self, full: int) -> int:
        """A hidden layer's channels at this width, of ``full`` at width 1."""
        return max(CHANNEL_STEP, round(full * self.width / CHANNEL_STEP) * CHANNEL_STEP)
