"""One person sends H.264 to another who sends low resolution; each sees the other."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.call.observer import Observer
from callcodec.call.participant import Participant
from callcodec.call.session import hold_call
from callcodec.call.video_settings import VideoSettings
from callcodec.transport.authentication import Role
from receiver.face import DecodedFace
from receiver.sink import Shown
from receiver.state import State
from sender.sender import Captured
from tests.call.people import Script, person, rendezvous
from tests.call.talking_clip import write_talking_clip


@dataclass
class Watching:
    """Stands between a call and its onlooker, and remembers what was shown."""

    onlooker: Observer
    states: set[State] = field(default_factory=set)

    def show(self, shown: Shown) -> None:
        self.states.add(shown.state)
        self.onlooker.show(shown)

    def play(self, pcm: NDArray[np.int16], media_time_s: float, wall_s: float) -> None:
        self.onlooker.play(pcm, media_time_s, wall_s)

    def captured(self, captured: Captured) -> None:
        self.onlooker.captured(captured)

    def decoded(self, face: DecodedFace, wall_s: float) -> None:
        self.onlooker.decoded(face, wall_s)

    def happened(self, event: str, wall_s: float) -> None:
        self.onlooker.happened(event, wall_s)

    def note_wire(self, participant: Participant, wall_s: float) -> None:
        self.onlooker.note_wire(participant, wall_s)


@pytest.mark.slow
def test_h264_and_low_resolution_meet_in_one_call(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "talk.mp4", 4.0)
    watching: dict[Role, list[Watching]] = defaultdict(list)

    async def talk() -> None:
        async with rendezvous() as url:

            async def take_part(role: Role, video: VideoSettings) -> None:
                def watched(observer: Observer) -> Observer:
                    watching[role].append(Watching(observer))
                    return watching[role][-1]

                options = person(url, clip)
                options = replace(options, config=replace(options.config, video=video))
                await hold_call(options, role, Script(), watched)

            await asyncio.gather(
                take_part(Role.LISTEN, VideoSettings(restorer="none")),
                take_part(Role.CALL, VideoSettings("h264", 60, "none")),
            )

    asyncio.run(talk())
    (listener,), (caller,) = watching[Role.LISTEN], watching[Role.CALL]
    assert State.DECODED in listener.states
    assert State.LOW_RESOLUTION not in listener.states
    assert State.DECODED not in caller.states
    assert caller.states & {State.LOW_RESOLUTION, State.RECONSTRUCTING}
