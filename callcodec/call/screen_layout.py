"""Where everything stands in the window: boxes of text that never overlap, whatever the figures are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from PIL import ImageFont

from callcodec.call.keys import LEGEND, Key
from callcodec.call.status import CallStatus, Switches
from callcodec.call.status_line import (
    clock,
    figures,
    mark,
    stands_still,
    switched,
)
from receiver.state import State

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

PICTURE_PX = 256
TEXT: Colour = (236, 238, 241)
DIM: Colour = (136, 143, 154)
GOOD: Colour = (72, 207, 173)
CAUTION: Colour = (246, 187, 66)
ALARM: Colour = (255, 107, 107)

_WRITABLE = str.maketrans({"–": "-", "×": "x", "↑": "up ", "↓": "down ", "·": ","})
"""The font that comes with Pillow has Latin letters only."""


@dataclass(frozen=True)
class Box:
    """A rectangle of the window in pixels, from its upper left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Label:
    """A line of text in a box. ``dot``: a mark in that colour before it. ``ground``: dark, behind it."""

    text: str
    box: Box
    size: int
    colour: Colour
    dot: Colour | None = None
    ground: bool = False


@dataclass(frozen=True)
class Layout:
    """A whole window of ``width`` × ``height`` pixels. ``dimmed``: the picture is darkened, for it is not live."""

    width: int
    height: int
    picture: Box
    own: Box
    labels: tuple[Label, ...]
    dimmed: bool


@cache
def font(size: int) -> Font:
    """The font at so many pixels."""
    return ImageFont.load_default(size)


def lay_out(status: CallStatus, scale: int = 2) -> Layout:
    """The window for a picture enlarged ``scale`` times, 2 or 3."""
    side = PICTURE_PX * scale
    margin, size = 4 * scale, 5 + 4 * scale
    row = size + 3 * scale
    own_px = 56 * scale
    own = Box(side - own_px - margin, margin, own_px, own_px)
    pills = _pills(status, size, margin, own.x - 2 * margin)
    first = side + scale + 2
    cells = [(text, TEXT) for text in [clock(status), *figures(status)]]
    keys = [(f"{key.value} {words}", CAUTION if _on(key, status.switches) else DIM) for key, words in LEGEND]
    labels = (
        *pills,
        *_notice(status, side, size, margin),
        *_spread(cells, size, Box(margin, first, side - 2 * margin, row)),
        *_spread(keys, size - 1, Box(margin, first + row, side - 2 * margin, row)),
    )
    return Layout(side, first + 2 * row + scale, Box(0, 0, side, side), own, labels, stands_still(status))


@lru_cache(4096)
def text_width(text: str, size: int) -> int:
    """Pixels that ``text`` takes."""
    return int(font(size).getlength(text) + 0.999)


def _on(key: Key, switches: Switches) -> bool:
    return {
        Key.MUTE: switches.muted,
        Key.CAMERA: switches.camera_off,
        Key.RECORD: switches.recording,
        Key.EMOTION: switches.emotion is not None,
        Key.PUSH_TO_TALK: switches.push_to_talk,
    }.get(key, False)


def _pills(status: CallStatus, size: int, margin: int, width: int) -> list[Label]:
    """What the picture is and what is switched, one below the other in the upper left corner."""
    said = mark(status)
    marks = [] if said is None else [(said, GOOD if status.reconstructed else CAUTION)]
    marks += [(words, ALARM if words == "recording" else CAUTION) for words in switched(status.switches)]
    labels, y = [], margin
    for words, dot in marks:
        height = size + margin
        text = _fitted(words, size, width - height - margin)
        box = Box(margin, y, height + text_width(text, size) + margin, height)
        labels.append(Label(text, box, size, TEXT, dot, ground=True))
        y += height + margin // 2
    return labels


def _notice(status: CallStatus, side: int, size: int, margin: int) -> list[Label]:
    """What must not be overlooked: on the picture's lower half, the first line large."""
    large = 2 * size - 2
    lines: tuple[tuple[str, int, Colour], ...] = ()
    if status.state is State.LOST:
        lines = (
            (f"Lost for {status.still_s:.0f} s", large, ALARM),
            ("Nothing is heard of the other side.", size, TEXT),
        )
    elif stands_still(status):
        lines = (
            (f"Frozen for {status.still_s:.0f} s", large, ALARM),
            ("This is the last picture that came.", size, TEXT),
        )
    elif status.state is State.WRONG_IDENTITY:
        return [_warning("The identity image is of another face.", side, size, margin)]
    elif status.state is State.WAITING:
        lines = (("Waiting for the other side", size + 2, TEXT),)
    elif status.state is State.VOICE_ONLY:
        lines = (("Voice only: no picture yet", size + 2, TEXT),)
    y = (side - sum(line_size + margin for _, line_size, _ in lines)) // 2 + side // 8
    labels = []
    for words, line_size, colour in lines:
        width, height = text_width(words, line_size), line_size + margin
        labels.append(Label(words, Box((side - width) // 2, y, width, height), line_size, colour))
        y += height
    return labels


def _warning(words: str, side: int, size: int, margin: int) -> Label:
    """On a dark ground at the picture's lower edge."""
    height = size + margin
    width = text_width(words, size) + height + margin
    box = Box((side - width) // 2, side - height - margin, width, height)
    return Label(words, box, size, TEXT, ALARM, ground=True)


def _spread(cells: Sequence[tuple[str, Colour]], size: int, box: Box) -> list[Label]:
    """The cells side by side over the whole width, in a smaller font where they would not fit otherwise."""
    texts = [_writable(text) for text, _ in cells]
    least_gap = size // 2
    while size > 8 and sum(text_width(t, size) + least_gap for t in texts) - least_gap > box.width:
        size -= 1
    room = (box.width - (len(texts) - 1) * least_gap) // len(texts)
    if sum(text_width(t, size) + least_gap for t in texts) - least_gap > box.width:
        texts = [_fitted(text, size, room) for text in texts]
    widths = [text_width(text, size) for text in texts]
    gap = (box.width - sum(widths)) / max(1, len(texts) - 1)
    labels, x = [], float(box.x)
    for text, width, (_, colour) in zip(texts, widths, cells, strict=True):
        labels.append(Label(text, Box(int(x), box.y, width, box.height), size, colour))
        x += width + gap
    return labels


def _fitted(text: str, size: int, width: int) -> str:
    """The text, cut short where it is wider than ``width`` pixels."""
    text = _writable(text)
    while text and text_width(text, size) > width:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def _writable(text: str) -> str:
    return text.translate(_WRITABLE)
