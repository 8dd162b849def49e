"""The low-resolution codec: 8x8, 16x16 or 32x32 pictures of a face in a dozen bytes each.

A picture is predicted from a decoded one (inter) or from the mean face (intra); what remains is described by four motion
modes and a transform, quantised, and range-coded. All arithmetic that both sides do is on integers: the same bytes give
the same picture on every machine. Each payload decodes alone, given its reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.coefficients import CoefficientDecoder, CoefficientEncoder
from callcodec.wire.colour import FRACTION, Plane, to_planes, to_rgb
from callcodec.wire.motion import MODES, UNIT, motion_modes
from callcodec.wire.tables import SIZES, SizeTables, load_tables
from callcodec.wire.transform import forward, forward_planes, inverse, inverse_planes

Vector = NDArray[np.int64]


@dataclass(frozen=True)
class Quality:
    """An operating point. step: of the quantiser in sixteenths of a grey level, for luma and weighted chroma.

    lagrangian: what the encoder pays for a bit, in 1024ths of the squared step; the decoder does not know it.
    """

    name: str
    step: int
    lagrangian: int = 130


QUALITIES: tuple[Quality, ...] = tuple(
    Quality(f"step-{step:g}", round(step * FRACTION))
    for step in (48, 40, 34, 29, 25, 21, 18, 15, 12.5, 10.5, 9, 7.5, 6, 5, 4, 3)
)
DEFAULT_QUALITY = 6
_STEPS = tuple(quality.step for quality in QUALITIES)


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

    def __eq__(self, other: object) -> bool:
        """Whether all three planes are the same."""
        if not isinstance(other, LowResFrame):
            return NotImplemented
        return all(np.array_equal(a, b) for a, b in zip(self._planes(), other._planes(), strict=True))

    def _planes(self) -> tuple[Plane, Plane, Plane]:
        return self.y, self.cb, self.cr


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
    size = rgb.shape[0]
    tables, point, mode = _select(size, quality, reference)
    scales, base = tables.scales[mode], tables.base[mode][quality]
    coder = CoefficientEncoder(scales, point.step, point.lagrangian)
    target = _weighted(*to_planes(rgb))
    prediction = tables.mean
    if reference is not None:
        prediction = _weighted(reference.y, reference.cb, reference.cr)
        for amount_base, direction in zip(base, motion_modes(prediction, size), strict=False):
            along = int((target - prediction) @ direction + UNIT // 2) // UNIT
            (amount,) = coder.code([amount_base], [along])
            prediction = _moved(prediction, direction, amount)
        base = base[MODES:]
    values = _forward(tables, mode, size, target - prediction)
    decoded = coder.code(base, values.tolist())
    reconstruction = _frame(prediction + _inverse(tables, mode, size, decoded), size)
    return EncodedLowRes(coder.coder.finish(), reconstruction)


def decode(payload: bytes, size: int, quality: int, reference: LowResFrame | None) -> LowResFrame:
    """The picture in `payload`; `size`, `quality` and `reference` as they were encoded. ValueError on garbage."""
    tables, point, mode = _select(size, quality, reference)
    scales, base = tables.scales[mode], tables.base[mode][quality]
    coder = CoefficientDecoder(scales, point.step, payload)
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


def _select(size: int, quality: int, reference: LowResFrame | None) -> tuple[SizeTables, Quality, int]:
    """(tables, operating point, 0 for intra or 1 for inter)."""
    if size not in SIZES:
        raise ValueError(f"a low-resolution picture is 8, 16 or 32 pixels wide, not {size}")
    if not 0 <= quality < len(QUALITIES):
        raise ValueError(f"there is no quality {quality}")
    if reference is not None and reference.size != size:
        raise ValueError(f"a picture of {size} pixels cannot be predicted from one of {reference.size}")
    return load_tables(_STEPS)[size], QUALITIES[quality], int(reference is not None)


def _check_picture(rgb: NDArray[np.uint8]) -> None:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[0] not in SIZES or rgb.shape != (rgb.shape[0],) * 2 + (3,):
        raise ValueError(f"a low-resolution picture is (S, S, 3) uint8 with S = 8, 16 or 32, not {rgb.shape} {rgb.dtype}")


def _weighted(y: Plane, cb: Plane, cr: Plane) -> Vector:
    """(3 S S,): chroma counts a sixth of luma, so it is scaled by the root of that and all steps are equal."""
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
