"""The voice as Opus packets (RFC 6716): mono int16 PCM at 16 kHz, DTX for pauses, concealment for losses.

An encoder or a decoder belongs to one stream and to one thread at a time; libopus shares nothing between
them, so different ones may run on different threads. Each owns native memory: `close`, the end of its `with`
block or the loss of its last reference frees it.
"""

import ctypes
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from callcodec.speech import SAMPLE_RATE_HZ, libopus
from callcodec.speech.libopus import OpusError

__all__ = [
    "PACKET_LENGTHS_MS",
    "OpusDecoder",
    "OpusEncoder",
    "OpusError",
    "is_silent",
    "packet_duration_samples",
]

RTP_CLOCK_HZ: Final = 48_000  # RFC 7587, section 4.1: whatever the bandwidth
PACKET_LENGTHS_MS: Final = (20, 40, 60, 80, 100, 120)
MAX_PACKET_MS: Final = 120  # RFC 6716, section 3.2.5, R5
MAX_PACKET_BYTES: Final = 6 * 1275  # six 20 ms frames of the largest size, RFC 6716, section 3.4
MIN_BITRATE_BPS: Final = 5_000  # below, libopus stops to code speech
MAX_BITRATE_BPS: Final = 64_000

_MAX_SAMPLES: Final = SAMPLE_RATE_HZ * MAX_PACKET_MS // 1000
_CONCEALMENT_UNIT: Final = SAMPLE_RATE_HZ // 400  # libopus conceals multiples of 2.5 ms


class _Native:
    """Owner of one native encoder or decoder."""

    def __init__(self, create: str, destroy: str, *settings: int) -> None:
        self._state: int | None = None
        self._library = libopus.load()
        self._destroy = destroy
        status = ctypes.c_int()
        state = getattr(self._library, create)(SAMPLE_RATE_HZ, 1, *settings, ctypes.byref(status))
        _check(status.value)
        self._state = state

    def close(self) -> None:
        """Frees the native memory; closing twice does nothing."""
        state, self._state = self._state, None
        if state is not None:
            getattr(self._library, self._destroy)(state)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_state", None) is not None:  # an __init__ that failed may have set nothing
            self.close()

    def _handle(self) -> int:
        if self._state is None:
            raise OpusError("this Opus encoder or decoder is closed")
        return self._state


class OpusEncoder(_Native):
    """Encodes one speaker, one packet per `packet_ms`, at a mean payload rate of about `bitrate_bps`.

    Speech at 40 ms and longer stays a tenth below that rate; single packets take up to 1.6 times the mean.
    OpusError for a setting that cannot be had.
    """

    def __init__(self, bitrate_bps: int, packet_ms: int, dtx: bool = False, complexity: int = 10) -> None:
        if packet_ms not in PACKET_LENGTHS_MS:
            raise OpusError(f"{packet_ms} ms is no voice packet length; choose from {PACKET_LENGTHS_MS}")
        if not 0 <= complexity <= 10:
            raise OpusError(f"an Opus complexity of {complexity} is outside 0 to 10")
        super().__init__("opus_encoder_create", "opus_encoder_destroy", libopus.APPLICATION_VOIP)
        self.packet_ms = packet_ms
        self.frame_samples = SAMPLE_RATE_HZ * packet_ms // 1000
        self.bitrate_bps = bitrate_bps
        self._set(libopus.SET_SIGNAL, libopus.SIGNAL_VOICE)
        self._set(libopus.SET_COMPLEXITY, complexity)
        self._set(libopus.SET_VBR, 1)
        self._set(libopus.SET_VBR_CONSTRAINT, 1)
        self._set(libopus.SET_DTX, int(dtx))
        self._packet = ctypes.create_string_buffer(MAX_PACKET_BYTES)

    @property
    def bitrate_bps(self) -> int:
        """Mean payload rate in bit/s, 5,000 to 64,000; may be changed between two packets."""
        return self._bitrate_bps

    @bitrate_bps.setter
    def bitrate_bps(self, bitrate_bps: int) -> None:
        if not MIN_BITRATE_BPS <= bitrate_bps <= MAX_BITRATE_BPS:
            raise OpusError(f"{bitrate_bps} bit/s is outside {MIN_BITRATE_BPS} to {MAX_BITRATE_BPS}")
        self._set(libopus.SET_BITRATE, bitrate_bps)
        self._bitrate_bps = bitrate_bps

    def change_packet_length(self, packet_ms: int) -> None:
        """Take so much from the next packet on, 20 to 120 ms (OpusError otherwise)."""
        if packet_ms not in PACKET_LENGTHS_MS:
            raise OpusError(f"{packet_ms} ms is no voice packet length; choose from {PACKET_LENGTHS_MS}")
        self.packet_ms = packet_ms
        self.frame_samples = SAMPLE_RATE_HZ * packet_ms // 1000

    @property
    def lookahead_samples(self) -> int:
        """Samples at 16 kHz by which decoded sound lags the input; lip sync adds it to a picture's time."""
        value = ctypes.c_int32()
        _check(self._library.opus_encoder_ctl(self._handle(), libopus.GET_LOOKAHEAD, ctypes.byref(value)))
        return value.value

    def encode(self, pcm: NDArray[np.int16]) -> bytes:
        """One packet from exactly `frame_samples` samples, int16, (frame_samples,); else OpusError."""
        if pcm.dtype != np.int16 or pcm.shape != (self.frame_samples,):
            raise OpusError(
                f"{self.packet_ms} ms of voice are {self.frame_samples} samples of int16, "
                f"not {pcm.shape} of {pcm.dtype}"
            )
        samples = np.ascontiguousarray(pcm).ctypes.data_as(libopus.Int16Pointer)
        length = self._library.opus_encode(
            self._handle(), samples, self.frame_samples, self._packet, MAX_PACKET_BYTES
        )
        return self._packet.raw[: _check(length)]

    def _set(self, request: int, value: int) -> None:
        _check(self._library.opus_encoder_ctl(self._handle(), request, ctypes.c_int32(value)))


class OpusDecoder(_Native):
    """Decodes one speaker's packets in order; `conceal` stands in for each one that did not come."""

    def __init__(self) -> None:
        super().__init__("opus_decoder_create", "opus_decoder_destroy")
        self._pcm = np.empty(_MAX_SAMPLES, np.int16)

    def decode(self, packet: bytes) -> NDArray[np.int16]:
        """The packet's sound, int16 at 16 kHz, (n,), n <= 1920. OpusError when it is no Opus packet."""
        packet_duration_samples(packet, SAMPLE_RATE_HZ)
        return self._decode(packet, _MAX_SAMPLES)

    def conceal(self, samples: int) -> NDArray[np.int16]:
        """`samples` (1 to 1920) that carry the sound over a gap, int16 at 16 kHz.

        libopus lets them fade; after DTX they are its comfort noise. What comes next joins without a click
        when `samples` is a multiple of 40. OpusError when `samples` is out of range.
        """
        if not 1 <= samples <= _MAX_SAMPLES:
            raise OpusError(f"{samples} samples cannot be concealed at once (1 to {_MAX_SAMPLES})")
        whole = -(-samples // _CONCEALMENT_UNIT) * _CONCEALMENT_UNIT
        return self._decode(None, whole)[:samples]

    def _decode(self, packet: bytes | None, limit: int) -> NDArray[np.int16]:
        samples = self._pcm.ctypes.data_as(libopus.Int16Pointer)
        length = 0 if packet is None else len(packet)
        count = self._library.opus_decode(self._handle(), packet, length, samples, limit, 0)
        return self._pcm[: _check(count)].copy()


def packet_duration_samples(packet: bytes, rate_hz: int = RTP_CLOCK_HZ) -> int:
    """Length of a packet in samples at `rate_hz`, one of Opus' five rates: above 0 and at most 120 ms.

    Only the packet's first two bytes are read. OpusError when they, or its size, rule out that it is one.
    """
    if not packet:
        raise OpusError("an Opus packet has at least one byte")
    if len(packet) > MAX_PACKET_BYTES:
        raise OpusError(f"{len(packet)} bytes are too many for an Opus packet (at most {MAX_PACKET_BYTES})")
    if rate_hz not in (8_000, 12_000, 16_000, 24_000, RTP_CLOCK_HZ):
        raise OpusError(f"Opus does not know a sample rate of {rate_hz} Hz")
    samples = _check(libopus.load().opus_packet_get_nb_samples(packet, len(packet), rate_hz))
    if not 0 < samples <= rate_hz * MAX_PACKET_MS // 1000:
        raise OpusError(f"an Opus packet lasts at most {MAX_PACKET_MS} ms")
    return samples


def is_silent(packet: bytes) -> bool:
    """Whether an encoder with DTX says by this packet that it need not be sent: one of at most 2 bytes.

    opus_encode's documentation; RFC 7587, section 3.1.3.
    """
    return len(packet) <= 2


def _check(code: int) -> int:
    if code < 0:
        raise OpusError(f"Opus: {libopus.error_text(code)}")
    return code
