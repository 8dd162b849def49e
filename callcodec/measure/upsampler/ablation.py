"""What each input is worth: one network, one thing taken away or bought at a time, nothing retrained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

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
WITHOUT_HINTS = "no hints"


@dataclass(frozen=True)
class Variant:
    """One thing that is different; ``against``: the variant without that difference, None for the first."""

    name: str
    wire: Wire
    switches: Switches = field(default_factory=Switches)
    channel: HintsChannel | None = None
    against: str | None = BASE


@dataclass(frozen=True)
class Ablation:
    """A variant's figures; ``against``: the row that they are to be compared with."""

    row: Row
    against: str | None


def variants(
    reconstructor: Reconstructor, wire: Wire, channels: Sequence[HintsChannel], scenes: Sequence[Scene]
) -> list[Variant]:
    """Every switch that this reconstructor has. ``wire``: as in a call with hints, which the first of ``channels``
    carries; ``scenes`` tell what hints cost."""
    hinted = takes_hints(reconstructor) and bool(channels)
    channel = channels[0] if hinted else None
    base = Variant(BASE, wire, channel=channel, against=None)
    rows = [base, *_without_inputs(base)]
    for change in (2, -2):
        quality = min(max(wire.quality + change, 0), len(QUALITIES) - 1)
        rows.append(
            replace(base, name=f"low resolution of quality {quality}", wire=replace(wire, quality=quality))
        )
    if len({scene.cache.clips[scene.index].person for scene in scenes}) > 1:
        rows.append(
            replace(base, name="identity image of another person", switches=Switches(foreign_identity=True))
        )
    if takes_hints(reconstructor) and any(scene.emotion is not None for scene in scenes):
        rows.append(replace(base, name="emotion told, where it is known", switches=Switches(emotion=True)))
    rows = [replace(row, against=None if row is base else BASE) for row in rows]
    if channel is not None:
        cost = _mean([scene.hints(channel, wire).bytes_a_packet for scene in scenes])
        plain = Variant(WITHOUT_HINTS, wire)
        rows += [plain, Variant("no hints, their bytes in low resolution", richer(scenes, wire, cost))]
        rows += [Variant(f"hints {other.name}", wire, channel=other) for other in channels[1:]]
        rows += [
            replace(row, name=f"no hints, {row.name}", against=WITHOUT_HINTS)
            for row in _without_inputs(plain)
        ]
    return rows


def _without_inputs(base: Variant) -> list[Variant]:
    """``base`` with less to go by."""
    return [
        replace(base, name=name, switches=switches)
        for name, switches in (
            ("voice: silence", Switches(voice=Voice.SILENCE)),
            ("voice: moved by half of the clip", Switches(voice=Voice.SHUFFLED)),
            ("T = 3", Switches(window=3)),
            ("T = 1", Switches(window=1)),
            ("without consistency", Switches(consistency=False)),
        )
    ]


def richer(scenes: Sequence[Scene], wire: Wire, bytes_more: float) -> Wire:
    """``wire`` with the quality whose pictures take up ``bytes_more`` a packet, nearest in the mean."""

    def size(quality: int) -> float:
        return _mean([scene.delivery(replace(wire, quality=quality)).payload_bytes for scene in scenes])

    wanted = size(wire.quality) + bytes_more
    return replace(
        wire,
        quality=min(range(wire.quality, len(QUALITIES)), key=lambda quality: abs(size(quality) - wanted)),
    )


def ablate(
    rows: Sequence[Variant],
    reconstructor: Reconstructor,
    scenes: Sequence[Scene],
    sampling: Sampling,
    detector: Detector,
    say: Callable[[str], None],
) -> tuple[Ablation, ...]:
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
    return tuple(Ablation(summarise(row.name, figures[row.name]), row.against) for row in rows)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
