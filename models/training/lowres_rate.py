"""Rate and quality of the low-resolution codec on recorded clips, in whole face packets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from callcodec.wire import lowres
from callcodec.wire.face_packet import RUNGS, FacePacket
from models.training.lowres_data import Pictures

# At 5 FPS and voice packets of 60 ms a capture lies 0, 20 or 40 ms after its packet's RTP time.
_OFFSETS_MS = (0, 20, 40)


@dataclass(frozen=True)
class RateQuality:
    """One operating point: whole face packets, and PSNR of (6 Y + Cb + Cr) / 8 against the exact pictures."""

    quality: int
    step: float
    bytes_per_packet: float
    intra_bytes: float
    inter_bytes: float
    payload_bytes: float
    psnr_db: float
    pooled_psnr_db: float


def measure(clips: Sequence[Pictures], quality: int, reference_distance: int = 2) -> RateQuality:
    """Code each clip's exact pictures (frames, S, S, 3) at 5 FPS, predicted from `reference_distance` frames
    back.

    The first frames are intra-coded. The PSNR is the mean over clips; the pooled one is that of all frames
    together.
    """
    rung = next(rung.index for rung in RUNGS if rung.size == clips[0].shape[1])
    sizes: list[list[int]] = [[], []]
    payload_bytes = 0
    clip_errors: list[list[float]] = []
    for pictures in clips:
        decoded: list[lowres.LowResFrame] = []
        errors = []
        for t, exact in enumerate(pictures):
            reference = decoded[t - reference_distance] if t >= reference_distance else None
            encoded = lowres.encode(np.rint(exact).astype(np.uint8), quality, reference)
            decoded.append(encoded.reconstruction)
            errors.append(255**2 / 10 ** (lowres.reference_error_db(encoded.reconstruction, exact) / 10))
            distance = None if reference is None else reference_distance
            packet = FacePacket(t % 256, distance, rung, quality, _OFFSETS_MS[t % 3], encoded.payload)
            sizes[int(reference is not None)].append(len(packet.serialise()))
            payload_bytes += len(encoded.payload)
        clip_errors.append(errors)
    packets = sizes[0] + sizes[1]
    return RateQuality(
        quality=quality,
        step=lowres.QUALITIES[quality].step / 16,
        bytes_per_packet=float(np.mean(packets)),
        intra_bytes=float(np.mean(sizes[0])),
        inter_bytes=float(np.mean(sizes[1])),
        payload_bytes=payload_bytes / len(packets),
        psnr_db=float(np.mean([_psnr(errors) for errors in clip_errors])),
        pooled_psnr_db=_psnr([error for errors in clip_errors for error in errors]),
    )


def _psnr(errors: Sequence[float]) -> float:
    return float(10 * np.log10(255**2 / np.mean(errors)))
