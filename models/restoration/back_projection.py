"""Back projection: a restored picture keeps to what the encoder said of the original (Zhang & Wu, equations 10 to 12).

The encoder transformed X − P, the original less its prediction, block by block, and sent each coefficient's interval.
So the transform of Y − P, Y restored, is clipped to these intervals. The loop filter has no part in this: P was made
from filtered pictures, X was never filtered, and Y stands for X, not for the decoded picture. What the filter smoothed
at the edges of blocks stays smooth as long as it lies inside the intervals. Undoing the filter's change first, and
adding it again, gave less in each of six comparisons (25 pictures of three validation clips at 100 kbps).

The paper's interval is half a step to either side. Encoders that weigh rate against distortion leave it: their
intervals are fitted (callcodec.measure.interval_fit) and come with the package.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.restoration.restorer import CodecMaps, FacePicture, FacePlanes, Hearing, Restorer

BLOCK = 4
TABLE = "back_projection.json"
# Rows of the inverse core transform (clause 8.5.12.2), each divided by its norm.
BASIS = np.array(
    [(1.0, 1.0, 1.0, 1.0), (1.0, 0.5, -0.5, -1.0), (1.0, -1.0, -1.0, 1.0), (0.5, -1.0, 1.0, -0.5)]
) / np.array([[2.0], [np.sqrt(2.5)], [2.0], [np.sqrt(2.5)]])


@dataclass(frozen=True)
class Interval:
    """Where the original's coefficient may lie, in quantiser steps from the decoded one.

    One that is not zero: from ``low`` (towards zero: negative) to ``high`` (away from it); zero: within ±``zero``.
    """

    low: float
    high: float
    zero: float

    def __post_init__(self) -> None:
        if self.low > self.high or self.zero < 0:
            raise ValueError(f"{self} holds nothing")


@dataclass(frozen=True)
class Intervals:
    """An encoder's: it rounds Intra otherwise than Inter, and drops what little a macroblock would have."""

    intra: Interval
    inter: Interval
    skipped: float
    """±, in inter-predicted macroblocks without a coded luma block"""

    def __post_init__(self) -> None:
        if self.skipped < 0:
            raise ValueError(f"±{self.skipped:g} holds nothing")


HALF = Interval(-0.5, 0.5, 0.5)
HALF_STEP = Intervals(HALF, HALF, 0.5)
"""Zhang & Wu, equation 10."""


def shipped_intervals() -> dict[str, Intervals]:
    """By encoder; ``any`` holds for all of them."""
    text = resources.files("models.weights").joinpath(TABLE).read_text(encoding="utf-8")
    return {name: _intervals(values) for name, values in json.loads(text)["intervals"].items()}


def write_intervals(path: Path, intervals: dict[str, Intervals], fitted_on: Sequence[str]) -> None:
    """The table as ``shipped_intervals`` reads it."""
    table = {
        "intervals": {name: asdict(one) for name, one in intervals.items()},
        "fitted_on": list(fitted_on),
    }
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _intervals(values: dict[str, Any]) -> Intervals:
    return Intervals(Interval(**values["intra"]), Interval(**values["inter"]), values["skipped"])


def transform(blocks: Tensor) -> Tensor:
    """(…, 4, 4) samples → (…, 4, 4) coefficients [vertical, horizontal] of the orthonormal basis."""
    basis = torch.from_numpy(BASIS).to(blocks)
    return basis @ blocks @ basis.T


def inverse_transform(coefficients: Tensor) -> Tensor:
    """The way back."""
    basis = torch.from_numpy(BASIS).to(coefficients)
    return basis.T @ coefficients @ basis


def to_blocks(plane: Tensor) -> Tensor:
    """(B, 4h, 4w) → (B, h, w, 4, 4)."""
    batch, height, width = plane.shape
    return plane.reshape(batch, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(2, 3)


def from_blocks(blocks: Tensor) -> Tensor:
    """The way back."""
    batch, height, width = blocks.shape[:3]
    return blocks.transpose(2, 3).reshape(batch, height * BLOCK, width * BLOCK)


class Quantised(NamedTuple):
    """QuantisedBlocks of B pictures as tensors, and which of their blocks are Intra."""

    coefficients: Tensor  # (B, h, w, 4, 4)
    step: Tensor  # (B, h, w, 4, 4), infinite where nothing is known
    skipped: Tensor  # (B, h, w) bool
    intra: Tensor  # (B, h, w) bool


class BackProjection(nn.Module):
    """Clips what a restorer adds to the prediction; gradients pass where nothing is clipped."""

    def __init__(self, intervals: Intervals) -> None:
        super().__init__()
        self.intervals = intervals

    def forward(self, luma: Tensor, prediction: Tensor, quantised: Quantised) -> Tensor:
        """Restored luma (B, 4h, 4w) in 0..255 and its prediction → luma inside the intervals, not rounded."""
        of_restored = transform(to_blocks(luma - prediction))
        low, high = self.bounds(quantised)
        clipped = of_restored.maximum(low).minimum(high)
        # What is added is the change, so that a block without one keeps its samples to the bit.
        return luma + from_blocks(inverse_transform(clipped - of_restored))

    def bounds(self, quantised: Quantised) -> tuple[Tensor, Tensor]:
        """The least and the largest value of each coefficient; minus and plus infinity where nothing is known."""
        coefficients, step = quantised.coefficients, quantised.step
        intra, skipped = (mask[..., None, None] for mask in (quantised.intra, quantised.skipped))

        def by_prediction(field: str) -> Tensor:
            both = (self.intervals.intra, self.intervals.inter)
            of_intra, of_inter = (coefficients.new_tensor(getattr(one, field)) for one in both)
            return torch.where(intra, of_intra, of_inter)

        inward, outward = -by_prediction("low"), by_prediction("high")
        around_zero = torch.where(
            skipped, coefficients.new_tensor(self.intervals.skipped), by_prediction("zero")
        )
        below = torch.where(coefficients < 0, outward, torch.where(coefficients > 0, inward, around_zero))
        above = torch.where(coefficients < 0, inward, torch.where(coefficients > 0, outward, around_zero))
        known = torch.isfinite(step)
        finite = torch.where(known, step, 0.0)
        low = torch.where(known, coefficients - below * finite, -torch.inf)
        high = torch.where(known, coefficients + above * finite, torch.inf)
        return low, high


def quantised_tensors(codec: CodecMaps) -> Quantised | None:
    """Of one picture; None where the stream's own grid is not known."""
    blocks = codec.quantised
    if blocks is None:
        return None
    return Quantised(
        *(
            torch.from_numpy(np.ascontiguousarray(array))[None]
            for array in (blocks.coefficients, blocks.step, blocks.skipped, codec.intra)
        )
    )


def back_projected(
    luma: NDArray[np.uint8], codec: CodecMaps, projection: BackProjection
) -> NDArray[np.uint8]:
    """A restored luma plane (256, 256) inside the intervals; as it is where the stream's own grid is not known."""
    quantised = quantised_tensors(codec)
    if quantised is None:
        return luma
    y, prediction = (torch.from_numpy(plane.astype(np.float32))[None] for plane in (luma, codec.prediction))
    with torch.inference_mode():
        projected = projection(y, prediction, quantised)[0].round().clamp(0, 255).numpy()
    # I_PCM sent its samples, not coefficients: they stand in the residue, over a prediction of zero.
    exact = (quantised.step[0] == 0).all(-1).all(-1).numpy()
    of_samples = np.repeat(np.repeat(exact, BLOCK, 0), BLOCK, 1)
    return np.where(of_samples, codec.residue, projected).astype(np.uint8)


class BackProjected:
    """A restorer whose pictures are projected back, where the stream's coefficients are known."""

    def __init__(self, restorer: Restorer, intervals: Intervals) -> None:
        self._restorer = restorer
        self._projection = BackProjection(intervals)
        self.name, self.side = restorer.name, restorer.side
        self.before, self.after = restorer.before, restorer.after

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        """See ``Restorer``."""
        restored = self._restorer.restore(window, hearing)
        codec = window[self.before].codec
        if codec is None:
            return restored
        return FacePlanes(back_projected(restored.y, codec, self._projection), restored.u, restored.v)
