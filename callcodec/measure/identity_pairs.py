"""How far a network stays from the received frames with the right person's identity image, and with other people's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from callcodec.media.timeline import FRAMES_PER_SECOND, SLOT_S
from callcodec.wire.colour import FRACTION
from callcodec.wire.lowres import QUALITIES
from models.identity_check import animated, identity_error
from models.reconstructor import Reconstructor
from models.training.cache import ClipCache
from models.training.data import voice_window
from models.training.evaluate import IDENTITY_FRAME, Received, receive
from models.training.wire_simulation import KEY_EVERY_FRAMES
from receiver.interpolation import MotionAdaptiveInterpolator
from receiver.picture import WINDOW_FRAMES

OWN_STRETCHES, OTHER_STRETCHES = 3, 1
"""Of a clip with its own image, since false alarms are to be rare, and with each other image."""
PICTURES = (0, 12, 24)
"""Of a second, at all distances from the key pictures."""
_KEYS_BEFORE, _KEYS_AFTER = 3 * KEY_EVERY_FRAMES, 2 * KEY_EVERY_FRAMES
"""As many frames around a moment as interpolation looks at."""


@dataclass(frozen=True)
class PairSettings:
    """Which identity images a clip is tried with.

    ``relatives``: other clips of the person; ``strangers``: other people, one image each; ``neighbours``: of them from
    the same source, whose backgrounds and light are the most alike. ``qualities``: of the low-resolution codec, taken
    in turn. ``every_clips``: 1 tries all clips, 2 every second one, but images of all of them.
    """

    relatives: int
    strangers: int
    neighbours: int
    qualities: tuple[int, ...]
    every_clips: int
    seed: int


class PairErrors(NamedTuple):
    """One clip with one identity image: the median error of each stretch of a second."""

    clip: str
    image_of: str
    same_clip: bool
    same_person: bool
    stretches: tuple[float, ...]


class Moment(NamedTuple):
    """What the receiver has for one picture: five low-resolution pictures, the voice, and the error of the last."""

    window: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    mel: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    luma_error: float


def pair_errors(
    reconstructor: Reconstructor,
    cache: ClipCache,
    settings: PairSettings,
    progress: Callable[[int, int], None],
) -> list[PairErrors]:
    """Every clip of ``cache`` with its own identity image, ones from other clips of the person, and strangers'."""
    random = np.random.default_rng(settings.seed)
    results: list[PairErrors] = []
    for index in range(0, len(cache.clips), settings.every_clips):
        clip = cache.clips[index]
        images = list(_images(cache, index, settings, random))
        quality = settings.qualities[index // settings.every_clips % len(settings.qualities)]
        moments = _moments(cache, index, quality)
        progress(index, len(cache.clips))
        for image in images:
            wanted = _spread(clip.frames, OWN_STRETCHES if image == index else OTHER_STRETCHES)
            reconstructor.set_identity(cache.still(cache.clips[image].first_frame + IDENTITY_FRAME))
            stretches = tuple(
                float(np.median([_error(reconstructor, moments(start + offset)) for offset in PICTURES]))
                for start in wanted
            )
            other = cache.clips[image]
            results.append(
                PairErrors(clip.name, other.name, image == index, other.person == clip.person, stretches)
            )
    return results


@torch.inference_mode()
def _error(reconstructor: Reconstructor, moment: Moment) -> float:
    proposed = reconstructor.reconstruct(moment.window, moment.mel)
    animation = animated(reconstructor, proposed).cpu()
    return identity_error(animation, torch.from_numpy(moment.window[-1]), moment.luma_error)


def _moments(cache: ClipCache, index: int, quality: int) -> Callable[[int], Moment]:
    """What the receiver has at a frame of a clip, by the frame's number."""
    received, mel = receive(cache, index, quality), cache.mel(index)
    step = QUALITIES[quality].step / FRACTION

    def at(frame: int) -> Moment:
        interpolator = _interpolator(received, frame, step)
        pictures = [interpolator.at((frame - i) * SLOT_S) for i in reversed(range(WINDOW_FRAMES))]
        known = [picture for picture in pictures if picture is not None]
        window = np.stack([picture.picture for picture in [known[0]] * (WINDOW_FRAMES - len(known)) + known])
        return Moment(window, voice_window(mel, frame), known[-1].luma_error)

    return at


def _interpolator(received: Received, frame: int, step: float) -> MotionAdaptiveInterpolator:
    interpolator = MotionAdaptiveInterpolator(KEY_EVERY_FRAMES * SLOT_S)
    for number, picture in received.key_pictures.items():
        if -_KEYS_BEFORE <= number - frame <= _KEYS_AFTER:
            interpolator.add(number * SLOT_S, picture.astype(np.uint8), step)
    return interpolator


def _images(
    cache: ClipCache, index: int, settings: PairSettings, random: np.random.Generator
) -> Iterator[int]:
    """Clips whose identity images are tried: the clip's own, others of the same person, neighbours, then anybody."""
    clip = cache.clips[index]
    yield index
    same = [i for i, other in enumerate(cache.clips) if other.person == clip.person and i != index]
    random.shuffle(same)
    yield from same[: settings.relatives]
    of_person: dict[str, list[int]] = {}
    for i, other in enumerate(cache.clips):
        if other.person != clip.person:
            of_person.setdefault(other.person, []).append(i)
    strangers = [int(random.choice(clips)) for clips in of_person.values()]
    random.shuffle(strangers)
    near = [i for i in strangers if cache.clips[i].repository == clip.repository][: settings.neighbours]
    yield from (near + [i for i in strangers if i not in near])[: settings.strangers]


def _spread(frames: int, stretches: int) -> list[int]:
    """First frames of the stretches, spread over a clip; its first second has the identity image and is left out."""
    last = frames - 1 - PICTURES[-1]
    if last < FRAMES_PER_SECOND:
        return [last] if last >= 0 else []
    return sorted({round(start) for start in np.linspace(FRAMES_PER_SECOND, last, stretches)})
