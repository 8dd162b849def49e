"""The deblocking filter (clause 8.7), over a whole picture after all of its slices."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.compiled import compiled, integer
from callcodec.h264.state import (
    ALPHA,
    BETA,
    FILTER,
    NO_SLICE,
    P_16X16,
    QP,
    SLICE,
    TYPE,
    Planes,
    SyntaxState,
)
from callcodec.h264.transform import chroma_qp

FILTER_OFF, FILTER_WITHIN_SLICE = 1, 2
MOTION_LIMIT = 4  # in quarter samples: bS 1 from one whole sample on
# Table 8-16, from indexA and indexB 0 to 51
ALPHA_TABLE = np.array(
    [0] * 16
    + [4, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 71, 80, 90]
    + [101, 113, 127, 144, 162, 182, 203, 226, 255, 255],
    np.int64,
)
BETA_TABLE = np.array(
    [0] * 16
    + [2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13]
    + [14, 14, 15, 15, 16, 16, 17, 17, 18, 18],
    np.int64,
)
# Table 8-17: tC0 by bS - 1 and indexA
CLIP_TABLE = np.array(
    [
        [0] * 23 + [1] * 10 + [2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 13],
        [0] * 21 + [1] * 10 + [2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 8, 10, 11, 12, 13, 15, 17],
        [0] * 17
        + [1] * 10
        + [2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 23, 25],
    ],
    np.int64,
)


@compiled
def boundary_strength(
    state: SyntaxState, x: int, y: int, px: int, py: int, intra: bool, at_macroblock: bool
) -> int:
    """bS between the 4×4 blocks q (x, y) and p (px, py) (clause 8.7.2.1)."""
    if intra:
        return 4 if at_macroblock else 3
    if state.nonzero[y, x] or state.nonzero[py, px]:
        return 2
    if state.reference_slot[y, x] != state.reference_slot[py, px]:
        return 1
    for axis in range(2):
        if abs(integer(state.motion[y, x, axis]) - integer(state.motion[py, px, axis])) >= MOTION_LIMIT:
            return 1
    return 0


@compiled
def filter_luma(
    samples: NDArray[np.uint8], at: int, step: int, strength: int, alpha: int, beta: int, clip: int
) -> None:
    """One line of samples across a luma edge; q0 at ``at``, p0 ``step`` before it (clauses 8.7.2.3, 8.7.2.4)."""
    p0, p1, p2 = integer(samples[at - step]), integer(samples[at - 2 * step]), integer(samples[at - 3 * step])
    q0, q1, q2 = integer(samples[at]), integer(samples[at + step]), integer(samples[at + 2 * step])
    if abs(p0 - q0) >= alpha or abs(p1 - p0) >= beta or abs(q1 - q0) >= beta:
        return
    near_p, near_q = abs(p2 - p0) < beta, abs(q2 - q0) < beta
    if strength < 4:
        limit = clip + near_p + near_q
        delta = min(max((((q0 - p0) << 2) + (p1 - q1) + 4) >> 3, -limit), limit)
        samples[at - step] = min(max(p0 + delta, 0), 255)
        samples[at] = min(max(q0 - delta, 0), 255)
        if near_p:
            samples[at - 2 * step] = p1 + min(max((p2 + ((p0 + q0 + 1) >> 1) - 2 * p1) >> 1, -clip), clip)
        if near_q:
            samples[at + step] = q1 + min(max((q2 + ((p0 + q0 + 1) >> 1) - 2 * q1) >> 1, -clip), clip)
        return
    close = abs(p0 - q0) < (alpha >> 2) + 2
    if near_p and close:
        p3 = integer(samples[at - 4 * step])
        samples[at - step] = (p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3
        samples[at - 2 * step] = (p2 + p1 + p0 + q0 + 2) >> 2
        samples[at - 3 * step] = (2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3
    else:
        samples[at - step] = (2 * p1 + p0 + q1 + 2) >> 2
    if near_q and close:
        q3 = integer(samples[at + 3 * step])
        samples[at] = (p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3
        samples[at + step] = (p0 + q0 + q1 + q2 + 2) >> 2
        samples[at + 2 * step] = (2 * q3 + 3 * q2 + q1 + q0 + p0 + 4) >> 3
    else:
        samples[at] = (2 * q1 + q0 + p1 + 2) >> 2


@compiled
def filter_chroma(
    samples: NDArray[np.uint8], at: int, step: int, strength: int, alpha: int, beta: int, clip: int
) -> None:
    """One line of samples across a chroma edge (chromaEdgeFlag 1 of clauses 8.7.2.3, 8.7.2.4)."""
    p0, p1 = integer(samples[at - step]), integer(samples[at - 2 * step])
    q0, q1 = integer(samples[at]), integer(samples[at + step])
    if abs(p0 - q0) >= alpha or abs(p1 - p0) >= beta or abs(q1 - q0) >= beta:
        return
    if strength < 4:
        limit = clip + 1
        delta = min(max((((q0 - p0) << 2) + (p1 - q1) + 4) >> 3, -limit), limit)
        samples[at - step] = min(max(p0 + delta, 0), 255)
        samples[at] = min(max(q0 - delta, 0), 255)
    else:
        samples[at - step] = (2 * p1 + p0 + q1 + 2) >> 2
        samples[at] = (2 * q1 + q0 + p1 + 2) >> 2


@compiled
def filter_edge(
    samples: NDArray[np.uint8],
    start: int,
    step: int,
    along: int,
    strengths: NDArray[np.int64],
    qp: int,
    alpha_offset: int,
    beta_offset: int,
    lines: int,
) -> None:
    """An edge of four blocks from flat index ``start``: ``lines`` a block, 4 for luma and 2 for chroma."""
    index_a = min(max(qp + alpha_offset, 0), 51)
    alpha = ALPHA_TABLE[index_a]
    beta = BETA_TABLE[min(max(qp + beta_offset, 0), 51)]
    if alpha == 0 or beta == 0:
        return
    for block in range(4):
        strength = strengths[block]
        if strength == 0:
            continue
        clip = CLIP_TABLE[min(strength, 3) - 1, index_a]
        for line in range(lines):
            at = start + (block * lines + line) * along
            if lines == 4:
                filter_luma(samples, at, step, strength, alpha, beta, clip)
            else:
                filter_chroma(samples, at, step, strength, alpha, beta, clip)


@compiled
def deblock_direction(
    state: SyntaxState,
    width: int,
    macroblock: int,
    other: int,
    vertical: bool,
    chroma_offset: int,
    frame: Planes,
    strengths: NDArray[np.int64],
) -> None:
    """The four edges of one direction; ``other`` is the macroblock across the first one, -1 to leave it alone."""
    info = state.info[macroblock]
    x4, y4 = 4 * (macroblock % width), 4 * (macroblock // width)
    luma, blue, red = frame.y.reshape(-1), frame.u.reshape(-1), frame.v.reshape(-1)
    intra = info[TYPE] < P_16X16
    for edge in range(4):
        neighbour = macroblock
        if edge == 0:
            if other < 0:
                continue
            neighbour = other
        either_intra = intra or state.info[neighbour, TYPE] < P_16X16
        some = 0
        for block in range(4):
            x, y = (x4 + edge, y4 + block) if vertical else (x4 + block, y4 + edge)
            px, py = (x - 1, y) if vertical else (x, y - 1)
            strengths[block] = boundary_strength(state, x, y, px, py, either_intra, edge == 0)
            some += strengths[block]
        if some == 0:
            continue
        mine, theirs = integer(info[QP]), integer(state.info[neighbour, QP])
        stride = 16 * width
        x, y = (4 * (x4 + edge), 4 * y4) if vertical else (4 * x4, 4 * (y4 + edge))
        step, along = (1, stride) if vertical else (stride, 1)
        qp = (mine + theirs + 1) >> 1
        filter_edge(luma, y * stride + x, step, along, strengths, qp, info[ALPHA], info[BETA], 4)
        if edge & 1:
            continue
        stride //= 2
        step, along = (1, stride) if vertical else (stride, 1)
        start = (y // 2) * stride + x // 2
        qp = (chroma_qp(mine, chroma_offset) + chroma_qp(theirs, chroma_offset) + 1) >> 1
        filter_edge(blue, start, step, along, strengths, qp, info[ALPHA], info[BETA], 2)
        filter_edge(red, start, step, along, strengths, qp, info[ALPHA], info[BETA], 2)


@compiled
def deblock_picture(state: SyntaxState, width: int, chroma_offset: int, frame: Planes) -> None:
    """Filter ``frame`` in place, macroblocks in raster order (clause 8.7)."""
    strengths = np.zeros(4, np.int64)
    for macroblock in range(len(state.info)):
        info = state.info[macroblock]
        if info[SLICE] == NO_SLICE or info[FILTER] == FILTER_OFF:
            continue
        left = macroblock - 1 if macroblock % width else -1
        above = macroblock - width
        if info[FILTER] == FILTER_WITHIN_SLICE:
            if left >= 0 and state.info[left, SLICE] != info[SLICE]:
                left = -1
            if above >= 0 and state.info[above, SLICE] != info[SLICE]:
                above = -1
        deblock_direction(state, width, macroblock, left, True, chroma_offset, frame, strengths)
        deblock_direction(state, width, macroblock, above, False, chroma_offset, frame, strengths)
