"""Under what a run's figures came about: the machine, its versions, who else used it, and how fast our stages are."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import av

from callcodec.measure.comparison.bench import BenchSettings
from callcodec.measure.comparison.report import Conditions, StageSpeed
from callcodec.measure.speed import machine_name, measure_speeds

PACKAGES = ("callcodec", "torch", "av", "numpy", "opencv-python", "bjontegaard")
SPEED_THREADS = 2


def conditions(
    command: str,
    settings: BenchSettings,
    warnings: Sequence[str],
    taken_by_others: float | None,
    speed_frames: int,
) -> Conditions:
    """``speed_frames``: pictures by which every stage's speed is measured now; 0: it is not."""
    speeds: list[StageSpeed] = []
    if speed_frames:
        measured = measure_speeds(settings.device, SPEED_THREADS, speed_frames).speeds
        speeds = [StageSpeed(speed.name, speed.frames_per_second, speed.device) for speed in measured]
    density = settings.density
    return Conditions(
        command, machine_name(settings.device), versions(), settings.detector, settings.seconds, density.judged,
        density.screened, taken_by_others, list(warnings), speeds,
    )  # fmt: skip


def versions() -> dict[str, str]:
    """Of Python, packages, and the codec library inside PyAV."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found | {"libavcodec": ".".join(map(str, av.library_versions["libavcodec"]))}
