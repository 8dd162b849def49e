"""The outgoing H.264 track: every picture is encoded in a worker and leaves as soon as it is."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callcodec.media.h264_encoder import H264Encoder
from callcodec.transport.video_line import MAX_KBPS, MIN_KBPS, VIDEO_CLOCK_HZ, VideoLine
from callcodec.transport.worker import Worker

KEY_INTERVAL_S = 0.4
"""Requests that cross with their answer are not answered again: at 60 kbps a key frame takes 0.3 s of the rate."""
MOST_WAITING = 4
"""Pictures; a machine that encodes more slowly than they come leaves some out."""
RATE_STEP = 0.05


class Encoder(Protocol):
    """What is needed of H264Encoder."""

    def set_rate(self, kbps: float) -> None:
        """Aim at another rate."""
        ...

    def encode(self, rgb: NDArray[np.uint8], key: bool = False) -> bytes:
        """One access unit."""
        ...


class VideoSender:
    """Encodes (H, W, 3) pictures of one size; key frames and lower rates as the other side asks for them."""

    def __init__(
        self,
        line: VideoLine,
        kbps: float,
        worker: Worker,
        create_encoder: Callable[[int, int, float], Encoder] = H264Encoder,
    ) -> None:
        """`kbps`: of the access units, 30 to 200 (ValueError). Sets the line's callbacks."""
        if not MIN_KBPS <= kbps <= MAX_KBPS:
            raise ValueError(f"H.264 is sent at {MIN_KBPS:g} to {MAX_KBPS:g} kbps, not {kbps:g}")
        self._line = line
        self._kbps = self._rate = kbps
        self._worker = worker
        self._create_encoder = create_encoder
        self._encoder: Encoder | None = None
        self._key_wanted = True
        self._key_s: float | None = None
        self._waiting = 0
        self.skipped = 0
        self.key_frames = 0
        line.on_key_frame_wanted = self._want_key_frame
        line.on_rate_limited = self._limit_rate

    @property
    def wanted(self) -> bool:
        """Whether the other side takes an H.264 track; else it must be sent low resolution."""
        return self._line.can_send

    @property
    def kbps(self) -> float:
        """The rate that is aimed at now."""
        return self._rate

    def aim(self, kbps: float) -> None:
        """Another rate of the access units from the next picture on, 30 to 200 (ValueError)."""
        if not MIN_KBPS <= kbps <= MAX_KBPS:
            raise ValueError(f"H.264 is sent at {MIN_KBPS:g} to {MAX_KBPS:g} kbps, not {kbps:g}")
        self._kbps = self._rate = kbps

    def push(self, picture: NDArray[np.uint8], media_time_s: float) -> None:
        """Send one picture, uint8 RGB."""
        if self._waiting >= MOST_WAITING:
            self.skipped += 1
            return
        key = self._key_wanted and (
            self._key_s is None or media_time_s - self._key_s >= KEY_INTERVAL_S - 1e-9
        )
        if key:
            self._key_wanted, self._key_s = False, media_time_s
            self.key_frames += 1
        rate = self._rate
        self._waiting += 1

        def encode() -> bytes:
            if self._encoder is None:
                self._encoder = self._create_encoder(picture.shape[1], picture.shape[0], rate)
            self._encoder.set_rate(rate)
            return self._encoder.encode(picture, key)

        def send(access_unit: bytes) -> None:
            self._waiting -= 1
            if access_unit:
                self._line.send(access_unit, round(media_time_s * VIDEO_CLOCK_HZ))

        self._worker.submit(encode, send)

    def figures(self) -> dict[str, float]:
        """What has left."""
        counts = self._line.counts
        return {
            "video_units_sent": counts.units_sent,
            "video_unit_bytes_sent": counts.unit_bytes_sent,
            "video_key_frames": self.key_frames,
            "video_key_requests_received": counts.key_requests_received,
            "video_pictures_skipped": self.skipped,
        }

    def _want_key_frame(self) -> None:
        self._key_wanted = True

    def _limit_rate(self, kbps: float) -> None:
        rate = min(max(kbps, MIN_KBPS), self._kbps)
        # A new rate costs a key frame.
        if abs(rate - self._rate) > RATE_STEP * self._rate:
            self._rate = rate
