"""Two ways to count bits: without the first picture on either side, and with everything over a call's length."""

from __future__ import annotations

from dataclasses import dataclass

from callcodec.measure.comparison.envelope import Envelope
from callcodec.measure.comparison.summary import PointSummary

CALL_LENGTHS_S = (10, 60, 600)
RTP_PACKET_BYTES = 50
"""IPv4 (20), UDP (8), RTP (12) and the SRTP tag (10): what a codec's own packet costs beside its payload."""
VOICE_PACKETS_PER_SECOND = 1 / 0.06


def whole_kbps(kbps: float, first_bytes: float, seconds: float) -> float:
    """Mean payload rate of a call of that length, the first picture included."""
    return kbps + first_bytes * 8 / 1000 / seconds


def pictures_on_the_wire_kbps(summary: PointSummary) -> float | None:
    """Whole IP packets less those of the voice alone, for a call as measured, for a codec by RTP_PACKET_BYTES.

    The first picture is left out. A codec's packets are its own; ours ride inside the voice's.
    """
    wire, voice = summary.rates["wire_kbps"], summary.rates["voice_kbps"]
    if wire is not None and voice is not None:
        return wire - voice - VOICE_PACKETS_PER_SECOND * RTP_PACKET_BYTES * 8 / 1000
    packets = summary.rates["packets_per_second"]
    return None if packets is None else summary.kbps.mean + packets * RTP_PACKET_BYTES * 8 / 1000


@dataclass(frozen=True)
class Overtaking:
    """From which length of a call on ``ours`` has sent less than a codec of equal PSNR, everything included.

    ``seconds``: None where that never comes about, or cannot be said; ``verdict``: says so in words.
    """

    ours: str
    codec: str
    equal_at: str
    their_kbps: float | None
    their_first_bytes: float | None
    seconds: float | None
    verdict: str


def overtaking(ours: PointSummary, codec: str, theirs: Envelope) -> Overtaking:
    """Compare with the codec's cheapest mixture of settings that is as good as ``ours``."""
    value = ours.mean(theirs.figure)
    equal = None if value is None else theirs.reaching(value)
    if value is None or equal is None:
        return Overtaking(ours.label, codec, "-", None, None, None, _no_equal(value, theirs))
    saved_kbps = equal.kbps - ours.kbps.mean
    extra_bits = (ours.first_bytes - equal.first_bytes) * 8
    their = equal.kbps, equal.first_bytes
    if saved_kbps <= 0:
        never = f"never: it needs {equal.kbps:.2f} kbps for the same PSNR, we {ours.kbps.mean:.2f}"
        return Overtaking(ours.label, codec, equal.label, *their, None, never)
    if extra_bits <= 0:
        return Overtaking(ours.label, codec, equal.label, *their, 0.0, "from the first second on")
    seconds = extra_bits / 1000 / saved_kbps
    return Overtaking(ours.label, codec, equal.label, *their, seconds, f"after {seconds:.0f} s")


def _no_equal(value: float | None, theirs: Envelope) -> str:
    if value is None or not theirs.corners:
        return "not measured"
    if value > theirs.corners[-1].value:
        return f"from the first second on: none of its settings reaches {value:.2f} dB"
    return f"never: its first picture repeated has {theirs.corners[0].value:.2f} dB, we {value:.2f}"
