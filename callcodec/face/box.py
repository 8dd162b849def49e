"""The geometry of the crop: which square of a picture belongs to a face, and how that square moves."""

from __future__ import annotations

from dataclasses import dataclass

from callcodec.face.detect import Face

_BOX_PER_FACE = 1.8
"""Side of the box over the detected square: 1.65 in 160 cropped clips (median), and room for hair."""
_DROP_PER_FACE = 0.03
"""The box's centre lies this part of the detected square below the square's own."""
_WHOLE_FROM = 0.65
"""A square picture whose box would take this part of its side is a face crop already and is taken whole,"""
_WHOLE_UNTIL = 0.5
"""until the box would take less than this."""
_DEAD_ZONE = 0.12
"""The box stays while the face is within this part of its side from the centre;"""
_RESIZE_ZONE = 0.2
"""and keeps its size while the face grows or shrinks by less than this;"""
_SETTLED = 0.02
"""but once it moves, it moves until it is this near."""
_GLIDE_PER_PICTURE = 0.006
"""How far it moves from one picture to the next, in parts of its side: 15 % a second."""
_MAX_PROTRUSION = 0.25
"""A face that sticks out of the box by more than this part of its own size has left it."""


@dataclass(frozen=True)
class Box:
    """A square in whole pixels of the source picture, inside it."""

    x: int
    y: int
    side: int


@dataclass(frozen=True)
class Framing:
    """The same with fractions, so that it can move slowly. `whole`: all of a square picture."""

    centre_x: float
    centre_y: float
    side: float
    whole: bool = False

    @classmethod
    def central(cls, width: int, height: int) -> Framing:
        """The largest square in the middle of a picture."""
        return cls(width / 2, height / 2, float(min(width, height)), abs(width - height) <= 0.01 * width)

    @classmethod
    def around(cls, face: Face, width: int, height: int, former: Framing | None) -> Framing:
        """Head and shoulders, moved inside the picture where they reach over its edge."""
        short = min(width, height)
        side = min(face.size * _BOX_PER_FACE, short)
        central = cls.central(width, height)
        was_whole = former is not None and former.whole
        # Tilted heads and profiles are measured too badly to decide this.
        decided = face.frontal or (former is not None and not former.whole)
        if central.whole and (not decided or side >= short * (_WHOLE_UNTIL if was_whole else _WHOLE_FROM)):
            return central
        centre_y = face.centre_y + face.size * _DROP_PER_FACE
        return cls(_inside(face.centre_x, side, width), _inside(centre_y, side, height), side)

    def box(self, width: int, height: int) -> Box:
        """To whole pixels."""
        side = max(1, min(round(self.side), width, height))
        x = min(max(round(self.centre_x - side / 2), 0), width - side)
        y = min(max(round(self.centre_y - side / 2), 0), height - side)
        return Box(x, y, side)

    def lost(self, face: Face) -> bool:
        """Whether that face has left the square."""
        if self.whole:
            return False
        reach = self.side / 2 + face.size * (_MAX_PROTRUSION - 0.5)
        return max(abs(face.centre_x - self.centre_x), abs(face.centre_y - self.centre_y)) > reach

    def differs(self, other: Framing) -> bool:
        """Whether another framing is outside the zone in which this one stays where it is."""
        away = max(abs(other.centre_x - self.centre_x), abs(other.centre_y - self.centre_y))
        return away > _DEAD_ZONE * self.side or abs(other.side - self.side) > _RESIZE_ZONE * self.side

    def settled_at(self, goal: Framing) -> bool:
        """Whether a movement towards `goal` is over."""
        away = max(abs(goal.centre_x - self.centre_x), abs(goal.centre_y - self.centre_y))
        return max(away, abs(goal.side - self.side)) <= _SETTLED * self.side

    def towards(self, goal: Framing) -> Framing:
        """One picture's movement towards `goal`."""
        step = _GLIDE_PER_PICTURE * self.side
        return Framing(
            _stepped(self.centre_x, goal.centre_x, step),
            _stepped(self.centre_y, goal.centre_y, step),
            _stepped(self.side, goal.side, step),
            goal.whole,
        )


def _inside(centre: float, side: float, length: int) -> float:
    return min(max(centre, side / 2), length - side / 2)


def _stepped(value: float, goal: float, step: float) -> float:
    return value + min(max(goal - value, -step), step)
