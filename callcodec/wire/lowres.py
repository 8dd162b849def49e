"""The low-resolution codec: 8x8, 16x16 or 32x32 pictures of a face in a dozen bytes each.

A picture is predicted from a decoded one (inter) or from the mean face (intra); what remains is described by
four motion modes and a transform, quantised, and range-coded. All arithmetic that both sides do is on
integers: the same bytes give the same picture on every machine. Each payload decodes alone, given its
reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.coefficients import CoefficientDecoder, CoefficientEncoder
from callcodec.wire.colour import FRACTION, Plane, to_planes, to_rgb
from callcodec.wire.motion import MODES, UNIT, motion_modes
from callcodec.wire.rangecoder import RangeDecoder
from callcodec.wire.tables import SIZES, SizeTables, load_tables
from callcodec.wire.transform import forward, forward_planes, inverse, inverse_planes

Vector = NDArray[np.int64]


@dataclass(frozen=True)
class Quality:
    """An operating point. step: of the quantiser in sixteenths of a grey level, for luma and weighted chroma.

    lagrangians: what the encoder pays for a bit of an intra and of an inter frame, in 1024ths of the squared step;
    an intra frame is worth more, as others are predicted from it. No matter to the decoder.
    """

    name: str
    step: int
    lagrangians: tuple[int, int] = (100, 210)


# A quarter octave apart, from 34 grey levels down to 2.5; so a quality is also a shift of all scale levels.
_STEPS = (543, 457, 384, 323, 272, 228, 192, 161, 136, 114, 96, 81, 68, 57, 48, 40)
QUALITIES: tuple[Quality, ...] = tuple(Quality(f"step-{step / FRACTION:.3g}", step) for step in _STEPS)
DEFAULT_QUALITY = 9


@dataclass(frozen=True, eq=False)
class LowResFrame:
    """A picture as the codec knows it: y (0..255), cb and cr (-127..127) in sixteenths, each (S, S)."""

    y: Plane
    cb: Plane
    cr: Plane

    @property
    def size(self) -> int:
        """Side S in pixels."""
        return int(self.y.shape[0])

    def rgb(self) -> NDArray[np.uint8]:
        """(S, S, 3), rounded and clamped."""
        return to_rgb(self.y, self.cb, self.cr)

    @classmethod
    def from_rgb(cls, rgb: NDArray[np.uint8]) -> LowResFrame:
        """The frame of an (S, S, 3) picture, S = 8, 16 or 32."""
        _check_picture(rgb)
        return cls(*to_planes(rgb))

    def same_as(self, other: LowResFrame) -> bool:
        """Whether all three planes are equal."""
        pairs = ((self.y, other.y), (self.cb, other.cb), (self.cr, other.cr))
        return all(np.array_equal(mine, its) for mine, its in pairs)


@dataclass(frozen=True)
class EncodedLowRes:
    """A payload and the picture that every decoder makes of it."""

    payload: bytes
    reconstruction: LowResFrame


def encode(rgb: NDArray[np.uint8], quality: int, reference: LowResFrame | None) -> EncodedLowRes:
    """Encode an (S, S, 3) picture, S = 8, 16 or 32, given what the receiver has; None: intra.

    ValueError for another size, an unknown quality, or a reference of another size.
    """
    _check_picture(rgb)
    tables, point = _select(rgb.shape[0], quality, reference)
    mode = int(reference is not None)
    coder = CoefficientEncoder(tables.scales[mode], point.step, point.lagrangians[mode])
    reconstruction = code_picture(coder, tables, rgb, quality, reference)
    return EncodedLowRes(coder.finish(), reconstruction)


def code_picture(
    coder: CoefficientEncoder,
    tables: SizeTables,
    rgb: NDArray[np.uint8],
    quality: int,
    reference: LowResFrame | None,
) -> LowResFrame:
    """Code a picture with any coder and tables (encode names the usual ones); what the decoder will show."""
    size = rgb.shape[0]
    target = weighted_vector(rgb)
    if reference is None:
        mode, prediction, base = 0, tables.mean, tables.base[0][quality]
    else:
        mode, prediction = 1, _weighted(reference.y, reference.cb, reference.cr)
        motion_base, base = tables.base[1][quality][:MODES], tables.base[1][quality][MODES:]
        for level, direction in zip(motion_base, motion_modes(prediction, size), strict=True):
            along = int((target - prediction) @ direction + UNIT // 2) // UNIT
            (amount,) = coder.code([level], [along])
            prediction = _moved(prediction, direction, amount)
    values = _forward(tables, mode, size, target - prediction)
    decoded = coder.code(base, values.tolist())
    return _frame(prediction + _inverse(tables, mode, size, decoded), size)


def decode(payload: bytes, size: int, quality: int, reference: LowResFrame | None) -> LowResFrame:
    """The picture in `payload`; the rest as it was for encode. ValueError on garbage."""
    tables, point = _select(size, quality, reference)
    mode = int(reference is not None)
    coder = CoefficientDecoder(tables.scales[mode], point.step, RangeDecoder(payload))
    base = tables.base[mode][quality]
    prediction = tables.mean
    if reference is not None:
        prediction = _weighted(reference.y, reference.cb, reference.cr)
        for amount, direction in zip(coder.decode(base[:MODES]), motion_modes(prediction, size), strict=True):
            prediction = _moved(prediction, direction, amount)
        base = base[MODES:]
    return _frame(prediction + _inverse(tables, mode, size, coder.decode(base)), size)


def reference_error_db(reconstruction: LowResFrame, rgb: NDArray[np.uint8] | NDArray[np.float64]) -> float:
    """PSNR in dB of a reconstruction against the exact (S, S, 3) picture, error = (6 Y + Cb + Cr) / 8."""
    red, green, blue = (rgb[..., i].astype(np.float64) for i in range(3))
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    exact = (y, 0.564 * (blue - y), 0.713 * (red - y))
    planes = (reconstruction.y, reconstruction.cb, reconstruction.cr)
    y_error, cb_error, cr_error = (
        float(np.mean((plane / FRACTION - wanted) ** 2)) for plane, wanted in zip(planes, exact, strict=True)
    )
    error = (6 * y_error + cb_error + cr_error) / 8
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def _select(size: int, quality: int, reference: LowResFrame | None) -> tuple[SizeTables, Quality]:
    if size not in SIZES:
        raise ValueError(f"a low-resolution picture is 8, 16 or 32 pixels wide, not {size}")
    if not 0 <= quality < len(QUALITIES):
        raise ValueError(f"there is no quality {quality}")
    if reference is not None and reference.size != size:
        raise ValueError(f"a picture of {size} pixels cannot be predicted from one of {reference.size}")
    return load_tables()[size], QUALITIES[quality]


def _check_picture(rgb: NDArray[np.uint8]) -> None:
    if rgb.dtype != np.uint8 or rgb.shape not in {(size, size, 3) for size in SIZES}:
        found = f"{rgb.shape} {rgb.dtype}"
        raise ValueError(f"a low-resolution picture is (S, S, 3) uint8 with S = 8, 16 or 32, not {found}")


def weighted_vector(rgb: NDArray[np.uint8]) -> Vector:
    """(3 S S,) of a picture: luma, then chroma scaled so that errors count as they do in the measure."""
    return _weighted(*to_planes(rgb))


def _weighted(y: Plane, cb: Plane, cr: Plane) -> Vector:
    """(3 S S,): chroma counts a sixth of luma; scaled by the root of that, it takes the same step."""
    chroma = (np.stack((cb, cr)) * 1672 + 2048) >> 12
    return np.concatenate((y.reshape(-1), chroma.reshape(-1)))


def _frame(vector: Vector, size: int) -> LowResFrame:
    """The picture of a weighted vector, its planes clamped to what pictures can hold."""
    y, cb, cr = vector.reshape(3, size, size)
    chroma_limit = 128 * FRACTION
    return LowResFrame(
        np.clip(y, 0, 255 * FRACTION),
        np.clip((cb * 10033 + 2048) >> 12, -chroma_limit, chroma_limit),
        np.clip((cr * 10033 + 2048) >> 12, -chroma_limit, chroma_limit),
    )


def _moved(prediction: Vector, direction: Vector, amount: int) -> Vector:
    return prediction + ((direction * amount + UNIT // 2) // UNIT)


def _forward(tables: SizeTables, mode: int, size: int, residual: Vector) -> Vector:
    if tables.matrix is not None:
        return forward(tables.matrix[mode], residual)
    return forward_planes(residual, size)[tables.order[mode]]


def _inverse(tables: SizeTables, mode: int, size: int, decoded: list[int]) -> Vector:
    coefficients = np.array(decoded, np.int64)
    if tables.matrix is not None:
        return inverse(tables.matrix[mode], coefficients)
    natural = np.empty_like(coefficients)
    natural[tables.order[mode]] = coefficients
    return inverse_planes(natural, size)
