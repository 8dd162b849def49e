"""From what the H.264 reader knows of a picture to the maps that restorers see."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.picture import CodecInformation, MacroblockType
from callcodec.h264.transform import FREQUENCY_CLASS, NORM_ADJUST
from models.restoration.restorer import CodecMaps, QuantisedBlocks

T = TypeVar("T", bound=np.generic)
INTRA_TYPES = (MacroblockType.I_4X4, MacroblockType.I_16X16, MacroblockType.I_PCM)
# In the orthonormal scale a dequantised coefficient is this many times as large: the rows of the inverse core
# transform (1, 1, 1, 1), (1, 1/2, −1/2, −1), … have these norms, and its result is divided by 64 (clause 8.5.12.2).
NORMS = np.array([2.0, np.sqrt(2.5), 2.0, np.sqrt(2.5)])
COEFFICIENT_SCALE = (np.outer(NORMS, NORMS) / 64).astype(np.float32)
STEPS = (
    NORM_ADJUST[np.arange(52) % 6][:, FREQUENCY_CLASS.reshape(4, 4)]
    * 2.0 ** (np.arange(52) // 6)[:, None, None]
).astype(np.float32) * COEFFICIENT_SCALE  # (52, 4, 4) by QP


def codec_maps(codec: CodecInformation, number: int) -> CodecMaps:
    """The maps of a picture whose cropped size is a multiple of 4, on the grid of its 4×4 blocks.

    ``number``: of the picture, Picture.number, to which reference pictures are counted. A motion vector to an older
    reference is divided by its distance, so that it points into the previous picture.
    """
    crop = codec.crop
    rows = slice(crop.top // 4, (crop.top + crop.height) // 4)
    columns = slice(crop.left // 4, (crop.left + crop.width) // 4)
    grid = (rows, columns)
    shown = (slice(crop.top, crop.top + crop.height), slice(crop.left, crop.left + crop.width))
    intra = to_blocks(np.isin(codec.macroblock_type, INTRA_TYPES))
    distance = np.maximum(number - codec.reference_picture, 1).astype(np.float32)
    motion = codec.motion.astype(np.float32) / (4.0 * distance[..., None])
    motion[intra] = 0.0
    first_column, first_row = codec.partition % 4, codec.partition // 4
    height, width = codec.partition.shape
    edges = np.stack(
        (first_column == np.arange(width)[None] % 4, first_row == np.arange(height)[:, None] % 4)
    )
    return CodecMaps(
        prediction=codec.prediction.y[shown],
        residue=codec.residue.y[shown].astype(np.int16),
        motion=motion[grid],
        intra=intra[grid],
        qp=to_blocks(codec.qp).astype(np.float32)[grid],
        edges=edges[:, rows, columns],
        coded=(codec.nonzero > 0)[grid],
        quantised=quantised_blocks(codec, rows, columns),
    )


def quantised_blocks(codec: CodecInformation, rows: slice, columns: slice) -> QuantisedBlocks:
    """Dequantised luma coefficients and steps in the orthonormal scale.

    I_PCM is exact: a step of 0. The DC coefficients of Intra_16x16 are quantised together, after a second transform:
    nothing is said of each alone.
    """
    h, w = codec.qp.shape
    luma = codec.coefficients[:, :, :16].reshape(h, w, 4, 4, 4, 4).transpose(0, 2, 1, 3, 4, 5)
    step = STEPS[codec.qp]
    step[codec.macroblock_type == MacroblockType.I_PCM] = 0.0
    step[codec.macroblock_type == MacroblockType.I_16X16, 0, 0] = np.inf
    skipped = (codec.coded_block_pattern & 15 == 0) & ~np.isin(codec.macroblock_type, INTRA_TYPES)
    return QuantisedBlocks(
        (luma.reshape(4 * h, 4 * w, 4, 4) * COEFFICIENT_SCALE)[rows, columns],
        to_blocks(step)[rows, columns],
        to_blocks(skipped)[rows, columns],
    )


def to_blocks(macroblocks: NDArray[T]) -> NDArray[T]:
    """(h, w, …) of macroblocks → (4h, 4w, …) of 4×4 blocks."""
    return np.repeat(np.repeat(macroblocks, 4, 0), 4, 1)
