"""How well landmarks are found on clips of people who did not train: places, openings, blinks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import label

from models.landmark_network import LandmarkNetwork
from models.training.cache import ClipCache
from models.training.data import voice_window
from models.training.degraded import DegradedClips
from models.training.landmark_geometry import BLINK_SHARE, eye_openings, mouth_openings

INNER_LIPS, EYES = slice(60, 68), slice(36, 48)
LONGEST_BLINK_FRAMES = 15  # 600 ms; longer is looking down
NEAR_FRAMES = 2  # how far apart a blink and its finding may be
STILL_SHARE = 0.2  # of a clip's pictures, those that move least, tell the jitter
NOISE_GAIN = 1.5  # the variance of x(t) − (x(t−1) + x(t+1)) / 2 over that of x, for independent noise


@dataclass(frozen=True)
class ClipFigures:
    """One clip. Errors are means over pictures of the mean distance, over that between the outer eye corners."""

    name: str
    error: float
    lips_error: float
    eyes_error: float
    mouth_correlation: float  # of the mouth's opening over time with the labels'; NaN where it never moves
    eye_correlation: float  # of the eye aspect ratio
    blinks: int  # the labels'
    found: int  # of those, by us
    invented: int  # by us alone
    jitter_px: float  # of still faces


@dataclass(frozen=True)
class LandmarkFigures:
    """All clips, each counting alike; blinks are counted together."""

    clips: tuple[ClipFigures, ...]

    def mean(self, figure: str) -> float:
        """Mean over the clips that have it."""
        return float(np.nanmean([getattr(clip, figure) for clip in self.clips]))

    def total(self, figure: str) -> int:
        """Sum over the clips."""
        return int(sum(getattr(clip, figure) for clip in self.clips))


def find_landmarks(
    network: LandmarkNetwork,
    cache: ClipCache,
    number: int,
    source: ClipCache | DegradedClips,
    heard: bool,
    every: int = 1,
) -> NDArray[np.float32]:
    """(n, 68, 2): what the network finds in every ``every``-th picture of a clip, with its voice or without."""
    clip, voice = cache.clips[number], cache.mel(number)
    times = range(0, clip.frames, every)
    found = []
    with torch.inference_mode():
        for start in range(0, len(times), 16):
            batch = times[start : start + 16]
            pictures = np.stack([source.frame(clip.first_frame + t) for t in batch])
            mel = None
            if heard:
                mel = torch.from_numpy(np.stack([voice_window(voice, t) for t in batch]))
            tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
            found.append(network(tensor, mel).points.numpy())
    return np.concatenate(found)


def evaluate_landmarks(
    network: LandmarkNetwork,
    cache: ClipCache,
    source: ClipCache | DegradedClips | None = None,
    heard: bool = True,
    every: int = 1,
) -> LandmarkFigures:
    """Figures on the clips of ``cache``, whose pictures may come from ``source``: the same, degraded.

    ``heard``: with the voice where it is known to go with the lips. Blinks need ``every`` = 1.
    """
    training = network.training
    network.eval()
    clips = []
    for number, clip in enumerate(cache.clips):
        listens = heard and clip.lip_sync == "yes"
        points = find_landmarks(network, cache, number, source or cache, listens, every)
        truth = np.stack([cache.landmarks(clip.first_frame + t) for t in range(0, clip.frames, every)])
        clips.append(compare(clip.name, points, truth))
    network.train(training)
    return LandmarkFigures(tuple(clips))


def compare(name: str, points: NDArray[np.float32], truth: NDArray[np.float32]) -> ClipFigures:
    """Figures of a clip from (n, 68, 2) points and labels; pictures without labels do not count."""
    known = ~np.isnan(truth).any((1, 2))
    points, truth = points[known], truth[known]
    between_eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)
    distance = np.linalg.norm(points - truth, axis=-1) / between_eyes[:, None]
    eye, eye_truth = eye_openings(points), eye_openings(truth)
    made, seen = blinks(eye_truth), blinks(eye)
    return ClipFigures(
        name=name,
        error=float(distance.mean()),
        lips_error=float(distance[:, INNER_LIPS].mean()),
        eyes_error=float(distance[:, EYES].mean()),
        mouth_correlation=_correlation(mouth_openings(points), mouth_openings(truth)),
        eye_correlation=_correlation(eye, eye_truth),
        blinks=len(made),
        found=_met(made, eye < BLINK_SHARE * np.median(eye)),
        invented=len(seen) - _met(seen, eye_truth < BLINK_SHARE * np.median(eye_truth)),
        jitter_px=jitter(points),
    )


def blinks(openings: NDArray[np.float32]) -> list[tuple[int, int]]:
    """[start, end) of each time that eyes with ``openings`` (n,) are closed for a blink."""
    runs, count = label(openings < BLINK_SHARE * np.median(openings))
    spans = [(int(at[0]), int(at[-1]) + 1) for at in (np.flatnonzero(runs == i + 1) for i in range(count))]
    return [(start, end) for start, end in spans if end - start <= LONGEST_BLINK_FRAMES]


def jitter(points: NDArray[np.float32]) -> float:
    """Noise of points (n, 68, 2) over time in pixels, a standard deviation, where the face is most still."""
    if len(points) < 5:
        return float("nan")
    second = points[1:-1] - (points[:-2] + points[2:]) / 2
    speed = np.linalg.norm(points[2:] - points[:-2], axis=-1).mean(1)
    still = speed <= np.quantile(speed, STILL_SHARE)
    return float(np.sqrt(np.square(second[still]).sum(-1).mean() / NOISE_GAIN))


def _met(spans: list[tuple[int, int]], closed: NDArray[np.bool_]) -> int:
    """How many of ``spans`` touch a picture where eyes are closed."""
    return sum(bool(closed[max(start - NEAR_FRAMES, 0) : end + NEAR_FRAMES].any()) for start, end in spans)


def _correlation(ours: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    if len(ours) < 2 or min(ours.std(), truth.std()) < 1e-6:
        return float("nan")
    return float(np.corrcoef(ours, truth)[0, 1])
