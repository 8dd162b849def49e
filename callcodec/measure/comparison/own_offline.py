"""8×8 pictures without a call: raw, as the paper counts its bits, or coded at 25 a second, which no rung carries."""

from __future__ import annotations

import numpy as np

from callcodec.measure.comparison.clips import Footage, FootageCache
from callcodec.measure.comparison.points import OfflinePoint
from callcodec.measure.comparison.result import Rates
from callcodec.measure.upsampler.delivery import (
    IDENTITY_BYTES,
    Delivery,
    identity_image,
    interpolated,
    luma_step,
)
from callcodec.measure.upsampler.methods import Bicubic, Material, Method, Reconstructed, Switches
from callcodec.media.timeline import FRAMES_PER_SECOND
from callcodec.wire.lowres import QUALITIES
from models.reconstructor import Reconstructor
from models.training.evaluate import Received, receive
from sender.face import area_average

INTERPOLATION = "network"
SIDE = 8
RAW_BYTES = SIDE * SIDE * 3  # 1,536 bits a picture (Hegde et al., section 4.2)


def offline_method(
    footage: Footage, point: OfflinePoint, reconstructor: Reconstructor
) -> tuple[Method, Rates]:
    """The clip as ``point`` shows it, and its rate; the identity image of at most 8,000 bytes is left out of that."""
    every = round(FRAMES_PER_SECOND / point.frames_per_second)
    cache = FootageCache(footage)
    delivery = _delivery(cache, footage, point.quality, every)
    kbps = delivery.payload_bytes * 8 * point.frames_per_second / 1000
    rates = Rates(IDENTITY_BYTES, kbps, point.frames_per_second)
    if point.reconstructor == "bicubic":
        return Bicubic(kbps, delivery, point.label), rates
    material = Material(delivery, cache.mel(0), identity_image(cache, 0))
    return Reconstructed(point.label, kbps, reconstructor, material, Switches()), rates


def _delivery(cache: FootageCache, footage: Footage, quality: int | None, every: int) -> Delivery:
    frames = len(footage.frames)
    if quality is not None:
        return interpolated(
            receive(cache, 0, quality, every), frames, every, luma_step(quality), INTERPOLATION
        )
    numbers = sorted({*range(0, frames, every), frames - 1})
    exact = {n: area_average(footage.frames[n], SIDE).astype(np.float64) for n in numbers}
    finest = luma_step(len(QUALITIES) - 1)  # exact pictures still move between two of them
    return interpolated(Received(exact, RAW_BYTES), frames, every, finest, INTERPOLATION)
