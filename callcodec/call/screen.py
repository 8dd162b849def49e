"""Draws the window of a call: a function of the pictures and of how the call stands."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from callcodec.call.screen_layout import ALARM, Box, Colour, Label, font, lay_out
from callcodec.call.status import CallStatus

Picture = NDArray[np.uint8]

GROUND: Colour = (20, 22, 27)
FRAME: Colour = (236, 238, 241)
DIMMING = 0.4
PILL_DIMMING = 0.3


def draw_screen(picture: Picture, own: Picture | None, status: CallStatus, scale: int = 2) -> Picture:
    """The window as (H, W, 3) RGB.

    ``picture``: of the other side, (256, 256, 3); ``own``: this side's, square, None while no picture is sent. It is
    mirrored, as people know themselves. ``scale``: 2 or 3.
    """
    layout = lay_out(status, scale)
    side = layout.picture.width
    canvas = np.empty((layout.height, layout.width, 3), np.uint8)
    cv2.rectangle(canvas, (0, side), (layout.width, layout.height), GROUND, -1)
    # Darkened before it is enlarged: a quarter of the pixels.
    lit = cv2.convertScaleAbs(picture, alpha=DIMMING) if layout.dimmed else picture
    cv2.resize(lit, (side, side), canvas[:side], interpolation=cv2.INTER_CUBIC)
    if layout.dimmed:
        cv2.rectangle(canvas, (0, 0), (side - 1, side - 1), ALARM, scale, cv2.LINE_4)
    if own is not None and not status.switches.camera_off:
        _inset(canvas, own, layout.own)
    for label in layout.labels:
        _write(canvas, label)
    return canvas


def _inset(canvas: Picture, own: Picture, box: Box) -> None:
    small = cv2.resize(own[:, ::-1], (box.width, box.height), interpolation=cv2.INTER_AREA)
    canvas[box.y : box.y + box.height, box.x : box.x + box.width] = small
    cv2.rectangle(
        canvas, (box.x, box.y), (box.x + box.width - 1, box.y + box.height - 1), FRAME, 1, cv2.LINE_4
    )


def _write(canvas: Picture, label: Label) -> None:
    box = label.box
    part = canvas[box.y : box.y + box.height, box.x : box.x + box.width]
    if label.ground:
        keep = _pill(box.width, box.height)
        part[:] = (part * keep).astype(np.uint8)
    if label.dot is not None:
        centre = (box.x + box.height // 2, box.y + box.height // 2)
        cv2.circle(canvas, centre, max(3, label.size // 4), label.dot, -1, cv2.LINE_AA)
        part = part[:, box.height - box.height // 8 :]
    opacity = _text(label.text, label.size, part.shape[1], box.height)
    part[:] = (part * (1 - opacity) + np.array(label.colour, np.float32) * opacity + 0.5).astype(np.uint8)


@lru_cache(256)
def _text(text: str, size: int, width: int, height: int) -> NDArray[np.float32]:
    """How much of each pixel is letter, (height, width, 1), 0..1. Most stay from picture to picture."""
    tile = Image.new("L", (width, height))
    ImageDraw.Draw(tile).text((0, height / 2), text, 255, font(size), anchor="lm")
    return np.asarray(np.asarray(tile)[:, :, None] / 255, np.float32)


@lru_cache(64)
def _pill(width: int, height: int) -> NDArray[np.float32]:
    """How much of each pixel stays under a dark ground with round ends, (height, width, 1)."""
    mask = np.zeros((height, width), np.uint8)
    radius = height // 2
    for x in (radius, width - radius - 1):
        cv2.circle(mask, (x, radius), radius, (255,), -1, cv2.LINE_AA)
    cv2.rectangle(mask, (radius, 0), (width - radius - 1, height), (255,), -1)
    return np.asarray(1 - (1 - PILL_DIMMING) * mask[:, :, None] / 255, np.float32)
