"""Who looks on while an end of a call runs: what keeps it for a report, or what shows it to a person."""

from typing import Protocol

from callcodec.call.participant import Participant
from receiver.face import DecodedFace
from receiver.sink import Sink
from sender.sender import Captured


class Observer(Sink, Protocol):
    """The sink of what is received, told besides what goes in and how the call stands."""

    def captured(self, captured: Captured) -> None:
        """One picture went in."""
        ...

    def decoded(self, face: DecodedFace, wall_s: float) -> None:
        """One face packet came out."""
        ...

    def happened(self, event: str, wall_s: float) -> None:
        """Something that happens once did."""
        ...

    def note_wire(self, participant: Participant, wall_s: float) -> None:
        """Called every second, and at the end: time to look at what has crossed the wire."""
        ...
