"""What a person in a call is told about it, at one moment: the record that window and terminal are drawn from."""

from dataclasses import dataclass

from receiver.state import State


@dataclass(frozen=True)
class LinkFigures:
    """What is known of the link; None: not yet. `Participant.link` holds the newest, replaced whenever it changes.

    ``loss``: the part (0..1) of what the other side sent lately that never came. ``rtt_ms``: there and back.
    ``rung``: what is being sent, in the words of the ladder, such as "8×8 at 5". ``delay_ms``: from the other side's
    camera to this screen.
    """

    loss: float | None = None
    rtt_ms: float | None = None
    rung: str | None = None
    delay_ms: float | None = None


@dataclass(frozen=True)
class Switches:
    """What the person has switched by key. ``talking``: with push-to-talk, whether the key is held down."""

    muted: bool = False
    camera_off: bool = False
    push_to_talk: bool = False
    talking: bool = False
    recording: bool = False
    emotion: str | None = None

    @property
    def heard(self) -> bool:
        """Whether the voice is sent."""
        return not self.muted and (self.talking or not self.push_to_talk)


@dataclass(frozen=True)
class CallStatus:
    """A call at one moment; None: not known yet.

    ``call_s``: since it was connected. ``state``: of what is shown; ``reconstructed``: the picture on the screen was
    made by a network, from low resolution or, with ``h264``, from what was decoded. ``still_s``: for how long it has
    stood still. Rates are those of the last second, with all headers; ``fps``: pictures of the last second that were
    new.
    """

    call_s: float = 0.0
    state: State = State.WAITING
    reconstructed: bool = False
    still_s: float = 0.0
    sent_kbps: float | None = None
    received_kbps: float | None = None
    fps: float | None = None
    link: LinkFigures = LinkFigures()
    switches: Switches = Switches()
    h264: bool = False
