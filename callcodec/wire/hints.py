"""Expression hints: where a face's landmarks and irises are, in one to six bytes of a face packet.

A shape travels as its displacement from the identity picture's own shape, on trained modes, predicted from the hints of
the packet's reference frame and range-coded; the openings of mouth and eyes between two packets follow it. The state
that others are predicted from is integers, so both sides agree for ever. FORMAT.md, section 5.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.coefficients import CoefficientDecoder, CoefficientEncoder
from callcodec.wire.face_packet import MAX_HINTS_BYTES, Rung
from callcodec.wire.hints_tables import (
    COEFFICIENTS,
    FRACTION,
    MODE_FRACTION_BITS,
    MODES,
    SHAPE_POINTS,
    HintClass,
    HintTables,
    load_hint_tables,
)
from callcodec.wire.rangecoder import RangeDecoder, RangeEncoder

Floats = NDArray[np.float32]

# Of the quantiser, in sixteenths of a mode's unit, half an octave apart, finest first.
STEPS = (128, 181, 256, 362, 512, 724, 1024, 1448)
COARSER = round(0.3 * 65536)  # 65536 times how likely a coarser step is needed
ANEW = 65536 // 32  # and that hints start anew though the reference has some
ORIGIN_BITS = 4
MOUTH_COEFFICIENTS, EYE_COEFFICIENTS = COEFFICIENTS[0][1:]
# Of in-between openings, in sixteenths of the unit: one step of the quantiser is as bad there as in a mode.
MOUTH_SCALE, EYE_SCALE = 200 * FRACTION, 250 * FRACTION
MAX_COEFFICIENT = 1 << 15
LAGRANGIAN = 210  # the price of a bit in 1024ths of the squared step


@dataclass(frozen=True, eq=False)
class Hints:
    """What one packet says. origin: tag (0..15) of the identity picture whose shape the displacement starts from.

    state: (16,) in sixteenths of a mode's unit, within ±32768.
    mouth, eyes: (n,) float32 for the n slots between this packet and the one before: the opening less what a straight
    line between the two packets' shapes gives.
    """

    origin: int
    state: NDArray[np.int64]
    mouth: Floats
    eyes: Floats

    def displacement(self) -> Floats:
        """(70, 2): the shape less the identity's, in pixels of 256."""
        return displacement_of(self.state, load_hint_tables())

    def openings(self) -> Floats:
        """(2, n): ``mouth`` and ``eyes``."""
        return np.stack((self.mouth, self.eyes))


@dataclass(frozen=True)
class HintReference:
    """The hints of the frame that a packet names as its reference, ``distance`` (1..35) frames before."""

    hints: Hints
    distance: int


@dataclass(frozen=True)
class EncodedHints:
    """1 to 6 bytes, and what every decoder makes of them."""

    payload: bytes
    decoded: Hints


def _nothing(displacement: Floats) -> Floats:  # noqa: ARG001
    return np.zeros((2, 0), np.float32)


Between = Callable[[Floats], Floats]


def origin_tag(identity_sha256: bytes) -> int:
    """The tag (0..15) of an identity picture: the first bits of its first layer's SHA-256."""
    return identity_sha256[0] >> 8 - ORIGIN_BITS


def encode_hints(
    displacement: Floats,
    origin: int,
    rung: Rung,
    reference: HintReference | None,
    between: Between = _nothing,
    max_bytes: int = MAX_HINTS_BYTES,
    first_step: int = 0,
) -> EncodedHints | None:
    """Code the shape's displacement (70, 2) with the finest step that fits ``max_bytes``; None where none does.

    between: given the displacement as it will be decoded, what ``Hints.openings`` should be, (2, n), with n the slots
    between two frames of the rung; (2, 0) counts as zeros. first_step: an index of STEPS, to begin with.
    A reference with another origin is not predicted from. Raises ValueError for another shape, for what is not finite,
    for an origin outside 0..15 or a budget outside 1..6.
    """
    if displacement.shape != (SHAPE_POINTS, 2) or not np.isfinite(displacement).all():
        raise ValueError(f"a shape's displacement is {SHAPE_POINTS} finite points")
    if not 0 <= origin < 1 << ORIGIN_BITS:
        raise ValueError(f"an origin is 0 to {(1 << ORIGIN_BITS) - 1}, not {origin}")
    if not 1 <= max_bytes <= MAX_HINTS_BYTES:
        raise ValueError(f"expression hints take 1 to {MAX_HINTS_BYTES} bytes, not {max_bytes}")
    tables = load_hint_tables()
    wanted = tables.analyse(displacement)
    for index in range(first_step, len(STEPS)):
        encoded = _encode(tables, wanted, origin, rung, reference, between, index)
        if len(encoded.payload) <= max_bytes:
            return encoded
    return None


def decode_hints(payload: bytes, rung: Rung, reference: HintReference | None) -> Hints:
    """The hints in ``payload``, given those of the packet's reference. ValueError for what no encoder writes."""
    if not 1 <= len(payload) <= MAX_HINTS_BYTES:
        raise ValueError(f"expression hints take 1 to {MAX_HINTS_BYTES} bytes, not {len(payload)}")
    coder = RangeDecoder(payload)
    index = 0
    while index < len(STEPS) - 1 and coder.decode(COARSER):
        index += 1
    if reference is not None and coder.decode(ANEW):
        reference = None
    origin = coder.decode_bits(ORIGIN_BITS) if reference is None else reference.hints.origin
    coding = hint_class(load_hint_tables(), rung, reference)
    base = coding.base[index][: MODES + sum(map(len, _bases(rung.slots_per_frame - 1)))]
    values = CoefficientDecoder(coding.scales, STEPS[index], coder).decode(base)
    state = predicted(coding, reference) + np.array(values[:MODES], np.int64)
    if np.abs(state).max() > MAX_COEFFICIENT:
        raise ValueError("the hints' shape is out of all bounds")
    mouth, eyes = _openings(np.array(values[MODES:], np.float64), rung.slots_per_frame - 1)
    return Hints(origin, state, mouth, eyes)


def _encode(
    tables: HintTables,
    wanted: NDArray[np.int64],
    origin: int,
    rung: Rung,
    reference: HintReference | None,
    between: Between,
    index: int,
) -> EncodedHints:
    """Code the state ``wanted``, and what ``between`` says of the openings, with the step of that index."""
    coder = RangeEncoder()
    for i in range(min(index + 1, len(STEPS) - 1)):
        coder.encode(int(i < index), COARSER)
    same = reference is not None and reference.hints.origin == origin
    if reference is not None:
        coder.encode(int(not same), ANEW)
    used = reference if same else None
    if used is None:
        coder.encode_bits(origin, ORIGIN_BITS)
    coding = hint_class(tables, rung, used)
    base, slots = coding.base[index], rung.slots_per_frame - 1
    prediction = predicted(coding, used)
    coefficients = CoefficientEncoder(coding.scales, STEPS[index], LAGRANGIAN, coder)
    margin = 2 * STEPS[-1]  # what quantisation may add to a state at its bounds
    bounded = np.clip(wanted, margin - MAX_COEFFICIENT, MAX_COEFFICIENT - margin)
    decoded = coefficients.code(base[:MODES], (bounded - prediction).tolist())
    state = prediction + np.array(decoded, np.int64)
    told = _coefficients(between(displacement_of(state, tables)), slots)
    values = coefficients.code(base[MODES : MODES + len(told)], told.tolist())
    mouth, eyes = _openings(np.array(values, np.float64), slots)
    return EncodedHints(coefficients.finish() or b"\0", Hints(origin, state, mouth, eyes))


def hint_class(tables: HintTables, rung: Rung, reference: HintReference | None) -> HintClass:
    """The tables for how far back, in time, the reference lies."""
    slots = rung.slots_per_frame
    if reference is None:
        age = 0
    elif slots > 2:
        age = min(reference.distance, 3)
    else:
        age = 1 + (reference.distance * slots > 3) + (reference.distance * slots > 7)
    return tables.classes[int(slots <= 2)][age]


def predicted(coding: HintClass, reference: HintReference | None) -> NDArray[np.int64]:
    """(16,): a face's expression drifts back to the identity's, each mode at its own pace."""
    if reference is None:
        return np.zeros(MODES, np.int64)
    return np.asarray(reference.hints.state * coding.gain + 128 >> 8, np.int64)


def displacement_of(state: NDArray[np.int64], tables: HintTables) -> Floats:
    """(70, 2) pixels of a state (16,)."""
    pixels = state @ tables.modes
    return (pixels / (FRACTION << MODE_FRACTION_BITS)).astype(np.float32).reshape(SHAPE_POINTS, 2)


@functools.cache
def sines(slots: int, kept: int) -> NDArray[np.float64]:
    """DST-I, which is zero at both packets: (kept, slots), orthonormal."""
    k, n = np.mgrid[1 : min(kept, slots) + 1, 1 : slots + 1]
    return np.asarray(np.sqrt(2 / (slots + 1)) * np.sin(np.pi * k * n / (slots + 1)), np.float64)


def _bases(slots: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of mouth and of eyes."""
    return sines(slots, MOUTH_COEFFICIENTS), sines(slots, EYE_COEFFICIENTS)


def _coefficients(openings: Floats, slots: int) -> NDArray[np.int64]:
    """(2, n) → the coefficients of mouth, then eyes, in sixteenths."""
    mouth, eyes = _bases(slots)
    given = openings if openings.shape[1] else np.zeros((2, slots))
    wanted = np.concatenate((mouth @ given[0] * MOUTH_SCALE, eyes @ given[1] * EYE_SCALE))
    return np.asarray(np.rint(np.clip(wanted, -MAX_COEFFICIENT, MAX_COEFFICIENT)), np.int64)


def _openings(coefficients: NDArray[np.float64], slots: int) -> tuple[Floats, Floats]:
    mouth, eyes = _bases(slots)
    of_mouth, of_eyes = coefficients[: len(mouth)], coefficients[len(mouth) :]
    return (of_mouth @ mouth / MOUTH_SCALE).astype(np.float32), (of_eyes @ eyes / EYE_SCALE).astype(
        np.float32
    )
