"""What our H.264 reader knows of a picture, for a rectangle of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callcodec.h264.parameter_sets import Crop
from callcodec.h264.picture import CodecInformation
from callcodec.h264.state import Planes
from models.restoration.codec_maps import codec_maps
from models.restoration.restorer import CodecMaps
from receiver.restoration.pictures import Region

MACROBLOCK = 16


@dataclass(frozen=True, eq=False)
class ReaderKnowledge:
    """See StreamKnowledge. ``number``: of the picture, Picture.number."""

    codec: CodecInformation
    number: int

    def around(self, region: Region) -> tuple[CodecMaps, Region]:
        """See StreamKnowledge. ValueError where the region and the picture have nothing in common."""
        crop = self.codec.crop
        height, width = self.codec.prediction.y.shape
        left, right = on_blocks(region.left + crop.left, region.width, width)
        top, bottom = on_blocks(region.top + crop.top, region.height, height)
        covered = Region(left - crop.left, top - crop.top, right - left, bottom - top)
        return codec_maps(_cut(self.codec, left, top, right, bottom), self.number), covered


def on_blocks(start: int, length: int, limit: int) -> tuple[int, int]:
    """The stretch of whole 4×4 blocks that covers [start, start + length), inside 0 to ``limit``, a multiple of 4."""
    first, last = max(start // 4 * 4, 0), min(-(-(start + length) // 4) * 4, limit)
    if first >= last:
        raise ValueError("the region lies outside of the picture")
    return first, last


def _cut(codec: CodecInformation, left: int, top: int, right: int, bottom: int) -> CodecInformation:
    """The macroblocks around a rectangle, which becomes the crop: the rest need not be turned into maps."""
    rows = slice(top // MACROBLOCK, -(-bottom // MACROBLOCK))
    columns = slice(left // MACROBLOCK, -(-right // MACROBLOCK))
    macroblocks = (rows, columns)
    blocks, samples, chroma = (
        (slice(rows.start * n, rows.stop * n), slice(columns.start * n, columns.stop * n))
        for n in (4, MACROBLOCK, MACROBLOCK // 2)
    )
    prediction, residue, before = (
        Planes(planes.y[samples], planes.u[chroma], planes.v[chroma])
        for planes in (codec.prediction, codec.residue, codec.before_deblocking)
    )
    return replace(
        codec,
        before_deblocking=before,
        prediction=prediction,
        residue=residue,
        motion=codec.motion[blocks],
        reference_index=codec.reference_index[blocks],
        reference_picture=codec.reference_picture[blocks],
        macroblock_type=codec.macroblock_type[macroblocks],
        partition=codec.partition[blocks],
        coded_block_pattern=codec.coded_block_pattern[macroblocks],
        nonzero=codec.nonzero[blocks],
        nonzero_chroma=codec.nonzero_chroma[
            :, rows.start * 2 : rows.stop * 2, columns.start * 2 : columns.stop * 2
        ],
        qp=codec.qp[macroblocks],
        coefficients=codec.coefficients[macroblocks],
        levels=codec.levels[macroblocks],
        crop=Crop(
            left - columns.start * MACROBLOCK, top - rows.start * MACROBLOCK, right - left, bottom - top
        ),
    )
