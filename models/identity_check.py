"""Whether an identity image belongs to the face that is received, by the error before the consistency step.

A network that moves the right person's picture comes near to the low-resolution frames; with somebody else's it
cannot. What it paints is left out where the network tells the two apart: with a stranger's image it blends in the
low-resolution frame itself, which agrees with itself. Luma decides: the wire spends few bits on chroma, whose own
error drowns the difference.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from callcodec.config import from_mapping
from models.checkpoint import WeightsError, weights_folder
from models.consistency import downsample, luma
from models.reconstructor import Reconstructor

SIDE = 8
"""Pixels at which pictures are compared, whatever the rung: finer ones show what moved, not who it is."""
SPAN_S = 1.0
"""The median over so much time is what is judged."""


@dataclass(frozen=True)
class CheckFigures:
    """How well a threshold does. Shares of stretches of SPAN_S, 0..1; ``pairs`` of a clip and somebody else's image."""

    own_stretches: int
    false_alarms: float
    foreign_stretches: int
    found: float
    pairs: int
    pairs_found: float


@dataclass(frozen=True)
class IdentityThresholds:
    """Of the median of ``identity_error``: above ``alarm`` it is not that person, below ``release`` it is.

    ``weights_sha256``: of the network that they were fitted for, on the people of train; ``val``: people it never saw.
    """

    weights_sha256: str
    alarm: float
    release: float
    train: CheckFigures
    val: CheckFigures

    def __post_init__(self) -> None:
        if not 0 < self.release <= self.alarm:
            raise ValueError("release must be above 0 and at most alarm")


@runtime_checkable
class Animator(Protocol):
    """A reconstructor that also has the identity image as the last picture moved it, (3, S, S) in 0..1."""

    @property
    def moved(self) -> Tensor | None:
        """None before the first picture."""
        ...


def animated(reconstructor: Reconstructor, proposed: Tensor) -> Tensor:
    """What of its last picture is to be judged: the moved identity image, or else all of what was ``proposed``."""
    moved = reconstructor.moved if isinstance(reconstructor, Animator) else None
    return proposed if moved is None else moved


def identity_error(animation: Tensor, lowres: Tensor, luma_error: float) -> float:
    """RMS (0..1) of the luma of lowres − downsample(animation) at 8×8, beyond what the received picture errs itself.

    animation: (3, S, S) RGB in 0..1, before any correction, see ``animated``; lowres: (3, s, s), received;
    luma_error: its expected RMS error by coding and interpolation.
    """
    missing = luma(downsample(lowres, SIDE) - downsample(animation, SIDE))
    return math.sqrt(max(0.0, float(torch.mean(missing**2)) - luma_error**2))


def thresholds_path(name: str) -> Path:
    """Where the thresholds for the shipped weights of the network ``name`` lie."""
    return weights_folder() / f"{name}.identity_check.json"


def shipped_thresholds(name: str) -> IdentityThresholds | None:
    """Thresholds for the shipped weights of the network ``name``; None where there are none for exactly these weights.

    Those of other weights would raise false alarms. Raises WeightsError for a damaged file.
    """
    path, card = thresholds_path(name), weights_folder() / f"{name}.json"
    if not path.is_file() or not card.is_file():
        return None
    try:
        thresholds = from_mapping(json.loads(path.read_text(encoding="utf-8")), IdentityThresholds, str(path))
        shipped = json.loads(card.read_text(encoding="utf-8"))["sha256"]
    except (ValueError, KeyError) as error:
        raise WeightsError(f"{path} cannot be used: {error}") from error
    return thresholds if thresholds.weights_sha256 == shipped else None


def write_thresholds(thresholds: IdentityThresholds, path: Path) -> None:
    """Write them as JSON."""
    path.write_text(json.dumps(asdict(thresholds), indent=1) + "\n", encoding="utf-8")
