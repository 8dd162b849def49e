"""What gavn gains, level by level and branch by branch: python -m callcodec.measure.gavn_table --data DIR.

The tables of Cao et al.: PSNR over the input by kind and level (1, 2), each branch switched off (3), and the figure
without an original on clips whose sources are too small to be originals (4).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from callcodec.measure.metrics.naturalness import naturalness_distance
from models.checkpoint import shipped_weights
from models.restoration.gavn import ALL, Branches
from models.restoration.gavn_restorer import GavnRestorer, load_gavn
from models.restoration.restorer import Hearing
from models.training.cache import ClipCache, open_cache
from models.training.restoration.degradations import Degradation
from models.training.restoration.gavn_scores import BARS, LEVELS, JudgedClip, gains, judged_clips
from models.training.restoration.i420_store import SHARP_SOURCE_PX
from models.training.restoration.judging import window_at
from models.training.restoration.mdvd_data import VoiceWindows, face_pictures

LONGEST = 24  # pictures of a clip that are degraded together
FOOTAGE = 8  # pictures of a clip of real footage
SWITCHED_OFF = {
    "everything": ALL,
    "without voice": Branches(voice=False),
    "without landmarks": Branches(landmarks=False),
    "without skip-frame alignment": Branches(skip_frames=False),
    "without neighbours": Branches(temporal=False),
    "temporal module alone": Branches(identity=False),
}


@dataclass(frozen=True)
class Row:
    """One condition, dB, over clips: each clip's mean over its pictures."""

    condition: str
    clips: int
    input_db: float  # in the face's box
    face_gain_db: float
    face_gain_spread_db: float  # standard deviation over clips
    least_face_gain_db: float
    gain_db: float  # in the whole picture
    least_gain_db: float
    upper_gain_db: float
    lower_gain_db: float


def row(restorer: GavnRestorer, condition: str, judged: Sequence[JudgedClip], times: Sequence[int]) -> Row:
    """Of the clips under that condition."""
    found = [gains(restorer, one, times) for one in judged if one.condition == condition]
    each = np.array(
        [
            [
                np.mean([g.face_before_db for g in clip]),
                np.mean([g.face_after_db - g.face_before_db for g in clip]),
                np.mean([g.after_db - g.before_db for g in clip]),
                np.mean([g.upper_db for g in clip]),
                np.mean([g.lower_db for g in clip]),
            ]
            for clip in found
        ]
    )
    before, face, whole, upper, lower = each.T
    return Row(condition, len(found), *(float(value) for value in (
        before.mean(), face.mean(), face.std(), face.min(), whole.mean(), whole.min(), upper.mean(), lower.mean()
    )))  # fmt: skip


def footage(
    restorer: GavnRestorer, validation: ClipCache, pictures: int = FOOTAGE
) -> dict[str, tuple[float, float]]:
    """Clip → naturalness distance (as it is, restored), of validation clips that are not sharp."""
    measured = {}
    small = validation.only(lambda clip: clip.source_px < SHARP_SOURCE_PX)
    for number, clip in enumerate(small.clips):
        count = min(clip.frames, pictures + restorer.before + restorer.after)
        shown = _i420(small, clip.first_frame, count)
        voice = VoiceWindows(small.mel(number), clip.has_voice and clip.lip_sync != "no")
        stream = face_pictures(shown)
        times = range(restorer.before, count - restorer.after)
        restored = []
        for time in times:
            told = voice(time)
            heard = Hearing(None if np.isnan(told).any() else told)
            restored.append(
                restorer.restore(window_at(stream, time, restorer.before, restorer.after), heard).y
            )
        before = naturalness_distance([stream[time].planes.y for time in times])
        measured[clip.name] = (before, naturalness_distance(restored))
    return measured


def _i420(cache: ClipCache, first: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    import cv2  # noqa: PLC0415 - only footage is not stored as encoders take it

    frames = [cv2.cvtColor(cache.frame(first + k), cv2.COLOR_RGB2YUV_I420) for k in range(count)]
    return np.asarray(np.stack(frames), np.uint8)


def main() -> None:
    """Print the tables, and write them where --json says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with val.tsv and val/")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec")
    parser.add_argument("--weights", type=Path, help="instead of the shipped ones")
    parser.add_argument(
        "--times", type=int, nargs="+", default=[4, 15], help="pictures of each clip, below 24"
    )
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    restorer = GavnRestorer(load_gavn(arguments.weights or shipped_weights("gavn")))
    validation = open_cache(arguments.data, "val", arguments.cache)
    levels = [_measured(restorer, validation, name, one, arguments.times) for name, one in LEVELS.items()]
    bars = list(judged_clips(validation, BARS, LONGEST))
    branches = {}
    for name, branch in SWITCHED_OFF.items():
        restorer.network.branches = branch
        branches[name] = {c: row(restorer, c, bars, arguments.times[:1]).face_gain_db for c in BARS}
        print(f"{name:30s}", {c: f"{g:+.3f}" for c, g in branches[name].items()}, flush=True)
    restorer.network.branches = ALL
    real = footage(restorer, validation)
    for clip, (before, after) in real.items():
        print(f"{clip:10s} naturalness distance {before:.2f} → {after:.2f}", flush=True)
    if arguments.json is not None:
        found = {"levels": [asdict(one) for one in levels], "branches": branches, "footage": real}
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _measured(
    restorer: GavnRestorer, validation: ClipCache, name: str, degradation: Degradation, times: Sequence[int]
) -> Row:
    found = row(restorer, name, list(judged_clips(validation, {name: degradation}, LONGEST)), times)
    print(
        f"{name:12s} face {found.input_db:.2f} dB {found.face_gain_db:+.2f} ± {found.face_gain_spread_db:.2f} "
        f"(least {found.least_face_gain_db:+.2f}), whole {found.gain_db:+.2f} (least {found.least_gain_db:+.2f}), "
        f"upper {found.upper_gain_db:+.2f} lower {found.lower_gain_db:+.2f}",
        flush=True,
    )
    return found


if __name__ == "__main__":
    main()
