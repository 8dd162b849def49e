"""What FFmpeg says of a picture that our reader does not understand, and what can be guessed from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.h264_decoder import FfmpegPicture
from models.restoration.codec_maps import to_blocks
from models.restoration.restorer import CodecMaps
from receiver.restoration.pictures import Region
from receiver.restoration.reader_knowledge import on_blocks

BLOCK = 4
MACROBLOCK = 16
CODED_FROM = 3  # a residue of so much says that a block was coded; rounding and deblocking make less


@dataclass(frozen=True, eq=False)
class FfmpegKnowledge:
    """See StreamKnowledge. Motion and QP are the stream's; the rest is a guess.

    The prediction is the picture before, moved by the vectors; the residue is what the picture differs by. Where
    there are no vectors nothing is predicted. Partitions are the blocks that vectors come for.
    """

    luma: NDArray[np.uint8]
    before: NDArray[np.uint8] | None
    """luma of the picture shown before"""
    motion: NDArray[np.float32]
    """(⌈H/4⌉, ⌈W/4⌉, 2): in pixels, to the picture before"""
    intra: NDArray[np.bool_]
    edges: NDArray[np.bool_]
    qp: NDArray[np.float32]

    def around(self, region: Region) -> tuple[CodecMaps, Region]:
        """See StreamKnowledge. ValueError where the region and the picture have nothing in common."""
        height, width = (BLOCK * blocks for blocks in self.intra.shape)
        left, right = on_blocks(region.left, region.width, width)
        top, bottom = on_blocks(region.top, region.height, height)
        covered = Region(left, top, right - left, bottom - top)
        grid = (slice(top // BLOCK, bottom // BLOCK), slice(left // BLOCK, right // BLOCK))
        motion, intra = self.motion[grid], self.intra[grid]
        luma = _padded(self.luma, height, width)[top:bottom, left:right]
        prediction = luma
        if self.before is not None:
            moved = _moved(self.before, motion, covered)
            prediction = np.where(np.repeat(np.repeat(intra, BLOCK, 0), BLOCK, 1), luma, moved)
        residue = luma.astype(np.int16) - prediction
        in_blocks = np.abs(residue).reshape(len(intra), BLOCK, -1, BLOCK)
        maps = CodecMaps(
            prediction=prediction,
            residue=residue,
            motion=motion,
            intra=intra,
            qp=self.qp[grid],
            edges=self.edges[(slice(None), *grid)],
            coded=in_blocks.max((1, 3)) >= CODED_FROM,
        )
        return maps, covered


class PictureSuccession:
    """Takes FFmpeg's pictures in the order of display."""

    def __init__(self) -> None:
        self._before: NDArray[np.uint8] | None = None
        self._since_reference = 1

    def knowledge_of(self, picture: FfmpegPicture) -> FfmpegKnowledge | None:
        """What is known of the next picture; None where FFmpeg said neither QP nor motion.

        FFmpeg does not say which picture a vector points to: it is taken for the last one that is no B picture.
        """
        luma = picture.planes[0]
        before = self._before if self._before is not None and self._before.shape == luma.shape else None
        distance = self._since_reference
        self._before = luma
        self._since_reference = distance + 1 if picture.bidirectional else 1
        if picture.vectors is None and picture.qp is None:
            return None
        shape = tuple(-(-length // BLOCK) for length in luma.shape)
        motion, intra, edges = rasterised(picture.vectors, (shape[0], shape[1]))
        qp = np.zeros(shape, np.float32)
        if picture.qp is not None:
            qp[...] = to_blocks(picture.qp)[: shape[0], : shape[1]]
        return FfmpegKnowledge(luma, before, motion / np.float32(distance), intra, edges, qp)


def rasterised(
    vectors: NDArray[Any] | None, shape: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Vectors on a grid of 4×4 blocks: motion (h, w, 2) into the past, Intra (h, w), edges (2, h, w) of the blocks.

    A block that has vectors into the future only counts as still.
    """
    motion = np.zeros((*shape, 2), np.float32)
    intra = np.ones(shape, np.bool_)
    edges = np.zeros((2, *shape), np.bool_)
    edges[0, :, :: MACROBLOCK // BLOCK] = edges[1, :: MACROBLOCK // BLOCK] = True
    if vectors is None:
        return motion, intra, edges
    sizes = np.unique(vectors[["width", "height"]])
    for width, height in ((int(size["width"]), int(size["height"])) for size in sizes):
        alike = vectors[(vectors["width"] == width) & (vectors["height"] == height)]
        for row in range(0, height, BLOCK):
            for column in range(0, width, BLOCK):
                x, y = (alike["left"] + column) // BLOCK, (alike["top"] + row) // BLOCK
                inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
                intra[y[inside], x[inside]] = False
                edges[0, y[inside], x[inside]] |= column == 0
                edges[1, y[inside], x[inside]] |= row == 0
                past = inside & alike["past"]
                motion[y[past], x[past]] = np.stack((alike["x"][past], alike["y"][past]), -1)
    return motion, intra, edges


def _moved(before: NDArray[np.uint8], motion: NDArray[np.float32], covered: Region) -> NDArray[np.uint8]:
    """The part of ``before`` that the blocks of a rectangle come from."""
    fields = [np.repeat(np.repeat(motion[..., axis], BLOCK, 0), BLOCK, 1) for axis in (0, 1)]
    x = fields[0] + np.arange(covered.left, covered.left + covered.width, dtype=np.float32)
    y = fields[1] + np.arange(covered.top, covered.top + covered.height, dtype=np.float32)[:, None]
    return np.asarray(cv2.remap(before, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _padded(plane: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Repeated at its lower and right edges up to a size."""
    return np.pad(plane, ((0, height - plane.shape[0]), (0, width - plane.shape[1])), mode="edge")
