"""How fast each stage of a call's picture is on this machine, and how much work it takes."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from callcodec.measure.neighbours import Neighbours
from callcodec.measure.speed_stages import Stage, stages
from models.bench import seconds_a_call

EVERY_PICTURE = ("interpolation", "mel", "compact", "consistency")
TOGETHER = "receiver in all"


@dataclass(frozen=True)
class Speed:
    """One stage. ``gflop_per_frame``: torch's multiplications and additions, the identity's features already there.

    ``device``: where it was measured. Stages without a network have no parameters and count as no work.
    """

    name: str
    parameters: int
    gflop_per_frame: float
    frames_per_second: float
    device: str


@dataclass(frozen=True)
class Measured:
    """Every stage, and the share (0..1) of the machine that other processes took meanwhile; None: not known here."""

    speeds: tuple[Speed, ...]
    taken_by_others: float | None


def measure_speeds(device: str, threads: int, frames: int) -> Measured:
    """Speed of every stage over ``frames`` pictures, reconstructors on ``device``, with ``threads`` threads.

    The last row is a receiver's picture from voice and low-resolution frames to pixels: the stages one after another.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    neighbours = Neighbours()
    try:
        speeds = [_measure(stage, threads, frames) for stage in stages(device)]
    finally:
        torch.set_num_threads(before)
    used = [speed for speed in speeds if speed.name in EVERY_PICTURE]
    together = Speed(
        TOGETHER,
        sum(speed.parameters for speed in used),
        sum(speed.gflop_per_frame for speed in used),
        1 / sum(1 / speed.frames_per_second for speed in used),
        _named(device, threads),
    )
    return Measured((*speeds, together), neighbours.share())


def machine_name(device: str) -> str:
    """What the figures were measured on: the GPU's name, or the processor's."""
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _measure(stage: Stage, threads: int, frames: int) -> Speed:
    with FlopCounterMode(display=False) as counter:
        stage.call()
    network = stage.network if isinstance(stage.network, nn.Module) else None
    return Speed(
        stage.name,
        sum(p.numel() for p in network.parameters()) if network is not None else 0,
        counter.get_total_flops() / 1e9,
        1 / seconds_a_call(stage.call, frames),
        _named(stage.device, threads),
    )


def _named(device: str, threads: int) -> str:
    name = machine_name(device)
    return f"{name}, {threads} thread{'s' if threads > 1 else ''}" if device == "cpu" else name
