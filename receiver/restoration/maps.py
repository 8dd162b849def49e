"""What a stream knows of a picture, carried into the square of a face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.restoration.restorer import BLOCKS, PICTURE, CodecMaps
from receiver.restoration.alignment import Alignment, sampled
from receiver.restoration.pictures import Region, StreamKnowledge

BLOCK = 4


def aligned_maps(knowledge: StreamKnowledge, alignment: Alignment, before: Alignment) -> CodecMaps:
    """The maps of the square at ``alignment``; ``before``: where it lay in the previous picture.

    Where the square lies on the stream's own grid the maps are those of the stream; elsewhere planes are resampled,
    blocks take what the stream says at their middles, and nothing is said of quantisation. Motion leads from a place
    in this square to its place in the square before.
    """
    maps, covered = knowledge.around(_around(alignment))
    corner = alignment.corner
    copied = corner is not None and covered == Region(*corner, PICTURE, PICTURE)
    if copied and before == alignment:
        return maps
    middles = (
        0.5 + np.stack(np.meshgrid(np.arange(BLOCKS), np.arange(BLOCKS)), -1).astype(np.float64)
    ) * BLOCK
    in_picture = alignment.into_picture(middles)
    if copied:
        return replace(maps, motion=_moved(maps.motion, maps.intra, in_picture, middles, before))
    blocks = np.floor((in_picture - (covered.left, covered.top)) / BLOCK).astype(np.intp)
    column = np.clip(blocks[..., 0], 0, maps.intra.shape[1] - 1)
    row = np.clip(blocks[..., 1], 0, maps.intra.shape[0] - 1)
    matrix = alignment.matrix()
    matrix[:, 2] -= (covered.left, covered.top)
    intra = maps.intra[row, column]
    return CodecMaps(
        prediction=sampled(maps.prediction, matrix, PICTURE),
        residue=sampled(maps.residue, matrix, PICTURE),
        motion=_moved(maps.motion[row, column], intra, in_picture, middles, before),
        intra=intra,
        qp=maps.qp[row, column],
        edges=borders(partition_names(maps.edges)[row, column]),
        coded=maps.coded[row, column],
    )


def partition_names(edges: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(h, w): a number that the blocks of a partition share, from (2, h, w) of where partitions begin."""
    height, width = edges.shape[1:]
    first_column = np.maximum.accumulate(np.where(edges[0], np.arange(width), 0), axis=1)
    first_row = np.maximum.accumulate(np.where(edges[1], np.arange(height)[:, None], 0), axis=0)
    return np.asarray(first_row * width + first_column, np.intp)


def borders(names: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The other way: (2, h, w), a block differs from the one at its left, from the one above it."""
    edges = np.ones((2, *names.shape), np.bool_)
    edges[0, :, 1:] = names[:, 1:] != names[:, :-1]
    edges[1, 1:] = names[1:] != names[:-1]
    return edges


def _around(alignment: Alignment) -> Region:
    """The smallest rectangle of whole pixels around the square."""
    ends = np.array([(0, 0), (PICTURE, 0), (0, PICTURE), (PICTURE, PICTURE)], np.float64)
    corners = alignment.into_picture(ends)
    left, top = np.floor(corners.min(0) + 1e-6).astype(int)
    right, bottom = np.ceil(corners.max(0) - 1e-6).astype(int)
    return Region(int(left), int(top), int(right - left), int(bottom - top))


def _moved(
    motion: NDArray[np.float32],
    intra: NDArray[np.bool_],
    in_picture: NDArray[np.float64],
    middles: NDArray[np.float64],
    before: Alignment,
) -> NDArray[np.float32]:
    """Motion in the picture, at the places ``in_picture``, as motion between squares."""
    moved = (before.into_square(in_picture + motion) - middles).astype(np.float32)
    moved[intra] = 0.0
    return moved
