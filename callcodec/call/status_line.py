"""How a call stands, in words: the same for the window and for the terminal."""

from callcodec.call.status import CallStatus, Switches
from receiver.state import State

RECONSTRUCTED, RESTORED, NOT_RESTORED = "reconstructed", "restored", "not restored"
STANDING = (State.FROZEN, State.LOST)
STILL_AFTER_S = 1.0
"""A picture that has stood still for longer is no longer taken for live."""
UNKNOWN = "–"


def stands_still(status: CallStatus) -> bool:
    """Whether the picture on the screen must not be taken for what happens now."""
    return status.state in STANDING or status.still_s > STILL_AFTER_S


def mark(status: CallStatus) -> str | None:
    """What the picture on the screen is: made by a network or not; None where there is none."""
    if status.reconstructed:
        return RESTORED if status.h264 else RECONSTRUCTED
    if status.state in (State.WAITING, State.VOICE_ONLY):
        return None
    return NOT_RESTORED if status.h264 else State.LOW_RESOLUTION.value


def state_words(status: CallStatus) -> str:
    """What is shown and what is wrong with it, such as "reconstructed, frozen for 3 s"."""
    words = [mark(status)]
    if status.state is State.LOST:
        words.append(f"lost for {status.still_s:.0f} s")
    elif stands_still(status):
        words.append(f"frozen for {status.still_s:.0f} s")
    elif status.state in (State.WAITING, State.VOICE_ONLY, State.WRONG_IDENTITY):
        words.append(status.state.value)
    return ", ".join(word for word in words if word)


def clock(status: CallStatus) -> str:
    """How long the call has lasted, as 1:05 or 1:02:05."""
    minutes, seconds = divmod(int(status.call_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def figures(status: CallStatus) -> list[str]:
    """The figures of the status line, in order: rates, loss, round trip, delay, pictures a second, rung."""
    link = status.link
    percent = None if link.loss is None else 100 * link.loss
    shown = [
        f"up {_number(status.sent_kbps, 1)} down {_number(status.received_kbps, 1)} kbps",
        f"loss {_number(percent)} %",
        f"RTT {_number(link.rtt_ms)} ms",
        f"delay {_number(link.delay_ms)} ms",
        f"{_number(status.fps)} FPS",
    ]
    return shown if link.rung is None else [*shown, link.rung]


def switched(switches: Switches) -> list[str]:
    """What the person has switched away from the usual, in words."""
    words = []
    if switches.muted:
        words.append("muted")
    elif switches.push_to_talk:
        words.append("talking" if switches.talking else "push to talk")
    if switches.camera_off:
        words.append("camera off")
    if switches.recording:
        words.append("recording")
    if switches.emotion is not None:
        words.append(switches.emotion)
    return words


def status_line(status: CallStatus) -> str:
    """Everything in one line, for a terminal."""
    return " · ".join(
        [clock(status), state_words(status), *figures(status), *switched(status.switches)],
    )


def _number(value: float | None, digits: int = 0) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"
