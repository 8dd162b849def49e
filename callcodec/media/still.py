"""One picture in as few bytes as possible: the identity image, and how it is decoded when a stranger sent it.

AV1 with ten bits, as one key frame without a container, is best at every size that a call uses; measured on
nine faces of 256×256 (PSNR in dB over RGB, mean; the time is that of one encoding on one core):

| bytes | AV1 10 bit | AV1 8 bit | AVIF (libaom, speed 6) | WebP | JPEG |
|---|---|---|---|---|---|
| 2,500 | 38.1 | 37.8 | 36.9 | 35.6 | 30.9 |
| 8,000 | 43.4 | 42.4 | 42.3 | 41.7 | 39.9 |
| time | 35 ms | 33 ms | 36 ms | 5 ms | 1 ms |

An AVIF file is the same AV1 in 280 bytes of boxes, and its demuxer would be one more thing to trust, so AVIF
is neither written nor read. WebP and JPEG serve where the AV1 encoder is not built into FFmpeg.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

import av
import av.error
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from callcodec.media.scheduling import kept_scheduling

MAX_STILL_BYTES = 64 * 1024
MAX_STILL_SIDE_PX = 1024

_MIN_SIDE_PX = 16
_BLOCK_PX = 64
_PRESET = 4
"""SVT-AV1's speed: 0.2 dB below preset 2, at a third of its time."""
# Swscale's fast paths round everything down by a level, and differ from machine to machine.
_EXACT = int(
    Interpolation.BICUBIC
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
)


class StillFormat(IntEnum):
    """How a still is compressed, numbered as on the wire. AV1: one temporal unit of low-overhead OBUs."""

    AV1 = 1
    WEBP = 3
    JPEG = 4


_DECODERS = {StillFormat.AV1: "libdav1d", StillFormat.WEBP: "webp", StillFormat.JPEG: "mjpeg"}


@dataclass(frozen=True)
class Still:
    """A compressed picture; `psnr_db` is what its decoder gives, at the size of the original, over RGB."""

    format: StillFormat
    data: bytes
    width: int
    height: int
    psnr_db: float


def encode_still(rgb: NDArray[np.uint8], max_bytes: int) -> Still:
    """The still of at most `max_bytes` that looks most like `rgb` once decoded; about 0.25 s at 256×256.

    A picture is made smaller only where no format can hold it at full size: even at 1,200 bytes, 3/4
    of the side cost 0.4 dB.

    Args:
        rgb: uint8 (H, W, 3), sides of 16 to 1024 pixels.

    Raises:
        ValueError: a picture out of these bounds, or a budget too small for any picture.
    """
    height, width = rgb.shape[:2]
    if rgb.dtype != np.uint8 or rgb.shape != (height, width, 3):
        raise ValueError(f"a still is made of uint8 (H, W, 3), not of {rgb.dtype} {rgb.shape}")
    if not (_MIN_SIDE_PX <= width <= MAX_STILL_SIDE_PX and _MIN_SIDE_PX <= height <= MAX_STILL_SIDE_PX):
        raise ValueError(
            f"a still has sides of {_MIN_SIDE_PX} to {MAX_STILL_SIDE_PX} pixels, not {width}x{height}"
        )
    divisor = 1
    while min(width, height) // divisor >= _MIN_SIDE_PX:
        # AV1's 4:2:0 wants even sides.
        size = (width // divisor & ~1, height // divisor & ~1)
        smaller = rgb if size == (width, height) else _resized(rgb, size)
        stills = [
            _measured(image_format, data, smaller.shape[1], smaller.shape[0], rgb)
            for image_format, encode, qualities in _ENCODERS
            if (data := _largest_within(encode, smaller, qualities, max_bytes)) is not None
        ]
        if stills:
            return max(stills, key=lambda still: still.psnr_db)
        divisor *= 2
    raise ValueError(f"no still of {width}x{height} pixels fits into {max_bytes} bytes")


def decode_still(image_format: int, data: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """uint8 (height, width, 3) from untrusted bytes.

    The decoder is told to give up as soon as a header announces more pixels than were declared, so that a
    small file cannot claim much memory.

    Raises:
        ValueError: an unknown format, sizes out of bounds, broken data, or another size than declared.
    """
    try:
        known_format = StillFormat(image_format)
    except ValueError:
        raise ValueError(f"image format {int(image_format)} is not one that is decoded here") from None
    if not (1 <= width <= MAX_STILL_SIDE_PX and 1 <= height <= MAX_STILL_SIDE_PX):
        raise ValueError(
            f"a still of {width}x{height} pixels is declared; {MAX_STILL_SIDE_PX} a side are allowed"
        )
    if not 1 <= len(data) <= MAX_STILL_BYTES:
        raise ValueError(f"a still has 1 to {MAX_STILL_BYTES} bytes, not {len(data)}")
    try:
        context = av.CodecContext.create(_DECODERS[known_format], "r")
        if not isinstance(context, VideoCodecContext):
            raise ValueError(f"{known_format.name} has no decoder for pictures")
        context.thread_count = 1
        # Decoders count whole blocks, so the bound is rounded up; the exact size is checked below.
        context.options = {"max_pixels": str((width + _BLOCK_PX) * (height + _BLOCK_PX))}
        pictures = context.decode(av.Packet(data)) or context.decode(None)
    except (av.error.FFmpegError, EOFError) as error:
        raise ValueError(
            f"the {known_format.name} still is damaged or larger than the {width}x{height} that it declares"
        ) from error
    if not pictures or (pictures[0].width, pictures[0].height) != (width, height):
        raise ValueError(
            f"the {known_format.name} still does not hold the {width}x{height} pixels that it declares"
        )
    rgb = pictures[0].reformat(format="rgb24", interpolation=_EXACT, threads=1)
    return np.asarray(rgb.to_ndarray(), np.uint8)


def _encode_av1(rgb: NDArray[np.uint8], quality: int) -> bytes | None:
    """One key frame of full-range BT.601 with ten bits, 4:2:0; `quality` 0..62. None without the encoder."""
    # The library writes its settings to stderr otherwise; it looks here each time, before any log callback.
    os.environ.setdefault("SVT_LOG", "1")
    try:
        context = av.CodecContext.create("libsvtav1", "w")
    except av.error.FFmpegError:
        return None
    context.width, context.height, context.pix_fmt = rgb.shape[1], rgb.shape[0], "yuv420p10le"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.color_range, context.colorspace = 2, 6
    context.options = {"crf": str(63 - quality), "preset": str(_PRESET), "svtav1-params": "avif=1:lp=1"}
    picture = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(
        format="yuv420p10le",
        dst_colorspace="ITU601",
        dst_color_range="JPEG",
        interpolation=_EXACT,
        threads=1,
    )
    picture.pts = 0
    with kept_scheduling():
        context.open()
    return b"".join(bytes(packet) for packet in [*context.encode(picture), *context.encode(None)])


def _encode_webp(rgb: NDArray[np.uint8], quality: int) -> bytes | None:
    return _encode_file(".webp", rgb, [cv2.IMWRITE_WEBP_QUALITY, quality])


def _encode_jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes | None:
    return _encode_file(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])


def _encode_file(extension: str, rgb: NDArray[np.uint8], parameters: list[int]) -> bytes | None:
    try:
        done, data = cv2.imencode(extension, np.ascontiguousarray(rgb[..., ::-1]), parameters)
    except cv2.error:
        return None
    return data.tobytes() if done else None


_Encoder = Callable[[NDArray[np.uint8], int], bytes | None]
_ENCODERS: tuple[tuple[StillFormat, _Encoder, range], ...] = (
    (StillFormat.AV1, _encode_av1, range(63)),
    (StillFormat.WEBP, _encode_webp, range(1, 101)),
    (StillFormat.JPEG, _encode_jpeg, range(1, 101)),
)


def _largest_within(
    encode: _Encoder, rgb: NDArray[np.uint8], qualities: range, max_bytes: int
) -> bytes | None:
    """The data at the highest quality that stays within `max_bytes`, by bisection; None where none does."""
    best: bytes | None = None
    low, high = qualities.start, qualities.stop - 1
    while low <= high:
        middle = (low + high) // 2
        data = encode(rgb, middle)
        if data is None:
            return None
        if len(data) <= max_bytes:
            best, low = data, middle + 1
        else:
            high = middle - 1
    return best


def _measured(
    image_format: StillFormat, data: bytes, width: int, height: int, rgb: NDArray[np.uint8]
) -> Still:
    shown = decode_still(image_format, data, width, height)
    if shown.shape != rgb.shape:
        shown = _resized(shown, (rgb.shape[1], rgb.shape[0]))
    return Still(image_format, data, width, height, float(cv2.PSNR(rgb, shown)))


def _resized(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """To (width, height), by area where it shrinks."""
    shrinks = size[0] <= rgb.shape[1]
    resized = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(resized, np.uint8)
