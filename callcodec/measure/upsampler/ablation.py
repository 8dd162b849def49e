"""What each input is worth: one network, one thing taken away or bought at a time, nothing retrained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from callcodec.measure.metrics.landmarks import Detector
from callcodec.measure.upsampler.delivery import Wire
from callcodec.measure.upsampler.hints import HintsChannel
from callcodec.measure.upsampler.methods import Switches, Voice, takes_hints
from callcodec.measure.upsampler.scene import Scene
from callcodec.measure.upsampler.scoring import ClipFigures, Sampling, film, score
from callcodec.measure.upsampler.summary import Row, summarise
from callcodec.wire.lowres import QUALITIES
from models.reconstructor import Reconstructor

BASE = "as in a call"


@dataclass(frozen=True)
class Variant:
    """One row: what is different from a call."""

    name: str
    wire: Wire
    switches: Switches = Switches()  # noqa: RUF009
    channel: HintsChannel | None = None


def variants(
    reconstructor: Reconstructor,
    wire: Wire,
    channels: Sequence[HintsChannel],
    scenes: Sequence[Scene],
) -> list[Variant]:
    """Every switch that this reconstructor has; the first one is the base. ``scenes`` tell what hints cost."""
    rows = [
        Variant(BASE, wire),
        Variant("voice: silence", wire, Switches(voice=Voice.SILENCE)),
        Variant("voice: moved by half of the clip", wire, Switches(voice=Voice.SHUFFLED)),
        Variant("T = 3", wire, Switches(window=3)),
        Variant("T = 1", wire, Switches(window=1)),
        Variant("without consistency", wire, Switches(consistency=False)),
        Variant("better low resolution", replace(wire, quality=min(wire.quality + 2, len(QUALITIES) - 1))),
        Variant("worse low resolution", replace(wire, quality=max(wire.quality - 2, 0))),
    ]
    if len({scene.cache.clips[scene.index].person for scene in scenes}) > 1:
        rows.append(Variant("identity image of another person", wire, Switches(foreign_identity=True)))
    if takes_hints(reconstructor):
        if any(scene.emotion is not None for scene in scenes):
            rows.append(Variant("emotion told, where it is known", wire, Switches(emotion=True)))
        for channel in channels:
            rows.append(Variant(f"hints {channel.name}", wire, channel=channel))
            cost = _mean([scene.hints(channel, wire).bytes_a_packet for scene in scenes])
            if cost > 0:
                cheaper, dearer = equal_bytes(scenes, wire, cost)
                rows.append(
                    Variant(f"hints {channel.name}, low resolution paid for them", cheaper, channel=channel)
                )
                rows.append(Variant(f"no hints, their bytes in low resolution ({channel.name})", dearer))
    return rows


def equal_bytes(scenes: Sequence[Scene], wire: Wire, cost: float) -> tuple[Wire, Wire]:
    """(wire whose pictures leave room for ``cost`` bytes, wire whose pictures take them up), nearest in mean bytes."""

    def size(quality: int) -> float:
        return _mean([scene.delivery(replace(wire, quality=quality)).payload_bytes for scene in scenes])

    now = size(wire.quality)

    def nearest(wanted: float, qualities: range) -> Wire:
        return replace(wire, quality=min(qualities, key=lambda quality: abs(size(quality) - wanted)))

    return nearest(now - cost, range(wire.quality + 1)), nearest(
        now + cost, range(wire.quality, len(QUALITIES))
    )


def ablate(
    rows: Sequence[Variant],
    reconstructor: Reconstructor,
    scenes: Sequence[Scene],
    sampling: Sampling,
    detector: Detector,
    say: Callable[[str], None],
) -> tuple[Row, ...]:
    """Judge every variant on every scene; that with emotions only where one is known."""
    figures: dict[str, list[ClipFigures]] = {row.name: [] for row in rows}
    for n, scene in enumerate(scenes):
        truth = film(scene.cache, scene.index, sampling, detector)
        for row in rows:
            if row.switches.emotion and scene.emotion is None:
                continue
            say(f"ablations {n + 1}/{len(scenes)} {truth.name}: {row.name}")
            method = scene.reconstructed(row.name, reconstructor, row.wire, row.switches, row.channel)
            figures[row.name].append(score(method, truth, sampling, detector))
    return tuple(summarise(name, clips) for name, clips in figures.items())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
