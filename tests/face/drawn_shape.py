"""A face's shape, drawn: 68 iBUG points and two irises of a face looking straight ahead."""

import numpy as np
from numpy.typing import NDArray


def drawn_shape(
    mouth: float = 0.1, eyes: float = 0.3, at: tuple[float, float] = (128.0, 128.0)
) -> NDArray[np.float32]:
    """(70, 2) in pixels of 256, its middle at ``at``; ``mouth``, ``eyes``: openings over widths."""
    jaw = np.linspace(np.pi, 0, 17)
    points = [np.stack((70 * np.cos(jaw), -10 + 90 * np.sin(jaw)), -1)]
    for side in (-1, 1):
        x = side * np.linspace(55, 15, 5)[::side]
        points.append(np.stack((x, -48 - 4 * np.sin(np.linspace(0, np.pi, 5))), -1))
    points.append(np.stack((np.zeros(4), np.linspace(-28, 12, 4)), -1))
    points.append(np.stack((np.linspace(-12, 12, 5), np.full(5, 20.0)), -1))
    for side in (-1, 1):
        centre, half, lid = side * 33.0, 14.0, 14.0 * eyes
        x = centre + half * np.array([-1, -0.4, 0.4, 1, 0.4, -0.4])
        points.append(np.stack((x, -30 + lid * np.array([0, -1, -1, 0, 1, 1])), -1))
    gap = 25.0 * mouth
    x = 25 * np.array([-1, -0.6, -0.25, 0, 0.25, 0.6, 1, 0.6, 0.25, 0, -0.25, -0.6])
    lift = np.array([0, -1, -1, -1, -1, -1, 0, 1, 1, 1, 1, 1])
    points.append(np.stack((x, 48 + (6 + gap) * lift), -1))
    x = 25 * np.array([-0.85, -0.3, 0, 0.3, 0.85, 0.3, 0, -0.3])
    points.append(np.stack((x, 48 + gap * np.array([0, -1, -1, -1, 0, 1, 1, 1])), -1))
    points.append(np.array([[-33.0, -30.0], [33.0, -30.0]]))
    return np.asarray(np.concatenate(points) + np.array(at), np.float32)
