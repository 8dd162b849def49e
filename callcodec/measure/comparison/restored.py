"""Conventional pictures, and what a restorer makes of them: coded, blurred or small ones, as the papers measure it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.h264.state import Planes
from callcodec.measure.codecs.catalogue import find_codec
from callcodec.measure.codecs.coding import code
from callcodec.measure.codecs.reduced import Picture, resized
from callcodec.measure.comparison.clips import Footage
from callcodec.measure.comparison.points import RestoredPoint
from callcodec.measure.comparison.result import Rates
from callcodec.media.compression import encode_i420
from callcodec.media.timeline import FRAMES_PER_SECOND, SLOT_S
from models.restoration.registry import NONE, create_restorer
from models.training.restoration.degradations import blurred, reduced
from receiver.restoration.decoder import H264Decoder
from receiver.restoration.hearing import recorded
from receiver.restoration.pictures import DecodedPicture, to_rgb
from receiver.restoration.stream import StreamRestorer

PRESET = "medium"
FULL_SIZE = 256


@dataclass(frozen=True)
class Restored:
    """A clip's pictures after the restorer: a ``Method``. ``kbps``: without the key frame."""

    name: str
    kbps: float
    made: tuple[Picture, ...]

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """(256, 256, 3) for each of ``slots``."""
        return (self.made[slot] for slot in slots)


def restored_method(footage: Footage, point: RestoredPoint, device: str = "cpu") -> tuple[Restored, Rates]:
    """The clip as ``point`` shows it, and its rate: none where nothing was coded. WeightsError without weights."""
    restorer = create_restorer(point.restorer, device)
    decoded, rates = _degraded(footage.frames, point)
    if point.restorer == NONE:
        return _shown(point, rates, [picture.planes for picture in decoded], len(footage.frames)), rates
    heard = recorded(footage.pcm) if point.hears and len(footage.pcm) else None
    stream = StreamRestorer(restorer, voice=heard, emotion=footage.file.emotion)
    given = [picture for d in decoded for picture in stream.push(d if point.knows else _unknown(d))]
    given += stream.flush()
    return _shown(point, rates, [picture.planes for picture in given], len(footage.frames)), rates


def _shown(point: RestoredPoint, rates: Rates, planes: Sequence[Planes], frames: int) -> Restored:
    if len(planes) != frames:
        raise RuntimeError(f"{point.label} gave {len(planes)} pictures for {frames}")
    made = tuple(resized(to_rgb(one), FULL_SIZE, cv2.INTER_CUBIC) for one in planes)
    return Restored(point.label, rates.kbps, made)


def _unknown(picture: DecodedPicture) -> DecodedPicture:
    """As if the stream had not been read."""
    return DecodedPicture(picture.planes, picture.time_s)


def _degraded(frames: Sequence[Picture], point: RestoredPoint) -> tuple[list[DecodedPicture], Rates]:
    small = [resized(frame, point.size, cv2.INTER_AREA) for frame in frames]
    if point.kind == "h264":
        return _h264(small, point)
    if point.kind == "av1":
        video = code(small, FRAMES_PER_SECOND, find_codec("svt-av1"), round(point.value))
        rates = Rates(video.key_bytes, video.kbps, float(FRAMES_PER_SECOND))
        return _timed(video.pictures), rates
    spoilt = (
        blurred(frame, round(point.value)) if point.kind == "blur" else reduced(frame, point.value, "bicubic")
        for frame in small
    )
    return _timed(list(spoilt)), Rates(0, 0.0, 0.0)


def _h264(frames: Sequence[Picture], point: RestoredPoint) -> tuple[list[DecodedPicture], Rates]:
    pictures = [_i420(frame) for frame in frames]
    if point.by_rate:
        packets = encode_i420(pictures, kbps=point.value, preset=PRESET)
    else:
        packets = encode_i420(pictures, crf=round(point.value), preset=PRESET)
    decoder = H264Decoder()
    decoded = [
        p for n, packet in enumerate(packets) for p in decoder.decode(packet, n * SLOT_S)
    ] + decoder.flush()
    bits = 8 * sum(len(packet) for packet in packets[1:])
    kbps = bits * FRAMES_PER_SECOND / max(len(packets) - 1, 1) / 1000
    return decoded, Rates(len(packets[0]), kbps, float(FRAMES_PER_SECOND))


def _timed(pictures: Sequence[Picture]) -> list[DecodedPicture]:
    found = []
    for number, rgb in enumerate(pictures):
        side = rgb.shape[0]
        i420 = _i420(rgb)
        halves = i420[side:].reshape(2, side // 2, side // 2)
        found.append(DecodedPicture(Planes(i420[:side], halves[0], halves[1]), number * SLOT_S))
    return found


def _i420(rgb: Picture) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), np.uint8)
