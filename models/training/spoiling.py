"""What cameras, codecs and networks do to a picture of a face, drawn at random for training."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (H, W, 3) RGB


def spoil(picture: Picture, random: np.random.Generator) -> Picture:
    """Colours always a little; then nothing, or one or two of blur, low resolution, noise and compression."""
    picture = recolour(picture, random)
    if random.random() < 0.35:
        return picture
    for change in random.permutation(4)[: int(random.integers(1, 3))]:
        picture = (blur, coarsen, grain, compress)[int(change)](picture, random)
    return picture


def recolour(picture: Picture, random: np.random.Generator) -> Picture:
    """Exposure, gamma and white balance; at times no colour at all."""
    gain = np.exp(random.normal(0, 0.18)) * np.exp(random.normal(0, 0.06, 3))
    lift = random.normal(0, 10)
    ramp = (np.arange(256) / 255.0) ** np.exp(random.normal(0, 0.22))
    table = np.clip(ramp[:, None] * gain * 255 + lift, 0, 255).round().astype(np.uint8)
    if random.random() < 0.08:
        picture = np.asarray(
            cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8
        )
    return np.asarray(cv2.LUT(picture, table[None]), np.uint8)


def blur(picture: Picture, random: np.random.Generator) -> Picture:
    """Out of focus, or moved while the shutter was open."""
    if random.random() < 0.6:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.5, 4))), np.uint8)
    length = int(random.integers(3, 16))
    kernel = np.zeros((length, length), np.float32)
    angle = random.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    middle = np.full(2, (length - 1) / 2)
    start, end = (tuple(int(v) for v in np.round(middle + s * reach)) for s in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def coarsen(picture: Picture, random: np.random.Generator) -> Picture:
    """Shown from fewer pixels: 24 to 128 on a side."""
    height, width = picture.shape[:2]
    side = int(np.exp(random.uniform(np.log(24), np.log(128))))
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    kind = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[int(random.choice(3, p=(0.45, 0.45, 0.1)))]
    return np.asarray(cv2.resize(small, (width, height), interpolation=kind), np.uint8)


def grain(picture: Picture, random: np.random.Generator) -> Picture:
    """A sensor in the dark."""
    noise = random.standard_normal(picture.shape, np.float32) * np.float32(random.uniform(2, 18))
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


def compress(picture: Picture, random: np.random.Generator) -> Picture:
    """Blocks of eight pixels with few coefficients left."""
    quality = int(np.exp(random.uniform(np.log(6), np.log(60))))
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def bend(
    picture: Picture, points: NDArray[np.float32], random: np.random.Generator
) -> tuple[Picture, NDArray[np.float32]]:
    """Smoothly warped and softened, as a network that moves an identity image leaves it; its points go with it."""
    height, width = picture.shape[:2]
    coarse = random.normal(0, random.uniform(0.5, 3.5), (6, 6, 2)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bent = cv2.remap(
        picture, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if random.random() < 0.7:
        bent = cv2.GaussianBlur(bent, (0, 0), float(random.uniform(0.5, 2)))
    moved = points.copy()
    for _ in range(3):  # a pixel shows what lay at its place plus the field there, so points move against it
        at = np.clip(moved.round().astype(int), 0, (width - 1, height - 1))
        moved = points - field[at[:, 1], at[:, 0]]
    return np.asarray(bent, np.uint8), np.asarray(moved, np.float32)


def hide(picture: Picture, random: np.random.Generator) -> Picture:
    """Something before the face: a patch of one colour or of another part of the picture."""
    height, width = picture.shape[:2]
    w, h = (int(v) for v in random.uniform(0.06, 0.3, 2) * (width, height))
    x, y = int(random.integers(0, width - w)), int(random.integers(0, height - h))
    hidden = picture.copy()
    if random.random() < 0.5:
        hidden[y : y + h, x : x + w] = random.integers(0, 256, 3)
    else:
        u, v = int(random.integers(0, width - w)), int(random.integers(0, height - h))
        hidden[y : y + h, x : x + w] = picture[v : v + h, u : u + w]
    return hidden


def scramble(picture: Picture, random: np.random.Generator) -> Picture:
    """The colours and textures of a picture without its face: shuffled blocks, or one block of a corner enlarged."""
    height, width = picture.shape[:2]
    if random.random() < 0.3:
        part = picture[: height // 5, : width // 5]
        return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    side = int(random.choice((32, 64)))
    blocks = (
        picture.reshape(height // side, side, width // side, side, 3)
        .swapaxes(1, 2)
        .reshape(-1, side, side, 3)
    )
    rows = blocks[random.permutation(len(blocks))].reshape(height // side, width // side, side, side, 3)
    return np.ascontiguousarray(rows.swapaxes(1, 2).reshape(height, width, 3))
