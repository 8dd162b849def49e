"""The window of a call, drawn from a record."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcodec.call.screen import draw_screen
from callcodec.call.screen_layout import Box, lay_out, text_width
from callcodec.call.status import CallStatus, LinkFigures, Switches
from receiver.state import State

SIDE = 256
LIVE = CallStatus(
    65.0, State.RECONSTRUCTING, True, 0.0, 13.2, 12.8, 24.6, LinkFigures(0.02, 120, "8×8 at 5", 431)
)

number = st.one_of(st.none(), st.floats(0, 5000))
statuses = st.builds(
    CallStatus,
    call_s=st.floats(0, 400_000),
    state=st.sampled_from(State),
    reconstructed=st.booleans(),
    still_s=st.floats(0, 4000),
    sent_kbps=number,
    received_kbps=number,
    fps=number,
    link=st.builds(
        LinkFigures,
        loss=st.one_of(st.none(), st.floats(0, 1)),
        rtt_ms=number,
        rung=st.one_of(
            st.none(), st.sampled_from(["8×8 at 5", "32×32 at 25 + H.264, voice 12 kbps in 40 ms"])
        ),
        delay_ms=number,
    ),
    switches=st.builds(
        Switches,
        muted=st.booleans(),
        camera_off=st.booleans(),
        push_to_talk=st.booleans(),
        talking=st.booleans(),
        recording=st.booleans(),
        emotion=st.sampled_from([None, "auto", "surprised-strong"]),
    ),
)


def flat(level: int) -> NDArray[np.uint8]:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def texts(status: CallStatus, scale: int = 2) -> str:
    return " | ".join(label.text for label in lay_out(status, scale).labels)


def overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (beside or one.y + one.height <= other.y or other.y + other.height <= one.y)


@settings(max_examples=60, deadline=None)
@given(statuses, st.sampled_from([2, 3]))
def test_whatever_the_figures_are_nothing_overlaps_or_is_cut_off(status: CallStatus, scale: int) -> None:
    layout = lay_out(status, scale)
    boxes = [label.box for label in layout.labels]
    assert not [pair for pair in combinations([*boxes, layout.own], 2) if overlap(*pair)]
    for label in layout.labels:
        assert label.box.x >= 0
        assert label.box.x + label.box.width <= layout.width
        assert label.box.y + label.box.height <= layout.height
        assert text_width(label.text, label.size) <= label.box.width
        assert label.box.height >= label.size


@pytest.mark.parametrize("scale", [2, 3])
def test_the_status_line_of_an_ordinary_call_is_whole_and_large_enough_to_read(scale: int) -> None:
    row = [label for label in lay_out(LIVE, scale).labels if label.box.y > SIDE * scale][:7]
    shown = [label.text for label in row]
    assert shown == [
        "1:05",
        "up 13.2 down 12.8 kbps",
        "loss 2 %",
        "RTT 120 ms",
        "delay 431 ms",
        "25 FPS",
        "8x8 at 5",
    ]
    assert min(label.size for label in row) >= 11


def test_the_picture_is_enlarged_and_the_own_one_mirrored_in_its_corner() -> None:
    own = flat(10)
    own[:, : SIDE // 2] = 250
    layout = lay_out(LIVE, 3)
    drawn = draw_screen(flat(100), own, LIVE, 3)
    assert drawn.shape == (layout.height, 3 * SIDE, 3)
    assert (drawn[600, 50:700] == 100).all()
    box = layout.own
    middle = drawn[box.y + box.height // 2, box.x + 5 : box.x + box.width - 5].mean(axis=1)
    assert middle[0] < 20
    assert middle[-1] > 240


def test_without_a_camera_no_own_picture_is_shown() -> None:
    off = CallStatus(state=State.RECONSTRUCTING, switches=Switches(camera_off=True))
    box = lay_out(off).own
    assert (draw_screen(flat(100), flat(250), off)[box.y + 9, box.x + 9] == 100).all()
    assert "camera off" in texts(off)


def test_only_a_reconstructed_picture_is_marked_as_one() -> None:
    assert "reconstructed" in texts(LIVE)
    assert "reconstructed" not in texts(CallStatus(state=State.LOW_RESOLUTION))
    assert "low resolution" in texts(CallStatus(state=State.LOW_RESOLUTION))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (CallStatus(state=State.FROZEN, reconstructed=True, still_s=3.2), "Frozen for 3 s"),
        (CallStatus(state=State.LOST, reconstructed=True, still_s=7.0), "Lost for 7 s"),
        (CallStatus(state=State.RECONSTRUCTING, reconstructed=True, still_s=1.6), "Frozen for 2 s"),
    ],
)
def test_a_picture_that_stands_still_is_dark_and_says_so(status: CallStatus, said: str) -> None:
    assert said in texts(status)
    assert "reconstructed" in texts(status)
    assert draw_screen(flat(200), None, status)[400, 20].max() < 100


def test_a_picture_that_moves_is_not_darkened() -> None:
    assert (draw_screen(flat(200), None, LIVE)[400, 20] == 200).all()
    assert "Frozen" not in texts(LIVE)


def test_somebody_elses_identity_image_is_told_on_the_picture() -> None:
    assert "identity image is of another face" in texts(CallStatus(state=State.WRONG_IDENTITY))


def test_letters_are_drawn_where_the_layout_says() -> None:
    drawn = draw_screen(flat(0), None, LIVE)
    for label in lay_out(LIVE).labels:
        box = label.box
        assert drawn[box.y : box.y + box.height, box.x : box.x + box.width].max() > 120, label.text


def test_every_key_is_named_and_those_that_are_on_stand_out() -> None:
    muted = CallStatus(state=State.RECONSTRUCTING, switches=Switches(muted=True))
    colours = {label.text: label.colour for label in lay_out(muted).labels}
    for named in ("c camera", "r record", "i new identity", "e emotion", "t push to talk", "q quit"):
        assert colours[named] != colours["m mute"]
