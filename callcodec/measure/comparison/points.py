"""What is compared: settings of conventional codecs, of our calls, of the paper's accounting, and a still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from callcodec.config import from_mapping
from callcodec.measure.codecs.catalogue import CODECS, Mode, find_codec
from callcodec.measure.codecs.reduced import RATES, SIZES, CodecPoint
from callcodec.wire.face_packet import RUNGS

OURS = "ours"
STILL, RAW = "first picture", "raw"
CALL_CODECS = (*CODECS, OURS)


@dataclass(frozen=True)
class OwnPoint:
    """One setting of our own call, through the simulated one. ``weights``: a file instead of the shipped ones.

    ``voice`` False: the other side hears silence. ``identity`` False: a grey picture is sent as identity image.
    ``emotion``: the data set's label is announced.
    """

    reconstructor: str = "compact"
    rung: int = 0
    quality: int = 9
    hints: bool = True
    carrier: str = "opus"
    voice: bool = True
    identity: bool = True
    consistency: bool = True
    emotion: bool = False
    weights: Path | None = None

    @property
    def label(self) -> str:
        """As reports name it: what differs from a phone call is said."""
        rung = RUNGS[self.rung]
        parts = [
            f"{self.reconstructor} {rung.size}×{rung.size} {rung.frames_per_second:g} FPS q{self.quality}"
        ]
        parts += ["hints"] if self.hints else ["no hints"]
        parts += [f"carrier {self.carrier}"] if self.carrier != "opus" else []
        said = (("no voice", not self.voice), ("no identity image", not self.identity),
                ("no consistency", not self.consistency), ("emotion told", self.emotion),
                (f"weights {'' if self.weights is None else self.weights.stem}", self.weights is not None))  # fmt: skip
        return ", ".join(parts + [text for text, is_so in said if is_so])


@dataclass(frozen=True)
class OfflinePoint:
    """8×8 pictures as their receiver has them, without a call. ``quality`` None: raw, 192 bytes."""

    reconstructor: str
    frames_per_second: float
    quality: int | None = None

    @property
    def label(self) -> str:
        """As reports name it."""
        coded = RAW if self.quality is None else f"q{self.quality}"
        return f"{self.reconstructor} 8×8 {self.frames_per_second:g} FPS {coded}, no call"


@dataclass(frozen=True)
class StillPoint:
    """The first picture, repeated: what zero bits buy when the first picture is free."""

    @property
    def label(self) -> str:
        """As reports name it."""
        return "first picture repeated"


Point = CodecPoint | OwnPoint | OfflinePoint | StillPoint
_KINDS: dict[str, type[Point]] = {
    "codec": CodecPoint,
    "call": OwnPoint,
    "offline": OfflinePoint,
    "still": StillPoint,
}


def point_to_json(point: Point) -> dict[str, object]:
    """For reports: what ``point_from_json`` reads."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(point, cls))
    values = {key: value.value if isinstance(value, Mode) else value for key, value in asdict(point).items()}
    return {"kind": kind} | {key: str(v) if isinstance(v, Path) else v for key, v in values.items()}


def point_from_json(values: dict[str, object]) -> Point:
    """Raises ValueError for what is no point."""
    rest = {key: value for key, value in values.items() if key != "kind"}
    kind = _KINDS.get(str(values.get("kind")))
    if kind is None:
        raise ValueError(f"a report speaks of {values.get('kind')!r}, which is no kind of point")
    if kind is CodecPoint:
        mode = Mode(rest.pop("mode", Mode.CALL.value))
        return replace(from_mapping(rest, CodecPoint, "a report's point"), mode=mode)
    return from_mapping(rest, kind, "a report's point")


PHONE, FRUGAL = OwnPoint(), OwnPoint(quality=5)
RATE_LADDER = (
    replace(PHONE, quality=1), FRUGAL, PHONE, replace(PHONE, quality=13),
    replace(PHONE, rung=2), replace(PHONE, rung=4),
)  # fmt: skip
"""Our rate-distortion curve: six rates, each the best that we know at its rate."""


@dataclass(frozen=True)
class Plan:
    """``screened`` points are judged by a few figures, those on an envelope by all; ``judged`` ones always by all."""

    screened: tuple[CodecPoint, ...]
    judged: tuple[Point, ...]


def full_plan(names: tuple[str, ...], weights: Path | None = None) -> Plan:
    """Everything that the chosen ``names`` (codecs, "ours") allow. ``weights``: of the paper's network."""
    codecs = codecs_of(names)
    low_delay = tuple(
        CodecPoint(codec, size, rate, crf)
        for codec in codecs for size in SIZES for rate in RATES for crf in CODECS[codec].rates
    )  # fmt: skip
    offline = tuple(
        CodecPoint(codec, 256, 25.0, crf, Mode.OFFLINE) for codec in codecs for crf in CODECS[codec].rates
    )
    own: tuple[Point, ...] = ()
    if OURS in names:
        own = (*RATE_LADDER, *other_rungs(), *single_changes(), *offline_points())
        if weights is not None:
            own += (replace(PHONE, reconstructor="paper", hints=False, weights=weights),)
    return Plan(low_delay + offline, (StillPoint(), *own))


def quick_plan(names: tuple[str, ...]) -> Plan:
    """Two clips in two minutes: fewer rates and sizes, the two calls that people make, and bicubic."""
    low_delay = tuple(
        CodecPoint(codec, size, rate, crf)
        for codec in codecs_of(names) for size, rate in ((256, 25.0), (128, 5.0), (64, 5.0))
        for crf in CODECS[codec].rates[:4:2]
    )  # fmt: skip
    own = (FRUGAL, PHONE, replace(PHONE, reconstructor="bicubic", hints=False)) if OURS in names else ()
    return Plan(low_delay, (StillPoint(), *own))


def with_points(plan: Plan, more: Sequence[Point]) -> Plan:
    """``plan`` with ``more`` points that are judged by all figures."""
    new = tuple(point for point in dict.fromkeys(more) if point not in plan.judged)
    return replace(plan, judged=plan.judged + new)


def other_rungs() -> tuple[OwnPoint, ...]:
    """The rungs that the rate ladder leaves out."""
    used = {point.rung for point in RATE_LADDER}
    return tuple(replace(PHONE, rung=rung.index) for rung in RUNGS if rung.index not in used)


def single_changes() -> tuple[OwnPoint, ...]:
    """A phone call with one thing changed at a time."""
    return (
        replace(PHONE, reconstructor="bicubic", hints=False),
        replace(PHONE, hints=False),
        replace(PHONE, voice=False),
        replace(PHONE, hints=False, voice=False),
        replace(PHONE, identity=False),
        replace(PHONE, consistency=False),
        replace(PHONE, emotion=True),
        replace(PHONE, carrier="channel"),
    )


def offline_points() -> tuple[OfflinePoint, ...]:
    """The paper's accounting beside the coded one, and 25 coded 8×8 pictures a second, which no rung carries."""
    raw = tuple(OfflinePoint(name, rate) for name in ("compact", "bicubic") for rate in (5.0, 12.5, 25.0))
    return (*raw, OfflinePoint("compact", 25.0, PHONE.quality))


def codecs_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """The conventional ones of ``names``. ValueError for one that nobody knows."""
    return tuple(find_codec(name).name for name in names if name != OURS)
