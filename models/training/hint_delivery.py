"""Shapes as a receiver has them: through the real hints codec, a round trip behind, without a call around it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callcodec.face.expression import deviations, openings, shape_between
from callcodec.wire.face_packet import MAX_HINTS_BYTES, RUNGS, Rung
from callcodec.wire.hints import HintReference, Hints, encode_hints

ROUND_TRIP_FRAMES = 2  # 400 ms at 5 frames a second
ORIGIN = 0


class DeliveredShapes(NamedTuple):
    """shapes: (T, 70, 2) float32, NaN where a receiver knows none. packet_bytes: of each packet's hints, 0 for none."""

    shapes: NDArray[np.float32]
    packet_bytes: list[int]


def simulate_hints(
    shapes: NDArray[np.float32],
    identity_shape: NDArray[np.float32],
    rung: Rung = RUNGS[0],
    max_bytes: int = MAX_HINTS_BYTES,
    reference_distance: int = ROUND_TRIP_FRAMES,
    first_step: int = 0,
) -> DeliveredShapes:
    """Shapes (T, 70, 2) at 25 a second, NaN where no face was found, as a receiver shows them without loss.

    identity_shape: (70, 2) of the identity picture. A packet leaves at slot 0 and then at the rung's rate; what lies
    between two packets rests on both, and after the last one nothing is known. All NaN where the identity's is NaN.
    """
    told = np.full(shapes.shape, np.nan, np.float32)
    sizes: list[int] = []
    every = rung.slots_per_frame
    sent: list[Hints | None] = []
    for slot in range(0, len(shapes), every):
        hints = None
        displacement = shapes[slot] - identity_shape
        if np.isfinite(displacement).all():
            before = shapes[max(slot - every + 1, 0) : slot]
            previous = sent[-1] if sent else None

            def between(decoded: NDArray[np.float32]) -> NDArray[np.float32]:
                if previous is None or not np.isfinite(before).all():  # noqa: B023 - called at once
                    return np.zeros((2, 0), np.float32)
                first = identity_shape + previous.displacement()  # noqa: B023
                return deviations(openings(before), first, identity_shape + decoded)  # noqa: B023

            at = len(sent) - reference_distance
            named = sent[at] if at >= 0 else None
            reference = None if named is None else HintReference(named, reference_distance)
            encoded = encode_hints(displacement, ORIGIN, rung, reference, between, max_bytes, first_step)
            if encoded is not None:
                hints = encoded.decoded
                told[slot] = identity_shape + hints.displacement()
                sizes.append(len(encoded.payload))
        if hints is None:
            sizes.append(0)
        elif sent and sent[-1] is not None:
            for k in range(1, every):
                told[slot - every + k] = shape_between(
                    told[slot - every], told[slot], k / every, hints.openings()
                )
        sent.append(hints)
    return DeliveredShapes(told, sizes)
