"""Whether this machine makes 25 pictures a second, stage by stage, and whether a GPU could help."""

import shutil
from pathlib import Path

import torch

from callcodec.doctor.finding import Finding, Level
from callcodec.measure.speed import EVERY_PICTURE, TOGETHER, Measured, Speed, measure_speeds

LIVE_FPS = 25
FRAMES = 30
BUSY_SHARE = 0.1
LIVE_STAGES = (*EVERY_PICTURE, "landmarks")
SLOWEST = 3
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def look_at_speed(device: str, threads: int, frames: int = FRAMES) -> list[Finding]:
    """Measures, for some seconds."""
    return judge_speed(measure_speeds(device, threads, frames))


def judge_speed(measured: Measured) -> list[Finding]:
    """What the figures of ``callcodec bench`` mean for a call."""
    speeds = {speed.name: speed for speed in measured.speeds}
    whole = speeds[TOGETHER]
    fast_enough = whole.frames_per_second >= LIVE_FPS
    said = f"{whole.frames_per_second:.0f} pictures a second on {whole.device}; a call shows {LIVE_FPS}"
    findings = [
        Finding("speed", Level.OK, said)
        if fast_enough
        else Finding(
            "speed",
            Level.LIMIT,
            f"{said}: some are left out",
            "close other programs, plug in the charger; --device cuda on a GPU; --reconstructor bicubic costs "
            "nothing and shows no face",
        ),
        Finding("stages", Level.OK, "; ".join(_of_stage(speed) for speed in _slowest(measured))),
    ]
    taken = measured.taken_by_others
    if taken is not None and taken > BUSY_SHARE:
        findings.append(
            Finding(
                "neighbours",
                Level.NOTE,
                f"other programs took {taken:.0%} of this machine meanwhile; undisturbed it is faster",
                "end them and run callcodec doctor again",
            )
        )
    return findings


def look_at_gpu() -> Finding:
    """Whether torch can use one, or could."""
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return Finding(
            "GPU",
            Level.OK,
            f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, used by --device auto",
        )
    if NVIDIA_DRIVER.exists() or shutil.which("nvidia-smi") is not None:
        return Finding(
            "GPU",
            Level.NOTE,
            f"there seems to be one, but torch {torch.__version__} cannot use it",
            "install a torch with CUDA (https://pytorch.org/get-started/locally), or leave it: calls run on the CPU",
        )
    return Finding("GPU", Level.OK, "none; calls run on the CPU")


def _slowest(measured: Measured) -> list[Speed]:
    stages = [speed for speed in measured.speeds if speed.name in LIVE_STAGES]
    return sorted(stages, key=lambda speed: speed.frames_per_second)[:SLOWEST]


def _of_stage(speed: Speed) -> str:
    return f"{speed.name} {speed.frames_per_second:,.0f}/s"
