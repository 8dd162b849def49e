"""The top of the ladder: H.264 where there is a line for it, and faces again when the link cannot carry it."""

from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.call.participant import Participant
from callcodec.config import load_config
from callcodec.transport.access_units import AccessUnit
from callcodec.wire.bundle import Bundle
from callcodec.wire.face_packet import FacePacket
from callcodec.wire.lowres import encode
from callcodec.wire.report import Report
from receiver.state import State
from receiver.video import VideoReceiver
from sender.video import VideoSender
from tests.call.fakes import make_end
from tests.call.test_participant import voice_packet

PICTURE = np.full((256, 256, 3), 120, np.uint8)


class FakeVideoSender:
    """A line that is always there."""

    wanted = True

    def __init__(self) -> None:
        self.pushed = 0
        self.kbps = 100.0

    def aim(self, kbps: float) -> None:
        self.kbps = kbps

    def push(self, picture: NDArray[np.uint8], media_time_s: float) -> None:  # noqa: ARG002
        self.pushed += 1


class FakeVideoReceiver:
    """A track that has begun, and has nothing more to show."""

    begun = True

    def advance(self, media_s: float | None, now_s: float) -> None:
        """Nothing to do."""

    def receive(self, unit: AccessUnit) -> None:
        """Nothing to keep."""

    def picture_at(self, media_s: float) -> None:  # noqa: ARG002
        return None


def climb(end: Participant, from_s: float, to_s: float, queue_s: float = 0.0) -> None:
    """A report every second."""
    for second in range(int(from_s), int(to_s)):
        end.sender.take_report(Report.of(0.0, queue_s, 0, 0.0), float(second))


def test_h264_takes_the_place_of_faces_and_gives_it_back(tmp_path: Path) -> None:
    _, end = make_end(tmp_path, config=load_config("calls/adaptive", CallConfig))
    video = FakeVideoSender()
    end.sender.use_video(cast(VideoSender, video))

    def pushed_of_ten(first: int) -> int:
        before = video.pushed
        for number in range(first, first + 10):
            end.sender.push_picture(PICTURE, number, number / 25, number / 25)
        return video.pushed - before

    assert pushed_of_ten(0) == 0
    climb(end, 0, 120)
    assert pushed_of_ten(10) == 10
    assert video.kbps == 70.0
    assert end.sender.rung_name.startswith("H.264")
    climb(end, 120, 122, queue_s=0.2)
    assert pushed_of_ten(20) == 0


def test_without_a_line_the_ladder_ends_below_h264(tmp_path: Path) -> None:
    _, end = make_end(tmp_path, config=load_config("calls/adaptive", CallConfig))
    climb(end, 0, 200)
    assert end.sender.rung_name == "32×32 at 25"


def test_a_track_that_has_stopped_gives_way_to_faces(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    end.receiver.video = cast(VideoReceiver, FakeVideoReceiver())
    payload = encode(np.full((8, 8, 3), 120, np.uint8), 2, None).payload
    states = []
    for i in range(40):
        faces = (FacePacket(i, None, 0, 2, 0, payload),) if i >= 15 else ()
        extra = Bundle(None, faces).serialise()
        endpoint.hear_voice(voice_packet(extra), i, 2880 * i, 0.06 * (i + 1))
        end.receiver.advance(0.06 * (i + 1))
        states.append(end.receiver.state(0.06 * (i + 1)))
    assert states[12] is State.VOICE_ONLY
    assert states[-1] is State.LOW_RESOLUTION
