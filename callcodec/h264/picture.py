"""What the reader gives for each picture."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.parameter_sets import Crop
from callcodec.h264.state import Planes


class MacroblockType(IntEnum):
    """Values of CodecInformation.macroblock_type."""

    I_4X4 = 0
    I_16X16 = 1
    I_PCM = 2
    P_16X16 = 3
    P_16X8 = 4
    P_8X16 = 5
    P_8X8 = 6
    P_SKIP = 7


@dataclass(frozen=True)
class BitCounts:
    """Bits of a picture by group of syntax elements; without NAL headers, trailing and emulation prevention bits."""

    slice_header: int
    macroblock_type: int
    prediction: int
    motion: int
    coded_block_pattern: int
    qp: int
    luma: int
    chroma: int
    pcm: int


@dataclass(frozen=True)
class CodecInformation:
    """All that the bits of an undamaged picture say. The picture has h × w macroblocks and is not cropped here.

    Planes are luma (16h, 16w) and chroma (8h, 8w). clip(prediction + residue, 0, 255) is before_deblocking.
    """

    before_deblocking: Planes
    prediction: Planes
    residue: Planes
    """int16; the samples of I_PCM macroblocks stand here, over a prediction of zero"""
    motion: NDArray[np.int16]
    """(4h, 4w, 2): x and y in quarter samples, of each 4×4 block; zero in Intra"""
    reference_index: NDArray[np.int8]
    """(4h, 4w): index into the slice's reference list, -1 in Intra"""
    reference_picture: NDArray[np.int32]
    """(4h, 4w): Picture.number of the picture referred to, -1 in Intra"""
    macroblock_type: NDArray[np.uint8]
    """(h, w): MacroblockType"""
    partition: NDArray[np.uint8]
    """(4h, 4w): raster index 0 to 15, in its macroblock, of the block at the upper left of the partition"""
    coded_block_pattern: NDArray[np.uint8]
    """(h, w): bits 0 to 3 luma 8×8 blocks, value of bits 4 and 5 chroma none, DC, DC and AC (clause 7.4.5)"""
    nonzero: NDArray[np.uint8]
    """(4h, 4w): number of nonzero coefficients of each luma block, 16 in I_PCM; without Intra_16x16 DC"""
    nonzero_chroma: NDArray[np.uint8]
    """(2, 2h, 2w): the same of Cb and Cr, AC only"""
    qp: NDArray[np.uint8]
    """(h, w): QP_Y, 0 in I_PCM"""
    coefficients: NDArray[np.int32]
    """(h, w, 24, 4, 4): dequantised, DC included; 16 luma blocks in raster order, 4 Cb, 4 Cr; [vertical, horizontal]"""
    levels: NDArray[np.int16]
    """(h, w, 27, 4, 4): as parsed; blocks as above, then Intra_16x16 DC, Cb DC, Cr DC (first four, raster order)"""
    bits: BitCounts
    crop: Crop


@dataclass(frozen=True)
class Picture:
    """One picture, in decoding order. ``damage`` says in a sentence why ``codec`` is missing, and ``frame`` a guess."""

    number: int
    frame: Planes
    """cropped uint8 I420, read-only"""
    slice_type: str
    """I, P, or IP where both occur"""
    slices: int
    is_idr: bool
    is_reference: bool
    frame_num: int
    damage: str | None
    codec: CodecInformation | None
