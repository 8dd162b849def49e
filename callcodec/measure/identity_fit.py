"""Fits the thresholds of the identity check, and says how well they do on people whom nothing was fitted on.

To be run again for new weights: python -m callcodec.measure.identity_fit --data DIR
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.measure.identity_pairs import PairErrors, PairSettings, pair_errors
from models.checkpoint import shipped_weights
from models.identity_check import CheckFigures, IdentityThresholds, thresholds_path, write_thresholds
from models.registry import create_reconstructor
from models.training.cache import open_cache
from models.training.prepare.cutting import sha256_of

_OWN_QUANTILE, _FOREIGN_QUANTILE = 0.999, 0.05
"""The alarm lies half way (of the logarithms) between what the right image and what others' images hardly ever give."""
_RELEASE = 0.85
"""Of the alarm, so that a face near the threshold does not flicker."""
TRAIN = PairSettings(relatives=0, strangers=2, neighbours=1, qualities=(9, 5), every_clips=2, seed=0)
VAL = PairSettings(relatives=1, strangers=100, neighbours=0, qualities=(9,), every_clips=1, seed=0)


def fit(train: Sequence[PairErrors], val: Sequence[PairErrors], weights_sha256: str) -> IdentityThresholds:
    """The thresholds by the people of ``train``, judged on those of ``val``. ValueError if ``train`` lacks either."""
    own, foreign = own_stretches(train), foreign_stretches(train)
    if not own.size or not foreign.size:
        raise ValueError("thresholds need clips of two people at least")
    likely = float(np.quantile(own, _OWN_QUANTILE))
    alarm = max(likely, math.sqrt(likely * float(np.quantile(foreign, _FOREIGN_QUANTILE))))
    return IdentityThresholds(
        weights_sha256, alarm, alarm * _RELEASE, figures(train, alarm), figures(val, alarm)
    )


def figures(pairs: Sequence[PairErrors], alarm: float) -> CheckFigures:
    """How often ``alarm`` is passed by a clip with its own identity image, and with other people's.

    A pair is found when it is in most of its stretches.
    """
    own, foreign = own_stretches(pairs), foreign_stretches(pairs)
    strangers = [pair for pair in pairs if not pair.same_person]
    found = [float(np.median(pair.stretches)) > alarm for pair in strangers]
    return CheckFigures(
        len(own),
        _share(own > alarm),
        len(foreign),
        _share(foreign > alarm),
        len(found),
        _share(np.array(found)),
    )


def own_stretches(pairs: Sequence[PairErrors]) -> NDArray[np.float64]:
    """Every stretch of a clip with its own identity image, as in a call."""
    return np.array([error for pair in pairs if pair.same_clip for error in pair.stretches])


def foreign_stretches(pairs: Sequence[PairErrors]) -> NDArray[np.float64]:
    """Every stretch of a clip with another person's identity image."""
    return np.array([error for pair in pairs if not pair.same_person for error in pair.stretches])


def _share(yes: NDArray[np.bool_]) -> float:
    return round(float(yes.mean()), 4) if yes.size else 0.0


def main(argv: Sequence[str] | None = None) -> int:
    """Fit for the shipped weights, or for a file of weights; 0 when the thresholds were written, 2 with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m callcodec.measure.identity_fit", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with train.tsv, train/, val.tsv, val/"
    )
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec")
    parser.add_argument("--network", default="compact", help="name of the reconstructor (default compact)")
    parser.add_argument("--weights", type=Path, help="a safetensors file instead of the shipped weights")
    parser.add_argument("--out", type=Path, help="file to write (default: beside the shipped weights)")
    parser.add_argument("--quick", action="store_true", help="fewer clips and images: a third of the time")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (default 1)")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    try:
        weights = arguments.weights or shipped_weights(arguments.network)
        reconstructor = create_reconstructor(arguments.network, "cpu", weights)
        measured = [
            pair_errors(reconstructor, open_cache(arguments.data, split, arguments.cache), settings, _say)
            for split, settings in _settings(arguments.quick)
        ]
        thresholds = fit(measured[0], measured[1], sha256_of(weights))
    except (ValueError, OSError) as error:
        print(f"identity_fit: {error}", file=sys.stderr)
        return 2
    out = arguments.out or thresholds_path(arguments.network)
    write_thresholds(thresholds, out)
    print(f"alarm {thresholds.alarm:.4f}, written to {out}\ntrain {thresholds.train}\nval   {thresholds.val}")
    relatives = [e for p in measured[1] if p.same_person and not p.same_clip for e in p.stretches]
    alarms = _share(np.array(relatives) > thresholds.alarm)
    print(
        f"val, an image from another clip of the person: alarms in {alarms:.1%} of {len(relatives)} stretches"
    )
    return 0


def _settings(quick: bool) -> tuple[tuple[str, PairSettings], tuple[str, PairSettings]]:
    """What is tried on either split."""
    if quick:
        return ("train", replace(TRAIN, every_clips=4)), ("val", replace(VAL, strangers=8))
    return ("train", TRAIN), ("val", VAL)


def _say(done: int, total: int) -> None:
    print(f"\r{done + 1}/{total} clips", end="" if done + 1 < total else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
