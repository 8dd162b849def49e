"""What the hints codec costs and keeps, on shapes of recorded faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.face.expression import openings
from callcodec.wire.face_packet import MAX_HINTS_BYTES, RUNGS, Rung
from models.training.hint_delivery import simulate_hints

IDENTITY_SLOT = 10


@dataclass(frozen=True)
class HintScores:
    """Means over clips; errors are distances in pixels of 256, correlations are over time, every 40 ms."""

    max_bytes: int
    first_step: int
    bytes_per_packet: float
    full_packets: float  # share of packets that used the whole budget
    mouth_correlation: float
    worst_mouth_correlation: float
    eye_correlation: float
    worst_eye_correlation: float
    point_error: float
    lip_error: float
    lid_error: float


def measure_hints(
    clips: Sequence[NDArray[np.float32]],
    budgets: Sequence[int] = (2, 3, 4, 5, 6),
    first_steps: Sequence[int] = (0, 1, 2),
) -> list[dict[str, float]]:
    """Scores at 5 frames a second for byte budgets and first steps."""
    points = [(6, step) for step in first_steps] + [(size, 0) for size in budgets if size != MAX_HINTS_BYTES]
    return [asdict(score(clips, RUNGS[0], *point)) for point in points]


def score(clips: Sequence[NDArray[np.float32]], rung: Rung, max_bytes: int, first_step: int) -> HintScores:
    """Scores of clips in which a face is found throughout, their shape at slot 10 being the identity's."""
    sizes: list[int] = []
    rows = []
    for shapes in clips:
        if not np.isfinite(shapes).all() or len(shapes) <= IDENTITY_SLOT:
            continue
        delivered = simulate_hints(shapes, shapes[IDENTITY_SLOT], rung, max_bytes, first_step=first_step)
        sizes += delivered.packet_bytes
        known = np.isfinite(delivered.shapes).all((1, 2))
        told, true = delivered.shapes[known], shapes[known]
        error = np.linalg.norm(told - true, axis=-1)
        correlations = [correlation(a, b) for a, b in zip(openings(told), openings(true), strict=True)]
        rows.append([*correlations, error.mean(), error[:, 48:68].mean(), error[:, 36:48].mean()])
    table = np.array(rows)
    means, worst = table.mean(0), table.min(0)
    return HintScores(
        max_bytes, first_step, float(np.mean(sizes)), float(np.mean(np.array(sizes) == max_bytes)),
        means[0], worst[0], means[1], worst[1], means[2], means[3], means[4],
    )  # fmt: skip


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Pearson's, 0 where either does not move."""
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / norm) if norm else 0.0
