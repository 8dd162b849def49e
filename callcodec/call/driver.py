"""Takes one end through the life of a call, step by step: connected, talking, hanging up, playing out, done."""

from collections.abc import Callable

from callcodec.call.observer import Observer
from callcodec.call.participant import Participant
from callcodec.transport.endpoint import ConnectionState

STEP_S = 0.01
WIRE_NOTE_INTERVAL_S = 1.0
TAIL_S = 0.2  # of silence after the last picture, so that the voice packet that carries it is complete
LINGER_S = 2.0  # after hanging up: the other side plays out what is under way, and confirms


class EndDriver:
    """``step`` is called every STEP_S; it answers whether the call is over for this end."""

    def __init__(
        self,
        participant: Participant,
        observer: Observer,
        progress: Callable[[float, str], None],
        give_up_after_s: float | None = None,
    ) -> None:
        """`give_up_after_s`: the call is over for this end when nothing at all was heard for so long. It may be changed
        while the call lasts."""
        self.participant = participant
        self.gave_up = False
        self._observer = observer
        self._progress = progress
        self.give_up_after_s = give_up_after_s
        self._next_note_s = 0.0
        self._layers = 0
        self._finished_s: float | None = None
        self._hung_up_s: float | None = None
        self._stop = False
        self._done = False

    def stop(self) -> None:
        """Hang up at the next step, whatever is still to be said."""
        self._stop = True

    def step(self, now_s: float) -> bool:
        """One step; True when this end has nothing more to do."""
        participant = self.participant
        if self._done:
            return True
        if participant.started_s is None:
            if participant.endpoint.state is ConnectionState.CONNECTED:
                participant.start(now_s)
            return participant.started_s is None and (self._stop or self._disconnected())
        participant.tick(now_s)
        self._note(now_s)
        if self._finished_s is None and participant.source_finished(now_s):
            self._finished_s = now_s
        said_all = self._finished_s is not None and now_s - self._finished_s >= TAIL_S
        if self._hung_up_s is None and (self._stop or said_all):
            self._hung_up_s = now_s
            self._observer.happened("hung_up", now_s)
            participant.hang_up()
        self._done = self._is_over(now_s)
        if self._done:
            self._observer.note_wire(participant, now_s)
        return self._done

    def _is_over(self, now_s: float) -> bool:
        participant = self.participant
        if participant.refusal is not None:
            return True
        if participant.goodbye is not None and participant.receiver.played_out:
            return True
        if self._disconnected() or (self._hung_up_s is not None and now_s - self._hung_up_s > LINGER_S):
            return True
        if self.give_up_after_s is not None:
            heard = (participant.started_s, participant.receiver.heard_s)
            last_s = max((time_s for time_s in heard if time_s is not None), default=now_s)
            self.gave_up = now_s - last_s > self.give_up_after_s
        return self.gave_up

    def _disconnected(self) -> bool:
        return self.participant.endpoint.state in (ConnectionState.FAILED, ConnectionState.CLOSED)

    def _note(self, now_s: float) -> None:
        started_s = self.participant.started_s or now_s
        layers = self.participant.receiver.identity_layers
        if layers > self._layers:
            self._layers = layers
            self._observer.happened(f"identity_layer_{layers}", now_s)
        if now_s >= self._next_note_s:
            self._next_note_s = now_s + WIRE_NOTE_INTERVAL_S
            self._observer.note_wire(self.participant, now_s)
            self._progress(now_s - started_s, self.participant.receiver.state(now_s).value)
