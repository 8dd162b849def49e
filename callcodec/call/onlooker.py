"""Shows a call to the person in it: pictures, voice, how it stands, and a sentence when the state changes."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from callcodec.call.participant import Participant
from callcodec.call.status import CallStatus, LinkFigures, Switches
from callcodec.call.status_line import STANDING, status_line
from callcodec.transport.endpoint import WireStatistics
from receiver.face import DecodedFace
from receiver.sink import Shown
from receiver.state import State
from sender.sender import Captured

Picture = NDArray[np.uint8]
Pcm = NDArray[np.int16]
Screen = Callable[[Picture, Picture | None, CallStatus], None]
"""Takes the other side's picture, this side's own (None: none yet), and how the call stands."""

FPS_SPAN_S = 1.0
EXPLAIN_AGAIN_S = 30.0
SENTENCES = {
    State.LOST: "Lost: the other side has not been heard for a while.",
    State.WRONG_IDENTITY: "The identity image does not belong to this face: only the low resolution is shown.",
    State.FROZEN: "Frozen: no new face comes in.",
}


class Onlooker:
    """An Observer that keeps nothing. ``screens`` and ``speakers`` take what is shown and played."""

    def __init__(
        self,
        screens: list[Screen],
        speakers: list[Callable[[Pcm], None]],
        say: Callable[[str], None],
        switches: Callable[[], Switches] = Switches,
    ) -> None:
        self._screens = screens
        self._speakers = speakers
        self._say = say
        self._switches = switches
        self._state = State.WAITING
        self._reconstructed = self._h264 = False
        self._own: Picture | None = None
        self._fresh_s: deque[float] = deque()
        self._moved_s: float | None = None
        self._standing_since_s: float | None = None
        self._still_s = 0.0
        self._began_s: float | None = None
        self._now_s = 0.0
        self._before: WireStatistics | None = None
        self._sent_kbps: float | None = None
        self._received_kbps: float | None = None
        self._link = LinkFigures()
        self._explain_again_s = float("-inf")

    @property
    def status(self) -> CallStatus:
        """How the call stands now."""
        return CallStatus(
            call_s=0.0 if self._began_s is None else self._now_s - self._began_s,
            state=self._state,
            reconstructed=self._reconstructed,
            still_s=self._still_s,
            sent_kbps=self._sent_kbps,
            received_kbps=self._received_kbps,
            fps=None if self._moved_s is None else len(self._fresh_s) / FPS_SPAN_S,
            link=self._link,
            switches=self._switches(),
            h264=self._h264,
        )

    def line(self) -> str:
        """How the call stands now, in one line."""
        return status_line(self.status)

    def show(self, shown: Shown) -> None:
        """See receiver.sink.Sink."""
        self._now_s = shown.wall_s
        self._tell(shown.state)
        self._explain(shown)
        self._time(shown)
        status = self.status
        for screen in self._screens:
            screen(shown.picture, self._own, status)

    def play(self, pcm: Pcm, media_time_s: float, wall_s: float) -> None:  # noqa: ARG002
        """See receiver.sink.Sink."""
        for speaker in self._speakers:
            speaker(pcm)

    def captured(self, captured: Captured) -> None:
        """See Observer: what is sent of this side is shown to it."""
        self._own = captured.picture

    def decoded(self, face: DecodedFace, wall_s: float) -> None:
        """See Observer."""

    def happened(self, event: str, wall_s: float) -> None:
        """See Observer."""

    def note_wire(self, participant: Participant, wall_s: float) -> None:
        """See Observer: the rates since the last note, and what is known of the link."""
        self._now_s = wall_s
        if self._began_s is None:
            self._began_s = participant.started_s
        statistics = participant.endpoint.wire_statistics()
        if self._before is not None:
            stretch = statistics - self._before
            self._sent_kbps, self._received_kbps = stretch.sent_kbps, stretch.received_kbps
        self._before = statistics
        self._link = participant.link
        if self._link.delay_ms is None and participant.receiver.heard_s is not None:
            waits_ms = participant.receiver.counts(wall_s)["playout_depth_ms"]
            self._link = replace(self._link, delay_ms=waits_ms + (self._link.rtt_ms or 0.0) / 2)

    def _tell(self, state: State) -> None:
        """Say what a person must know about a change of the state."""
        if state is self._state:
            return
        sentence = SENTENCES.get(state)
        if sentence is not None:
            self._say(sentence)
        elif self._state is State.WRONG_IDENTITY:
            self._say("The identity image belongs to this face.")
        elif self._state in SENTENCES:
            self._say("The other side is back.")
        self._state = state
        if state not in STANDING:  # a reconstruction that stands still remains one
            self._reconstructed = state in (State.RECONSTRUCTING, State.RESTORING)
            self._h264 = state in (State.DECODED, State.RESTORING)

    def _explain(self, shown: Shown) -> None:
        """Say why pictures of an H.264 track are not restored: seldom, for it may come and go."""
        if shown.state is not State.DECODED or shown.note is None or shown.wall_s < self._explain_again_s:
            return
        self._explain_again_s = shown.wall_s + EXPLAIN_AGAIN_S
        self._say(f"Not restored: {shown.note}.")

    def _time(self, shown: Shown) -> None:
        """For how long the picture has stood still, and how many were new lately."""
        if shown.fresh and shown.state not in STANDING:
            self._moved_s = shown.wall_s
            self._fresh_s.append(shown.wall_s)
        while self._fresh_s and self._fresh_s[0] <= shown.wall_s - FPS_SPAN_S:
            self._fresh_s.popleft()
        if shown.state not in STANDING:
            self._standing_since_s = None
            self._still_s = 0.0 if self._moved_s is None else shown.wall_s - self._moved_s
            return
        if self._standing_since_s is None:
            self._standing_since_s = shown.wall_s - shown.age_s
        self._still_s = shown.wall_s - self._standing_since_s
