"""The stages of a call's picture, each ready to be run again and again on made-up input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.speech.mel import mel_window
from callcodec.wire.lowres import DEFAULT_QUALITY, decode, encode
from models.checkpoint import WeightsError
from models.consistency import consistency_error, correct
from models.landmarks import create_landmark_detector
from models.paper.dimensions import PaperDimensions
from models.paper.network import Paper
from models.paper.reconstructor import PaperReconstructor
from models.reconstructor import Reconstructor
from models.registry import SHIPPED, create_reconstructor
from receiver.interpolation import MotionAdaptiveInterpolator
from receiver.picture import VOICE_SPAN_S, to_pixels

KEY_INTERVAL_S = 0.2
SAMPLE_RATE_HZ = 16_000


@dataclass(frozen=True)
class Stage:
    """``call`` does it once; ``device``: torch's name of where; ``network``: the torch module at work, or None."""

    name: str
    call: Callable[[], object]
    device: str = "cpu"
    network: object = None


@dataclass(frozen=True)
class _Input:
    """small: (6, 8, 8, 3) and face: (256, 256, 3), uint8; voice: int16, 0.3 s at 16 kHz."""

    small: NDArray[np.uint8]
    face: NDArray[np.uint8]
    voice: NDArray[np.int16]


def stages(device: str) -> Iterator[Stage]:
    """All of them; the reconstructors, and what follows them, on ``device``."""
    random = np.random.default_rng(0)
    given = _Input(
        random.integers(0, 256, (6, 8, 8, 3)).astype(np.uint8),
        random.integers(0, 256, (256, 256, 3)).astype(np.uint8),
        random.integers(-3000, 3000, round(2 * VOICE_SPAN_S * SAMPLE_RATE_HZ)).astype(np.int16),
    )
    yield from _codec(given)
    yield from _before_the_network(given)
    for name in SHIPPED:
        yield from _reconstructor(create_reconstructor(name, device), given, device)
    if device != "cpu":  # `paper` is nothing for a CPU; its speed does not depend on its weights
        untrained = PaperReconstructor(Paper(PaperDimensions()), torch.device(device))
        yield from _reconstructor(untrained, given, device)
    yield _consistency(given, device)


def _codec(given: _Input) -> Iterator[Stage]:
    reference = encode(given.small[0], DEFAULT_QUALITY, None).reconstruction
    sent = encode(given.small[1], DEFAULT_QUALITY, reference).payload
    yield Stage("low-resolution encoding", lambda: encode(given.small[1], DEFAULT_QUALITY, reference))
    yield Stage("low-resolution decoding", lambda: decode(sent, 8, DEFAULT_QUALITY, reference))


def _before_the_network(given: _Input) -> Iterator[Stage]:
    between = MotionAdaptiveInterpolator(KEY_INTERVAL_S)
    for number, picture in enumerate(given.small):
        between.add(number * KEY_INTERVAL_S, picture, 4.0)
    yield Stage("interpolation", lambda: between.at(4.5 * KEY_INTERVAL_S))
    yield Stage("mel", lambda: mel_window(given.voice, VOICE_SPAN_S))
    try:
        detector = create_landmark_detector("callcodec")
    except WeightsError:
        return  # an installation without these weights has no such stage
    yield Stage("landmarks", lambda: detector.detect(given.face), network=getattr(detector, "network", None))


def _reconstructor(reconstructor: Reconstructor, given: _Input, device: str) -> Iterator[Stage]:
    name = reconstructor.name
    network = getattr(reconstructor, "network", None)
    if network is not None:
        yield Stage(f"{name}: identity", lambda: reconstructor.set_identity(given.face), device, network)
    reconstructor.set_identity(given.face)
    window = np.ascontiguousarray(given.small[:5].transpose(0, 3, 1, 2) / 255, np.float32)
    mel = mel_window(given.voice, VOICE_SPAN_S)
    yield Stage(name, partial(_picture, reconstructor, window, mel), device, network)


def _picture(reconstructor: Reconstructor, window: NDArray[np.float32], mel: NDArray[np.float32]) -> float:
    return float(reconstructor.reconstruct(window, mel)[0, 0, 0])  # a value, so that a GPU has finished


def _consistency(given: _Input, device: str) -> Stage:
    proposed = torch.from_numpy(given.face).permute(2, 0, 1).contiguous().to(device) / 255
    lowres = torch.from_numpy(given.small[0]).permute(2, 0, 1).contiguous().to(device) / 255

    def call() -> NDArray[np.uint8]:
        with torch.inference_mode():
            consistency_error(proposed, lowres)
            corrected = correct(proposed, lowres, 0.7, 1, 0.3)
            return to_pixels(corrected.permute(1, 2, 0).cpu().numpy())

    return Stage("consistency", call, device)
