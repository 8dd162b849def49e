"""The bundled sample, long enough for a call of any length: a file that repeats it, made once a run."""

from __future__ import annotations

import atexit
import functools
import math
import shutil
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from callcodec.media.clip import open_clip
from callcodec.sample import sample_clip


@functools.cache
def long_sample(seconds: float) -> Path:
    """At least so long a film of it. The file goes when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="callcodec-links-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "long.mp4"
    _repeat(sample_clip(), path, math.ceil(seconds / open_clip(sample_clip()).duration_s))
    return path


@dataclass(frozen=True)
class _Timed:
    """A packet, and when it is decoded and shown, in units of its stream's time base."""

    packet: av.Packet[av.stream.Stream]
    dts: int
    pts: int
    base: Fraction


def _repeat(clip: Path, path: Path, times: int) -> None:
    """Copies the packets of `clip` one after the other, nothing is coded anew."""
    with av.open(str(path), "w") as film, av.open(str(clip)) as first:
        streams = {stream.index: film.add_stream_from_template(stream) for stream in first.streams}
        packets = [
            _Timed(p, p.dts, p.pts, p.time_base)
            for p in first.demux()
            if p.dts is not None and p.pts is not None
        ]
        begin_s: Fraction = min([p.dts * p.base for p in packets])
        # No packet may stand before the one that it follows: each turn is as long as the longest stream.
        length_s = max([(p.dts + (p.packet.duration or 0)) * p.base for p in packets]) - begin_s
        for turn in range(times):
            for timed in packets:
                copy = av.Packet(bytes(timed.packet))
                copy.time_base = timed.base
                shift = round((turn * length_s - min(begin_s, Fraction(0))) / timed.base)
                copy.dts, copy.pts = timed.dts + shift, timed.pts + shift
                copy.duration, copy.is_keyframe = timed.packet.duration, timed.packet.is_keyframe
                copy.stream = streams[timed.packet.stream.index]
                film.mux(copy)
