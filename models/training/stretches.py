"""Seconds of training clips as both ends have them: coded 8×8 key pictures, the voice, what really was in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.speech.mel import MEL_BINS
from callcodec.wire.colour import FRACTION
from callcodec.wire.lowres import DEFAULT_QUALITY, QUALITIES, EncodedLowRes, encode
from models.training.cache import ClipCache
from models.training.data import LOW_RESOLUTION, MEL_FRAMES_PER_PICTURE, SILENCE
from models.training.wire_simulation import KEY_EVERY_FRAMES

Array = NDArray[np.float32]

KEYS = 5  # key pictures that a network sees
SPAN = KEYS * KEY_EVERY_FRAMES  # 25 pictures of 25 FPS: from the first key to just before the sixth
STRETCH_KEYS = 14  # coded in one go, so that most pictures are predicted from coded ones
SMALL = 64  # pixels of the reduced pictures that crops are averaged from
MAX_PAN = 3.0  # pixels of those
LEAD_IN = 40  # log-mel columns before a stretch's first picture


@dataclass(frozen=True)
class Stretch:
    """A few seconds of a clip as both sides have it, in 0..1.

    ``keys``: (K, 3, 8, 8) as decoded, 5 a second; ``exact``: (5 K, 3, 8, 8), 25 a second from the first key on;
    ``voice``: (80, 20 K + LEAD_IN) log-mel from LEAD_IN · 10 ms before the first key on; ``step``: of the quantiser, in
    grey levels.
    """

    keys: Array
    exact: Array
    voice: Array
    step: float


def area_average(low: float, high: float) -> NDArray[np.float64]:
    """(8, 64): averages of eight equal parts of [low, high) within 64 pixels; parts of a pixel count as such."""
    edges = np.linspace(low, high, LOW_RESOLUTION + 1)
    pixels = np.arange(SMALL)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.clip(covered, 0, None) * LOW_RESOLUTION / (high - low))


class StretchSource:
    """Draws augmented stretches from a cache; the reduced pictures of each clip are decoded once and kept."""

    def __init__(self, cache: ClipCache) -> None:
        self._cache = cache
        frames = np.array([clip.frames for clip in cache.clips])
        usable = frames >= SPAN
        weights = np.where(usable, np.minimum(frames, 500.0) ** 0.6, 0.0)
        self._weights = weights / weights.sum()
        self._small: dict[int, NDArray[np.uint8]] = {}

    def draw(self, random: np.random.Generator, reverse: float) -> Stretch:
        """One stretch: clip, moment, crop, colours and quality at random; ``reverse``: share that runs backwards."""
        number = int(random.choice(len(self._weights), p=self._weights))
        frames = self._clip(number)
        length = min(STRETCH_KEYS * KEY_EVERY_FRAMES, len(frames) // KEY_EVERY_FRAMES * KEY_EVERY_FRAMES)
        first = int(random.integers(0, len(frames) - length + 1))
        cut = _brightness(random)[frames[first : first + length]]
        voice = self._voice(number, first, length)
        if random.random() < reverse:
            cut, voice = cut[::-1], np.full_like(voice, SILENCE)
        if random.random() < 0.5:
            cut = cut[:, :, ::-1]
        exact = np.clip(crop(cut, random) @ _colours(random).T, 0, 255)
        quality = DEFAULT_QUALITY if random.random() < 0.6 else int(random.integers(4, 14))
        return code(exact, voice, quality, reference_distance=int(random.choice([1, 2, 2, 2, 3])))

    def _clip(self, number: int) -> NDArray[np.uint8]:
        if number not in self._small:
            clip = self._cache.clips[number]
            numbers = range(clip.first_frame, clip.first_frame + clip.frames)
            self._small[number] = np.stack([self._cache.small_frame(n) for n in numbers])
        return self._small[number]

    def _voice(self, number: int, first: int, length: int) -> Array:
        clip = self._cache.clips[number]
        mel = self._cache.mel(number) if clip.lip_sync != "no" else np.zeros((MEL_BINS, 0), np.float32)
        return voice_from(mel, first, length)


def voice_from(mel: Array, first: int, length: int) -> Array:
    """The log-mel (80, n) of a clip that belongs to ``length`` pictures from ``first`` on; silence beyond its ends."""
    begin = first * MEL_FRAMES_PER_PICTURE - LEAD_IN
    voice = np.full((MEL_BINS, length * MEL_FRAMES_PER_PICTURE + LEAD_IN), SILENCE, np.float32)
    low, high = max(begin, 0), min(begin + voice.shape[1], mel.shape[1])
    if low < high:
        voice[:, low - begin : high - begin] = mel[:, low:high]
    return voice


def code(exact: NDArray[np.float64], voice: Array, quality: int, reference_distance: int) -> Stretch:
    """Send every fifth of (5 K, 8, 8, 3) pictures in 0..255 through the low-resolution codec."""
    sent: list[EncodedLowRes] = []
    for picture in exact[::KEY_EVERY_FRAMES]:
        known = sent[-reference_distance].reconstruction if len(sent) >= reference_distance else None
        sent.append(encode(np.asarray(picture.round(), np.uint8), quality, known))
    keys = np.stack([one.reconstruction.rgb() for one in sent])
    return Stretch(_planes(keys), _planes(exact), voice, QUALITIES[quality].step / FRACTION)


def crop(frames: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """(n, 64, 64, 3) → (n, 8, 8, 3): area averages of a box; a third keep the whole picture, some boxes pan."""
    if random.random() < 0.35:
        box = area_average(0, SMALL)
        return np.asarray(np.einsum("ay,bx,nyxc->nabc", box, box, frames, optimize=True))
    side = SMALL * random.uniform(0.75, 0.97)
    corner = random.uniform(0, SMALL - side, 2)
    if random.random() < 0.7:
        down, across = (area_average(c, c + side) for c in corner)
        return np.asarray(np.einsum("ay,bx,nyxc->nabc", down, across, frames, optimize=True))
    period = random.uniform(20, 100)  # pictures of one sway of the box
    phases = 2 * np.pi * (np.arange(len(frames))[:, None] / period + random.random(2))
    path = np.clip(corner + random.uniform(0, MAX_PAN, 2) * np.sin(phases), 0, SMALL - side)
    down, across = (np.stack([area_average(c, c + side) for c in path[:, axis]]) for axis in range(2))
    return np.asarray(np.einsum("nay,nbx,nyxc->nabc", down, across, frames, optimize=True))


def _brightness(random: np.random.Generator) -> NDArray[np.float64]:
    """(256,): what becomes of each level."""
    ramp = (np.arange(256) / 255.0) ** random.uniform(0.8, 1.25)
    return np.asarray(np.clip(random.uniform(0.8, 1.2) * ramp, 0, 1) * 255)


def _colours(random: np.random.Generator) -> NDArray[np.float64]:
    """(3, 3) for RGB: white balance, saturation and a little hue.

    Drawn widely: colours of the few people in the training clips are otherwise learned by heart.
    """
    balance = np.diag(np.exp(random.normal(0, 0.08, 3)))
    grey = np.outer(np.ones(3), (0.299, 0.587, 0.114))
    saturation = grey + random.uniform(0.5, 1.4) * (np.eye(3) - grey)
    turn = random.normal(0, 0.15)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)  # Rodrigues, about the grey axis
    hue = np.eye(3) + np.sin(turn) * cross + (1 - np.cos(turn)) * cross @ cross
    return np.asarray(balance @ hue @ saturation)


def _planes(pictures: NDArray[np.floating] | NDArray[np.uint8]) -> Array:
    """(n, 8, 8, 3) in 0..255 → (n, 3, 8, 8) in 0..1."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2) / 255.0, dtype=np.float32)
