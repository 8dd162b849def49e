"""From faces found now and then to stretches of one face with one fixed square each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from callcodec.face.box import Box, Framing
from callcodec.face.crop import change
from callcodec.face.detect import Face
from models.training.prepare.record import Refusal

_MAY_BE_MISSING_FRAMES = 25
"""A face that is not found for longer than this has gone."""
_SAME_FACE = 0.8
"""Two looks are at one face when its centre moved by less than this part of its size and it kept its size."""
_WIDENINGS = (1.0, 1.1, 1.25)
"""How much larger than usual a box may be so that a moving head stays in it; beyond, the track is split."""
_NEAR_EDGE = 0.1
"""A face may reach over the box by this part of its own size."""
_LEAST_FOUND = 0.6
"""Share of looks at which a face must have been found: cascades see faces in curtains."""


@dataclass(frozen=True)
class Look:
    """What was found in frame ``frame``; ``new_shot``: a cut lies right before it."""

    frame: int
    face: Face | None
    new_shot: bool = False


@dataclass(frozen=True)
class Track:
    """Frames ``first`` to before ``end`` show one face inside ``box``; ``face_px``: its usual size there."""

    first: int
    end: int
    box: Box
    face_px: int


@dataclass(frozen=True)
class TrackRules:
    """What makes a track worth keeping. Lengths in frames of 25 FPS, sides in pixels of the source."""

    least_frames: int
    most_frames: int
    least_side_px: int


def find_tracks(
    looks: Iterable[Look], end: int, width: int, height: int, rules: TrackRules
) -> tuple[list[Track], list[Refusal]]:
    """The tracks in a recording of ``width``×``height`` whose last frame is ``end`` − 1, and what was left out."""
    tracks: list[Track] = []
    refused: list[Refusal] = []
    stretches = _stretches(list(looks), end, width, height, rules.most_frames)
    for stretch in stretches:
        outcome = _track(stretch, width, height, rules)
        if isinstance(outcome, Track):
            tracks.append(outcome)
        else:
            refused.append(Refusal(stretch.first, stretch.end - stretch.first, outcome))
    if not stretches:
        refused.append(Refusal(0, 0, "no face was found"))
    return tracks, refused


def _track(stretch: _Stretch, width: int, height: int, rules: TrackRules) -> Track | str:
    """The track, or why it is none."""
    if stretch.end - stretch.first < rules.least_frames:
        return "a face, but for too short a time"
    faces = stretch.faces
    if len(faces) < _LEAST_FOUND * stretch.looks or not any(face.frontal for face in faces):
        return "what was found is not surely a face"
    framing = _fixed_framing(faces, width, height)
    assert framing is not None  # the stretch grew only as long as there is one
    box = framing.box(width, height)
    if box.side < rules.least_side_px:
        return f"the face is small: its box takes {box.side} pixels, {rules.least_side_px} are wanted"
    return Track(stretch.first, stretch.end, box, round(median(face.size for face in faces)))


@dataclass
class _Stretch:
    """A track while it grows. ``missed``: looks without a face since the last one with it."""

    first: int
    end: int
    faces: list[Face]
    looks: int = 0
    missed: int = 0


def _stretches(looks: list[Look], end: int, width: int, height: int, most_frames: int) -> list[_Stretch]:
    """Runs of looks at one face that one box can hold."""
    done: list[_Stretch] = []
    growing: _Stretch | None = None
    for look, following in zip(looks, [*looks[1:], None], strict=True):
        if growing is not None and (look.new_shot or look.frame - growing.end > _MAY_BE_MISSING_FRAMES):
            growing = None
        if look.face is None:
            if growing is not None:
                growing.missed += 1
            continue
        if growing is not None and (
            look.frame - growing.first >= most_frames or not _fits(growing, look.face, width, height)
        ):
            growing = None
        if growing is None:
            growing = _Stretch(look.frame, look.frame, [])
            done.append(growing)
        growing.faces.append(look.face)
        growing.looks += 1 + growing.missed
        growing.missed = 0
        # A look vouches for its own frame only, but up to a cut or the end nothing else can have happened.
        growing.end = look.frame + 1
        if following is None:
            growing.end = end
        elif following.new_shot:
            growing.end = following.frame
    return done


def _fits(stretch: _Stretch, face: Face, width: int, height: int) -> bool:
    return (
        change(face, stretch.faces[-1]) < _SAME_FACE
        and _fixed_framing([*stretch.faces, face], width, height) is not None
    )


def _fixed_framing(faces: list[Face], width: int, height: int) -> Framing | None:
    """One box for all of them, wider than usual if it must be; None where even that does not hold them."""
    xs, ys = [face.centre_x for face in faces], [face.centre_y for face in faces]
    size = median(face.size for face in faces)
    frontal = any(face.frontal for face in faces)
    for widening in _WIDENINGS:
        wide = size * widening
        x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        framing = Framing.around(Face(x - wide / 2, y - wide / 2, wide, frontal), width, height, None)
        if framing.whole or not any(_sticks_out(face, framing) for face in faces):
            return framing
    # A single face that no box holds reaches over the picture's edge: nothing better can be had.
    return framing if len(faces) == 1 else None


def _sticks_out(face: Face, framing: Framing) -> bool:
    reach = framing.side / 2 + face.size * (_NEAR_EDGE - 0.5)
    return max(abs(face.centre_x - framing.centre_x), abs(face.centre_y - framing.centre_y)) > reach
