"""Small clips of every odd kind, made on the fly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

SHADE_STEP = 12
"""Grey levels between one picture's background and the next one's."""


@dataclass(frozen=True)
class Recipe:
    """A clip to make: picture i has the shade i × SHADE_STEP and a white upper left quarter."""

    times_ms: Sequence[int]
    width: int = 64
    height: int = 48
    codec: str = "libx264"
    rotation_deg: float = 0.0
    mirrored: bool = False
    pixel_aspect: Fraction | None = None
    options: dict[str, str] = field(default_factory=dict)
    sound: NDArray[np.int16] | None = None
    sound_starts_ms: int = 0
    sound_rate_hz: int = 44_100


def make_clip(path: Path, recipe: Recipe) -> Path:
    """Encodes it to `path`."""
    with av.open(str(path), "w", options=recipe.options) as container:
        video = container.add_stream(recipe.codec, rate=25)
        assert isinstance(video, VideoStream)
        video.width, video.height = recipe.width, recipe.height
        video.pix_fmt = "yuvj420p" if recipe.codec == "mjpeg" else "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        if recipe.codec == "libx264":
            video.options = {"crf": "8", "preset": "ultrafast"}
        if recipe.pixel_aspect is not None:
            video.codec_context.sample_aspect_ratio = recipe.pixel_aspect
        if recipe.rotation_deg or recipe.mirrored:
            video.set_display_rotation(recipe.rotation_deg, hflip=recipe.mirrored)
        sound = None if recipe.sound is None else container.add_stream("aac", rate=recipe.sound_rate_hz)
        for number, time_ms in enumerate(recipe.times_ms):
            picture = av.VideoFrame.from_ndarray(shaded(recipe, number), "rgb24")
            picture.pts, picture.time_base = time_ms, Fraction(1, 1000)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if sound is not None and recipe.sound is not None:
            _write_sound(container, sound, recipe)
    return path


def _write_sound(container: OutputContainer, stream: av.AudioStream, recipe: Recipe) -> None:
    assert recipe.sound is not None
    start = recipe.sound_starts_ms * recipe.sound_rate_hz // 1000
    stereo = np.repeat(recipe.sound, 2).reshape(1, -1)
    block = av.AudioFrame.from_ndarray(stereo, "s16", "stereo")
    block.sample_rate, block.pts, block.time_base = (
        recipe.sound_rate_hz,
        start,
        Fraction(1, recipe.sound_rate_hz),
    )
    container.mux(stream.encode(block))
    container.mux(stream.encode(None))


def shaded(recipe: Recipe, number: int) -> NDArray[np.uint8]:
    """Picture `number`."""
    rgb = np.full((recipe.height, recipe.width, 3), number * SHADE_STEP % 240, np.uint8)
    rgb[: recipe.height // 2, : recipe.width // 2] = 255
    return rgb


def number_of(rgb: NDArray[np.uint8]) -> int:
    """Which picture of the recipe this one is, by the shade in its lower right corner (no turned clips)."""
    return round(float(rgb[-8:, -8:].mean()) / SHADE_STEP)


def click(at_ms: int, length_ms: int, rate_hz: int = 44_100) -> NDArray[np.int16]:
    """Silence with a loud 10 ms burst."""
    pcm = np.zeros(length_ms * rate_hz // 1000, np.int16)
    start = at_ms * rate_hz // 1000
    burst = np.arange(rate_hz // 100)
    pcm[start : start + burst.size] = (20_000 * np.sin(burst * 0.2)).astype(np.int16)
    return pcm


def click_time_ms(pcm: NDArray[np.int16], rate_hz: int = 16_000) -> float:
    """When the burst begins."""
    return float(np.argmax(np.abs(pcm.astype(np.int32)) > 5_000)) * 1000 / rate_hz
