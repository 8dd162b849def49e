"""Shows a call to the person in it: pictures, voice, one status line, and a sentence when the state changes."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from callcodec.call.participant import Participant
from callcodec.transport.endpoint import WireStatistics
from receiver.face import DecodedFace
from receiver.sink import Shown
from receiver.state import State
from sender.sender import Captured

Picture = NDArray[np.uint8]
Pcm = NDArray[np.int16]

SENTENCES = {
    State.LOST: "Lost: the other side has not been heard for a while.",
    State.WRONG_IDENTITY: "The identity image does not belong to this face: only the low resolution is shown.",
    State.FROZEN: "Frozen: no new face comes in.",
}


class Onlooker:
    """An Observer that keeps nothing. ``screens`` and ``speakers`` take what is shown and played."""

    def __init__(
        self,
        screens: list[Callable[[Picture, str], None]],
        speakers: list[Callable[[Pcm], None]],
        say: Callable[[str], None],
    ) -> None:
        self._screens = screens
        self._speakers = speakers
        self._say = say
        self._state = State.WAITING
        self._reconstructed = False
        self._began_s: float | None = None
        self._now_s = 0.0
        self._before: WireStatistics | None = None
        self._wire = "↑ – ↓ – kbps"
        self._delay = "–"

    def line(self) -> str:
        """Time, what is shown, the rates on the wire with all headers, and how long arrivals are held back."""
        seconds = 0 if self._began_s is None else int(self._now_s - self._began_s)
        clock = f"{seconds // 60}:{seconds % 60:02}"
        return f"{clock}  {self.caption()}  {self._wire}  playout delay {self._delay} ms"

    def caption(self) -> str:
        """The state, and whether the picture is a reconstruction; one that is frozen remains one."""
        if self._state is State.RECONSTRUCTING:
            return "reconstructed picture"
        return f"{self._state.value}{', reconstructed picture' if self._reconstructed else ''}"

    def show(self, shown: Shown) -> None:
        """See receiver.sink.Sink."""
        self._now_s = shown.wall_s
        if shown.state is not self._state:
            sentence = SENTENCES.get(shown.state)
            if sentence is not None:
                self._say(sentence)
            elif self._state is State.WRONG_IDENTITY:
                self._say("The identity image belongs to this face.")
            elif self._state in SENTENCES:
                self._say("The other side is back.")
            self._state = shown.state
            if shown.state not in (State.FROZEN, State.LOST):
                self._reconstructed = shown.state is State.RECONSTRUCTING
        for screen in self._screens:
            screen(shown.picture, self.caption())

    def play(self, pcm: Pcm, media_time_s: float, wall_s: float) -> None:  # noqa: ARG002
        """See receiver.sink.Sink."""
        for speaker in self._speakers:
            speaker(pcm)

    def captured(self, captured: Captured) -> None:
        """See Observer."""

    def decoded(self, face: DecodedFace, wall_s: float) -> None:
        """See Observer."""

    def happened(self, event: str, wall_s: float) -> None:
        """See Observer."""

    def note_wire(self, participant: Participant, wall_s: float) -> None:
        """See Observer: the rates since the last note."""
        self._now_s = wall_s
        if self._began_s is None:
            self._began_s = participant.started_s
        statistics = participant.endpoint.wire_statistics()
        if self._before is not None:
            stretch = statistics - self._before
            self._wire = f"↑ {stretch.sent_kbps:.1f} ↓ {stretch.received_kbps:.1f} kbps"
        self._before = statistics
        if participant.receiver.heard_s is not None:
            self._delay = f"{participant.receiver.counts(wall_s)['playout_depth_ms']:.0f}"
