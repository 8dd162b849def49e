"""The weights that come with the package: there, undamaged, and of the networks that this version knows."""

import json
from collections.abc import Callable

from callcodec.call.shapes import create_shape_finder
from callcodec.doctor.finding import Finding, Level
from models.checkpoint import WeightsError, shipped_weights, weights_folder
from models.registry import create_reconstructor
from models.restoration.registry import NONE, RESTORERS
from receiver.interpolators import load_interpolation

NEEDED: dict[str, Callable[[], object]] = {
    "compact": lambda: create_reconstructor("compact"),
    "landmarks": create_shape_finder,
    "interpolation": load_interpolation,
}
"""What every call loads, and how."""
REINSTALL = "install callcodec again: pip install --force-reinstall --no-deps callcodec, or from its source"


def look_at_weights() -> list[Finding]:
    """One finding for all that is well, one for each that is not."""
    findings: list[Finding] = []
    well: list[str] = []
    for name in dict.fromkeys([*NEEDED, *_described()]):
        try:
            shipped_weights(name)
            NEEDED.get(name, lambda: None)()
        except WeightsError as error:
            level = Level.FAULT if name in NEEDED else Level.LIMIT
            findings.append(Finding("weights", level, str(error), REINSTALL))
        else:
            well.append(name)
    restorers = [name for name in RESTORERS if name != NONE]
    without = [name for name in restorers if name not in _described()]
    if without:
        findings.append(
            Finding(
                "weights",
                Level.NOTE,
                f"{', '.join(without)} {'is' if len(without) == 1 else 'are'} not shipped: what H.264 of a browser "
                f"loses stays lost{'' if len(without) == len(restorers) else ' in part'}",
                "train them (callcodec train), or leave it: calls between two callcodecs need none of them",
            )
        )
    if well:
        findings.insert(0, Finding("weights", Level.OK, f"{', '.join(well)}: undamaged (SHA-256)"))
    return findings


def _described() -> list[str]:
    """The networks that have a card with a file's hash."""
    names = []
    for path in sorted(weights_folder().glob("*.json")):
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:  # shipped_weights says what is wrong with it
            continue
        if isinstance(card, dict) and "sha256" in card and "file" in card:
            names.append(path.stem)
    return names
