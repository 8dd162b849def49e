"""A clip as its receiver has it: low-resolution slots through the codec and the receiver's interpolator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.media.still import decode_still, encode_still
from callcodec.media.timeline import FRAMES_PER_SECOND, SLOT_S
from callcodec.speech.mel import MEL_SAMPLE_RATE_HZ
from callcodec.wire.colour import FRACTION
from callcodec.wire.lowres import QUALITIES
from models.training.cache import ClipCache
from models.training.data import WINDOW
from models.training.evaluate import IDENTITY_FRAME, Received, receive
from receiver.interpolation import Interpolated
from receiver.interpolators import create_interpolator

TRIED = ("adaptive", "network")
IDENTITY_BYTES = 8000  # the refined identity image of configs/calls/phone.yaml


@dataclass(frozen=True)
class Wire:
    """``frames_per_second``: a divisor of 25; ``quality``: the codec's; ``interpolation``: the receiver's."""

    frames_per_second: int
    quality: int
    interpolation: str = "adaptive"

    def __post_init__(self) -> None:
        if self.interpolation not in TRIED:
            raise ValueError(
                f"clips are judged with the interpolation {' or '.join(TRIED)}, not {self.interpolation!r}: "
                "their cache has no sound, which others hear"
            )
        if self.frames_per_second < 1 or FRAMES_PER_SECOND % self.frames_per_second:
            raise ValueError(f"{FRAMES_PER_SECOND} FPS cannot be thinned to {self.frames_per_second}")

    @property
    def every_frames(self) -> int:
        """Slots from one low-resolution picture to the next."""
        return FRAMES_PER_SECOND // self.frames_per_second

    def kbps(self, bytes_a_picture: float) -> float:
        """Rate of payloads of that mean size."""
        return bytes_a_picture * 8 * self.frames_per_second / 1000


@dataclass(frozen=True)
class Delivery:
    """What has arrived of one clip, slot by slot; ``payload_bytes``: mean of a low-resolution picture."""

    slots: tuple[Interpolated, ...]
    key_numbers: tuple[int, ...]
    payload_bytes: float

    def window(self, slot: int, length: int = WINDOW) -> NDArray[np.float32]:
        """(5, 3, 8, 8): the newest ``length`` of the five are real, the oldest of these stands for those before."""
        oldest = max(slot - length + 1, 0)
        numbers = [max(slot - WINDOW + 1 + i, oldest) for i in range(WINDOW)]
        return np.stack([self.slots[n].picture for n in numbers])


def deliver(cache: ClipCache, index: int, wire: Wire) -> Delivery:
    """Send a clip's pictures, and interpolate what arrives as the receiver does."""
    received = receive(cache, index, wire.quality, wire.every_frames)
    return interpolated(
        received, cache.clips[index].frames, wire.every_frames, luma_step(wire.quality), wire.interpolation
    )


def interpolated(
    received: Received, frames: int, every_frames: int, step: float, interpolation: str
) -> Delivery:
    """What a receiver makes of ``received``; ``step``: of the quantiser, in grey levels."""
    name = interpolation if every_frames > 1 else "adaptive"  # nothing lies between
    between = create_interpolator(name, every_frames * SLOT_S, _silence)
    waiting = sorted(received.key_pictures)
    slots: list[Interpolated] = []
    for slot in range(frames):
        # As in a call, a slot is shown when the picture after it has arrived.
        while waiting and waiting[0] < slot + every_frames:
            number = waiting.pop(0)
            between.add(number * SLOT_S, received.key_pictures[number].astype(np.uint8), step)
        shown = between.at(slot * SLOT_S)
        if shown is None:
            raise RuntimeError("the first low-resolution picture did not arrive")
        slots.append(shown)
    return Delivery(tuple(slots), tuple(sorted(received.key_pictures)), received.payload_bytes)


def identity_image(cache: ClipCache, index: int) -> NDArray[np.uint8]:
    """A picture of the first second, (256, 256, 3), as its decoder gives it on the other side."""
    picture = cache.frame(cache.clips[index].first_frame + IDENTITY_FRAME)
    still = encode_still(picture, IDENTITY_BYTES)
    return decode_still(still.format, still.data, still.width, still.height)


def _silence(first_s: float, last_s: float) -> NDArray[np.int16]:
    return np.zeros(round((last_s - first_s) * MEL_SAMPLE_RATE_HZ), np.int16)


def luma_step(quality: int) -> float:
    """Quantiser step in grey levels."""
    return QUALITIES[quality].step / FRACTION
