"""Making the portrait move: the head turns, the eyes blink, the mouth speaks.

Everything happens backwards: for each pixel of the new picture it is computed where in the portrait it
comes from. All lengths are pixels of scikit-image's astronaut (512×512), where the landmarks were measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WINDOW_LEFT, WINDOW_TOP = 62.0, 4.0
WINDOW_WIDTH, WINDOW_HEIGHT = 320.0, 240.0
OUT_WIDTH, OUT_HEIGHT = 512, 384
_OVERSAMPLING = 2

_INTERIOR_RGB = np.array([52, 17, 16], np.float32)
_TONGUE_RGB = np.array([128, 62, 60], np.float32)


@dataclass(frozen=True)
class Pose:
    """Where the head is, as shifts in pixels to the viewer's right and down.

    `roll_deg` tilts it to the right; `yaw` and `pitch` shift its middle, right and down, while its
    outline stays; `chest` is how far breathing lifts the shoulders.
    """

    right: float = 0.0
    down: float = 0.0
    roll_deg: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    chest: float = 0.0


@dataclass(frozen=True)
class Expression:
    """What the face does.

    `mouth`: -1 closed, 0 the portrait's smile with its teeth, 1 wide open. `width`: the mouth's, 1 as in the
    portrait. `lids`: 0 open, 1 shut. `brows`: pixels up.
    """

    mouth: float = 0.0
    width: float = 1.0
    lids: float = 0.0
    brows: float = 0.0


@dataclass(frozen=True)
class _Eye:
    left_x: float
    left_y: float
    right_x: float
    right_y: float
    upper: float
    lower: float


_EYES = (
    _Eye(192.5, 101.0, 213.5, 103.2, upper=4.4, lower=2.6),
    _Eye(236.5, 104.6, 259.5, 104.4, upper=4.8, lower=2.2),
)
_MOUTH_X, _MOUTH_HALF_WIDTH, _MOUTH_CORNER_Y = 223.5, 21.5, 139.5
_UPPER_LIP_SAG, _LOWER_LIP_SAG = 3.4, 10.4
_CHIN_Y, _NECK_END_Y = 176.0, 197.0


def render(portrait: NDArray[np.uint8], pose: Pose, expression: Expression) -> NDArray[np.uint8]:
    """uint8 (384, 512, 3): the window around head and shoulders, from the portrait, uint8 (512, 512, 3)."""
    width, height = OUT_WIDTH * _OVERSAMPLING, OUT_HEIGHT * _OVERSAMPLING
    xs = WINDOW_LEFT + (np.arange(width, dtype=np.float32) + 0.5) * (WINDOW_WIDTH / width) - 0.5
    ys = WINDOW_TOP + (np.arange(height, dtype=np.float32) + 0.5) * (WINDOW_HEIGHT / height) - 0.5
    x, y = np.meshgrid(xs, ys)
    x, y = _unpose(x, y, pose)
    y = _unraise_brows(x, y, expression.brows)
    for eye in _EYES:
        y = _unblink(x, y, eye, expression.lids)
    large = _speak(portrait, x, y, expression)
    small = cv2.resize(large, (OUT_WIDTH, OUT_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(np.rint(small), 0, 255), np.uint8)


def _unpose(x: Floats, y: Floats, pose: Pose) -> tuple[Floats, Floats]:
    """Takes back the head's movement; it fades out beyond the hair and over the neck, so nothing tears."""
    from_centre = np.sqrt(((x - 226) / 76) ** 2 + ((y - 95) / 85) ** 2)
    neck = np.exp(-(((x - 222) / 37) ** 4))
    head = (1 - _ramp(from_centre, 1.0, 1.6)) * (1 - _ramp(y, 132 + 26 * neck, 162 + 42 * neck))
    roll = np.deg2rad(pose.roll_deg)
    # Round the joint of head and neck.
    dx = pose.right - (y - 165) * roll
    dy = pose.down + (x - 222) * roll
    depth = np.exp(-(((x - 224) / 42) ** 2) - ((y - 116) / 50) ** 2)
    depth += 0.3 * np.exp(-(((x - 225) / 8) ** 2) - ((y - 122) / 11) ** 2)
    dx += pose.yaw * depth
    dy += pose.pitch * depth
    body = _ramp(y, 150, 230) * np.exp(-(((x - 215) / 150) ** 4)) * (1 - head)
    return (x - head * dx).astype(np.float32), (y - head * dy + body * pose.chest).astype(np.float32)


def _unraise_brows(x: Floats, y: Floats, brows: float) -> Floats:
    area = np.zeros_like(x)
    for centre_x, centre_y in ((201.0, 90.0), (249.0, 93.0)):
        area += np.exp(-(((x - centre_x) / 15) ** 4) - ((y - centre_y) / 5.5) ** 2)
    return (y + brows * area).astype(np.float32)


def _unblink(x: Floats, y: Floats, eye: _Eye, lids: float) -> Floats:
    """The upper lid is drawn down over the eye with its lashes; its skin stretches up to the brow."""
    if lids <= 0:
        return y
    along = (x - eye.left_x) / (eye.right_x - eye.left_x)
    bow = np.clip(1 - (2 * along - 1) ** 2, 0, 1) ** 0.75
    corners = eye.left_y + along * (eye.right_y - eye.left_y)
    upper = corners - eye.upper * bow
    shift = lids * (eye.upper + 0.85 * eye.lower) * bow
    lashes, skin = 2.2, 6.0
    above = upper + shift - y
    stretched = lashes + (above - lashes) * skin / (skin + shift)
    source = np.where(above < lashes, upper - above, upper - stretched)
    on_lid = (bow > 0) & (above >= 0) & (above < lashes + skin + shift)
    return np.where(on_lid, source, y).astype(np.float32)


def _speak(portrait: NDArray[np.uint8], x: Floats, y: Floats, expression: Expression) -> Floats:
    """Upper lip, lower lip with the jaw, and what is seen between them, each moved alone; float (H, W, 3)."""
    opening, closing = max(expression.mouth, 0.0), max(-expression.mouth, 0.0)
    x = _unwiden(x, y, expression.width)
    across = np.clip((x - _MOUTH_X) / _MOUTH_HALF_WIDTH, -1, 1)
    bow = 1 - across**2
    upper, lower = _MOUTH_CORNER_Y + _UPPER_LIP_SAG * bow, _MOUTH_CORNER_Y + _LOWER_LIP_SAG * bow
    gap = _LOWER_LIP_SAG - _UPPER_LIP_SAG
    upper_shift = (0.4 * gap * closing) * bow
    lower_shift = (7.0 * opening - 0.6 * gap * closing) * bow
    jaw_shift = 6.0 * opening - 0.5 * closing
    moved_upper, moved_lower = upper + upper_shift, lower + lower_shift

    above = moved_upper - y
    from_upper = y - upper_shift * (1 - _ramp(above, 3.5, 11))
    below = y - moved_lower
    jaw = jaw_shift * (1 - _ramp(np.abs(x - _MOUTH_X), 8, 40))
    down = lower_shift + (jaw - lower_shift) * _ramp(below, 4.5, 14)
    down *= 1 - _ramp(y, _CHIN_Y + jaw, _NECK_END_Y)
    skin_y = np.where(y < (moved_upper + moved_lower) / 2, from_upper, y - down)
    skin = _sample(portrait, x, skin_y)

    inside = _ramp(y - moved_upper, -0.3, 0.7) * _ramp(moved_lower - y, -0.3, 0.7) * _ramp(bow, 0.0, 0.1)
    depth = np.clip((y - lower) / np.maximum(moved_lower - lower, 0.5), 0, 1)[..., None]
    hollow = _INTERIOR_RGB + (_TONGUE_RGB - _INTERIOR_RGB) * _ramp(depth, 0.45, 1.1) * opening
    under_teeth = (_ramp(y - lower, -1.2, 0.1) * _ramp(opening, 0.0, 0.2))[..., None]
    shown = _sample(portrait, x, y) * (1 - under_teeth) + hollow * under_teeth
    picture = skin + (shown - skin) * inside[..., None]
    # Closed lips meet in a line that the portrait does not have.
    line = np.exp(-(((y - (moved_upper + moved_lower) / 2) / 0.75) ** 2)) * _ramp(bow, 0.0, 0.25)
    return np.asarray(picture * (1 - 0.42 * _ramp(closing, 0.7, 1.0) * line[..., None]), np.float32)


def _unwiden(x: Floats, y: Floats, width: float) -> Floats:
    """Moves the corners of the mouth in or out, with the cheeks."""
    near = np.exp(-(((x - _MOUTH_X) / 34) ** 4) - ((y - 145) / 17) ** 2)
    return (x + (x - _MOUTH_X) * (1 / width - 1) * near).astype(np.float32)


def _sample(portrait: NDArray[np.uint8], x: Floats, y: Floats) -> Floats:
    maps = x.astype(np.float32), y.astype(np.float32)
    sampled = cv2.remap(portrait.astype(np.float32), *maps, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(sampled, np.float32)


def _ramp(value: Floats | float, start: Floats | float, end: Floats | float) -> Floats:
    """0 before `start`, 1 after `end`, smooth between (smoothstep)."""
    part = np.clip((np.asarray(value) - start) / (np.asarray(end) - start), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)
