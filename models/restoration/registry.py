"""Restorers by name; a new one is one entry here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from models.checkpoint import WeightsError, shipped_weights
from models.restoration.back_projection import BackProjected, shipped_intervals
from models.restoration.gavn_restorer import GavnRestorer, load_gavn
from models.restoration.mdvd_restorer import MdvdRestorer, load_mdvd
from models.restoration.mmsd_restorer import MmsdRestorer, load_mmsd
from models.restoration.restorer import PICTURE, Restorer, Unrestored

NONE, AUTO = "none", "auto"
SMALL = PICTURE // 2
"""pixels: a picture whose shorter side is below this is worth being enlarged"""

_NETWORKS: dict[str, Callable[[Path, torch.device], Restorer]] = {
    "mdvd": lambda path, device: _held(MdvdRestorer(load_mdvd(path), device)),
    "mmsd": lambda path, device: MmsdRestorer(load_mmsd(path), device),
    "gavn": lambda path, device: GavnRestorer(load_gavn(path), device),
}
# Back projection is a part of MDVD (Zhang & Wu, equations 10 to 12); whose encoder it was a receiver is not told.
ENCODER = "any"
RESTORERS = (NONE, *_NETWORKS)


def _held(restorer: Restorer) -> Restorer:
    return BackProjected(restorer, shipped_intervals()[ENCODER])


def create_restorer(name: str, device: torch.device | str = "cpu", weights: Path | None = None) -> Restorer:
    """The restorer ``name``; ``weights``: a safetensors file instead of the shipped one.

    Raises ValueError for an unknown name, WeightsError (a ValueError) for weights that are missing or do not fit.
    """
    if name == NONE:
        return Unrestored()
    if name not in _NETWORKS:
        raise ValueError(f"there is no restorer {name!r}; there are {AUTO}, {', '.join(RESTORERS)}")
    return _NETWORKS[name](weights or shipped_weights(name), torch.device(device))


def suited(codec: str, width: int, height: int) -> str:
    """The restorer for a stream: ``codec`` as FFmpeg names it, and the size of its pictures.

    Small pictures are enlarged by mmsd; H.264 says of itself what mdvd wants to know; gavn restores the rest.
    """
    if min(width, height) < SMALL:
        return "mmsd"
    return "mdvd" if codec == "h264" else "gavn"


def create_suited(
    codec: str, width: int, height: int, device: torch.device | str = "cpu"
) -> tuple[Restorer, str | None]:
    """The restorer for a stream and, where its weights cannot be used, another or none, and a sentence that says so."""
    wanted = suited(codec, width, height)
    others = [name for name in ("mdvd", "gavn") if name != wanted]
    problem = None
    for name in (wanted, *others):
        try:
            restorer = create_restorer(name, device)
        except WeightsError as error:
            problem = problem or str(error)
            continue
        return restorer, None if name == wanted else f"{problem}; {name} is used"
    return Unrestored(), f"{problem}; the decoded pictures are shown"
