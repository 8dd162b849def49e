"""What is compared: settings of conventional codecs, of our calls, of the paper's accounting, and a still."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from callcodec.config import from_mapping
from callcodec.measure.codecs.catalogue import Mode
from callcodec.measure.codecs.reduced import SIZES, CodecPoint
from callcodec.wire.face_packet import RUNGS

RAW = "raw"
NAMES = {"h264": "H.264", "av1": "AV1"}
DEGRADATIONS = ("h264", "av1", "blur", "low resolution")


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


@dataclass(frozen=True)
class RestoredPoint:
    """Degraded pictures after a restorer of models.restoration.registry. ``kind``, with what ``value`` says:

    h264: kbit/s where ``by_rate``, else CRF; av1: CRF; blur: side of the Gaussian kernel in pixels; low resolution:
    factor. ``size``: pixels a side, before the enlargement by a restorer that does that (mmsd: 64). ``hears``,
    ``knows``: whether the restorer is given the voice, and what the stream says.
    """

    restorer: str
    kind: str = "h264"
    value: float = 60.0
    by_rate: bool = True
    size: int = 256
    hears: bool = True
    knows: bool = True

    def __post_init__(self) -> None:
        if self.kind not in DEGRADATIONS:
            raise ValueError(f"there is no degradation {self.kind!r}; there are {', '.join(DEGRADATIONS)}")

    @property
    def label(self) -> str:
        """As reports name it."""
        rated = self.kind == "h264" and self.by_rate
        value = (
            f"{self.value:g} kbps"
            if rated
            else f"crf {self.value:g}"
            if self.kind in NAMES
            else f"{self.value:g}"
        )
        name = NAMES.get(self.kind, self.kind)
        small = "" if self.size == SIZES[0] else f" {self.size}×{self.size}"
        without = [
            text for text, given in (("voice", self.hears), ("codec information", self.knows)) if not given
        ]
        less = f" without {' and '.join(without)}" if without else ""
        shown = "decoded" if self.restorer == "none" else self.restorer
        return f"{name} {value}{small} + {shown}{less}"


Point = CodecPoint | OwnPoint | OfflinePoint | StillPoint | RestoredPoint
_KINDS: dict[str, type[Point]] = {
    "codec": CodecPoint,
    "call": OwnPoint,
    "offline": OfflinePoint,
    "still": StillPoint,
    "restored": RestoredPoint,
}


def point_to_json(point: Point) -> dict[str, object]:
    """For reports: what ``point_from_json`` reads."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(point, cls))
    values = {key: value.value if isinstance(value, Mode) else value for key, value in asdict(point).items()}
    return {"type": kind} | {key: str(v) if isinstance(v, Path) else v for key, v in values.items()}


def point_from_json(values: dict[str, object]) -> Point:
    """Raises ValueError for what is no point."""
    rest = {key: value for key, value in values.items() if key != "type"}
    kind = _KINDS.get(str(values.get("type")))
    if kind is None:
        raise ValueError(f"a report speaks of {values.get('type')!r}, which is no kind of point")
    if kind is CodecPoint:
        mode = Mode(rest.pop("mode", Mode.CALL.value))
        return replace(from_mapping(rest, CodecPoint, "a report's point"), mode=mode)
    return from_mapping(rest, kind, "a report's point")
