"""What the receiving half can be told, as configs/calls/*.yaml says it."""

from dataclasses import dataclass
from pathlib import Path

INTERPOLATIONS = ("adaptive", "network", "causal")


@dataclass(frozen=True)
class ReceiverSettings:
    """``reconstructor``: a name of models.registry. ``consistency_iterations``: corrections of every picture.

    ``frozen_after_s``: a face older than this is shown as frozen. ``lost_after_s``: no packet of any kind for so long
    means that the other side is lost. ``interpolation``: adaptive, network or causal (receiver.interpolators); causal
    needs no frame ahead, so everything is heard and seen a frame interval earlier. ``weights``: a file for the
    reconstructor instead of those that ship; `paper` has none that do.
    """

    reconstructor: str
    consistency_iterations: int
    frozen_after_s: float
    lost_after_s: float
    interpolation: str = "adaptive"
    weights: Path | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.consistency_iterations <= 4:
            raise ValueError("consistency_iterations must be 0 to 4")
        if self.frozen_after_s <= 0 or self.lost_after_s <= 0:
            raise ValueError("frozen_after_s and lost_after_s must be positive")
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"interpolation must be {', '.join(INTERPOLATIONS)}, not {self.interpolation!r}")
