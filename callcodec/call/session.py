"""A call between two people: they meet, prove who they are, talk, and hang up."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.live import Live
from rich.text import Text

from callcodec.call.config import CallConfig
from callcodec.call.driver import EndDriver
from callcodec.call.emotion import EmotionChoice, announce_emotion
from callcodec.call.end import build_end, open_workers
from callcodec.call.equipment import Equipment, Outputs
from callcodec.call.live import Failure, run_live
from callcodec.call.onlooker import Onlooker
from callcodec.call.shapes import create_shape_finder
from callcodec.call.terminal import Terminal
from callcodec.transport.authenticated_call import (
    Patience,
    Words,
    place_authenticated_call,
    take_authenticated_call,
)
from callcodec.transport.authentication import Role
from callcodec.transport.clock import MonotonicClock
from callcodec.transport.ice_servers import parse_ice_server
from callcodec.transport.paste import PasteSignalling
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.rendezvous_client import RendezvousSignalling, check_room, check_url
from callcodec.transport.signalling import Signalling
from models.registry import create_reconstructor

PASTE = "paste"
GIVE_UP_AFTER_S = 6.0
ANSWER_WITHIN_S = 90.0
PASTE_PATIENCE = Patience(connection_s=60.0)
"""A person carries the answer over; for longer ICE does not knock."""
REFRESHES_PER_S = 4


@dataclass(frozen=True)
class SessionOptions:
    """What one person calls with. ``signal``: a rendezvous, or "paste". ``device``: of torch.

    ``yes``: take the call without asking. ``seconds``: hang up after so long. ``identity``: (256, 256, 3) RGB.
    ``ice_servers``: as `parse_ice_server` takes them.
    """

    room: str
    secret: bytes
    signal: str
    equipment: Equipment
    config: CallConfig
    device: str
    yes: bool = False
    seconds: float | None = None
    emotion: EmotionChoice = None
    identity: NDArray[np.uint8] | None = None
    ice_servers: tuple[str, ...] = ()
    turn_password: str | None = None

    def check(self) -> None:
        """ValueError, with a sentence, for what cannot be; opens nothing."""
        if self.signal != PASTE:
            check_url(self.signal)
            check_room(self.room)
        self.equipment.check()


class CallRefusedError(ValueError):
    """The other side's program did not want the call; its sentence is the message."""


async def hold_call(options: SessionOptions, role: Role, terminal: Terminal) -> None:
    """One call from the rendezvous to the last file.

    ValueError or OSError, with a sentence, when the call does not come about.
    """
    options.check()
    ice_servers = tuple(parse_ice_server(name, options.turn_password) for name in options.ice_servers)
    stop, failure = asyncio.Event(), Failure()
    with Outputs(options.equipment, stop.set, terminal.say) as outputs:
        receiver = options.config.receiver
        reconstructor = create_reconstructor(receiver.reconstructor, options.device, receiver.weights)
        shapes = create_shape_finder()
        onlooker = Onlooker([outputs.show], [outputs.play], terminal.say)
        async with contextlib.AsyncExitStack() as stack:
            peer = WebRtcPeer(ice_servers=ice_servers)
            stack.push_async_callback(peer.close)
            workers = open_workers(stack, failure)
            drivers: list[EndDriver] = []

            def get_ready() -> None:
                source = options.equipment.source()
                stack.callback(source.close)
                participant = build_end(
                    options.config, peer, source, reconstructor, workers, onlooker, shapes
                )
                announce_emotion(participant.sender, options.emotion)
                if options.identity is not None:
                    participant.sender.use_identity(options.identity)
                drivers.append(EndDriver(participant, onlooker, lambda *_: None, GIVE_UP_AFTER_S))

            if role is Role.CALL:
                get_ready()
            signalling = await stack.enter_async_context(_meeting(options, role, terminal))
            if not await _connect(options, role, terminal, signalling, peer, get_ready):
                terminal.say("Declined.")
                return
            await signalling.close()
            await _talk(options, terminal, drivers[0], failure, onlooker, stop)
        recorded = outputs.recording is not None and outputs.recording.finish()
    if options.equipment.record is not None:
        kept = f"Recorded: {options.equipment.record}." if recorded else "Nothing was received to record."
        terminal.say(kept)


@contextlib.asynccontextmanager
async def _meeting(options: SessionOptions, role: Role, terminal: Terminal) -> AsyncIterator[Signalling]:
    """The way to the other side, once it is there."""
    if options.signal == PASTE:
        yield PasteSignalling(
            lambda line: terminal.say(f"Send this line to the other side:\n{line}"),
            lambda: terminal.ask("Paste the other side's line:"),
            terminal.say,
        )
        return
    signalling = await RendezvousSignalling.join(options.signal, options.room)
    try:
        whom = "Waiting for a call" if role is Role.LISTEN else "Looking for the other side"
        terminal.say(f"{whom} in room {options.room}.")
        await signalling.paired()
        yield signalling
    finally:
        await signalling.close()


async def _connect(
    options: SessionOptions,
    role: Role,
    terminal: Terminal,
    signalling: Signalling,
    peer: WebRtcPeer,
    get_ready: Callable[[], None],
) -> bool:
    """Whether the two are connected; False: this side's person said no.

    ``get_ready`` opens camera and microphone of who listens, once the call is taken.
    """
    patience = PASTE_PATIENCE if options.signal == PASTE else Patience()

    def ringing(words: Words) -> None:
        terminal.say(f"Ringing. Both screens must show the same four words: {' '.join(words)}")

    async def accept(words: Words) -> bool:
        terminal.say("A call from somebody who holds your secret.")
        terminal.say(f"Both screens must show the same four words: {' '.join(words)}")
        taken = options.yes or await _asked(terminal)
        if taken:
            get_ready()
        return taken

    if role is Role.LISTEN:
        return await take_authenticated_call(peer, signalling, options.secret, patience, accept)
    await place_authenticated_call(peer, signalling, options.secret, patience, ringing)
    return True


async def _asked(terminal: Terminal) -> bool:
    try:
        answer = await asyncio.wait_for(terminal.ask("Take it? [y/n]"), ANSWER_WITHIN_S)
    except TimeoutError:
        return False
    return answer.lower() in ("y", "yes")


async def _talk(
    options: SessionOptions,
    terminal: Terminal,
    driver: EndDriver,
    failure: Failure,
    onlooker: Onlooker,
    stop: asyncio.Event,
) -> None:
    """From the first packet to the last. CallRefusedError when the other side's program does not want to go on."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_interrupts(stop))
        if options.seconds is not None:
            hang_up = asyncio.get_running_loop().call_later(options.seconds, stop.set)
            stack.callback(hang_up.cancel)
        terminal.say("Connected. Ctrl-C hangs up.")
        live = Live(
            get_renderable=lambda: Text(onlooker.line()),
            console=terminal.console,
            refresh_per_second=REFRESHES_PER_S,
            transient=True,
        )
        stack.enter_context(live)
        await run_live(driver, MonotonicClock(), failure, stop)
    for warning in driver.participant.warnings():
        terminal.say(warning)
    if driver.participant.refusal is not None:
        raise CallRefusedError(driver.participant.refusal)
    terminal.say(_end(driver, stop.is_set()))


def _end(driver: EndDriver, stopped: bool) -> str:
    """How the call ended, in a sentence."""
    if driver.participant.goodbye is not None:
        return "The other side hung up." if not stopped else "The call is over."
    if driver.gave_up:
        return f"The call is over: nothing was heard of the other side for {GIVE_UP_AFTER_S:g} s."
    return "The call is over."


@contextlib.contextmanager
def _interrupts(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C, or a polite kill, hangs up; files are finished."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in numbers:
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
