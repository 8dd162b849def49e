"""How fast each reconstructor is on this machine, and how much work a picture takes."""

import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from models.bench import benchmark
from models.reconstructor import CompactReconstructor
from models.registry import SHIPPED, create_reconstructor

WINDOW = np.full((5, 3, 8, 8), 0.5, np.float32)
MEL = np.zeros((80, 20), np.float32)


@dataclass(frozen=True)
class Speed:
    """One stage. ``gflop_per_frame``: multiplications and additions, the identity's features already there."""

    name: str
    parameters: int
    gflop_per_frame: float
    frames_per_second: float
    device: str


def measure_speeds(device: str, threads: int, frames: int) -> list[Speed]:
    """Median speed of every reconstructor over ``frames`` pictures with ``threads`` threads."""
    torch.set_num_threads(threads)
    named = f"{machine_name(device)}, {threads} threads" if device == "cpu" else machine_name(device)
    speeds = []
    for name in SHIPPED:
        reconstructor = create_reconstructor(name, device)
        network = reconstructor.network if isinstance(reconstructor, CompactReconstructor) else None
        reconstructor.set_identity(np.full((256, 256, 3), 128, np.uint8))
        with FlopCounterMode(display=False) as counter:
            reconstructor.reconstruct(WINDOW, MEL)
        parameters = 0 if network is None else sum(p.numel() for p in network.parameters())
        seconds = benchmark(reconstructor, frames)
        speeds.append(Speed(name, parameters, counter.get_total_flops() / 1e9, 1 / seconds, named))
    return speeds


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
