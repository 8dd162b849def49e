"""A call between two people: they meet, prove who they are, talk, and hang up."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from rich.live import Live
from rich.text import Text

from callcodec.call.browser_meeting import BrowserDoor, BrowserReconnection
from callcodec.call.controls import SwitchedSource
from callcodec.call.driver import EndDriver
from callcodec.call.emotion import announce_emotion
from callcodec.call.end import build_end, open_workers
from callcodec.call.equipment import Outputs
from callcodec.call.keyboard import keys_typed
from callcodec.call.keys import LEGEND_LINE
from callcodec.call.live import Failure, run_live
from callcodec.call.meeting import meet
from callcodec.call.observer import Observer
from callcodec.call.onlooker import Onlooker
from callcodec.call.reconnection import Reconnection
from callcodec.call.session_options import SessionOptions
from callcodec.call.shapes import create_shape_finder
from callcodec.call.terminal import Terminal
from callcodec.call.video import Restoration, add_video
from callcodec.call.waiting import unless
from callcodec.transport.authentication import Role, continued
from callcodec.transport.browser_peer import BrowserPeer
from callcodec.transport.clock import MonotonicClock
from callcodec.transport.ice_servers import parse_ice_server
from callcodec.transport.line import Line
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.rendezvous_client import RendezvousSignalling
from callcodec.transport.video_switch import VideoSwitch
from models.registry import create_reconstructor

SILENT_PATIENCE_S = 30.0
"""Without a rendezvous nobody can tell whether the other side's program has ended or its network is silent."""
JOIN_TIMEOUT_S = 2.0
REFRESHES_PER_S = 4


class CallRefusedError(ValueError):
    """The other side's program did not want the call; its sentence is the message."""


async def hold_call(
    options: SessionOptions,
    role: Role,
    terminal: Terminal,
    watched: Callable[[Observer], Observer] | None = None,
) -> None:
    """One call from the rendezvous to the last file. `watched`: puts somebody else between call and onlooker.

    ValueError or OSError, with a sentence, when the call does not come about.
    """
    options.check()
    stop, failure = asyncio.Event(), Failure()
    with Outputs(options.equipment, stop.set, terminal.say) as outputs:
        receiver = options.config.receiver
        reconstructor = create_reconstructor(receiver.reconstructor, options.device, receiver.weights)
        shapes = create_shape_finder()
        onlooker = Onlooker([outputs.show], [outputs.play], terminal.say, lambda: outputs.controls.switches)
        observer: Observer = onlooker if watched is None else watched(onlooker)
        async with contextlib.AsyncExitStack() as stack:
            video = VideoSwitch()
            create_peer = partial(_create_peer, options, video)
            peer = create_peer()
            stack.push_async_callback(peer.close)
            line = Line(peer)
            workers = open_workers(stack, failure)
            drivers: list[EndDriver] = []

            def get_ready() -> None:
                source = SwitchedSource(
                    options.equipment.source(outputs.sound), lambda: outputs.controls.switches
                )
                stack.callback(source.close)
                participant = build_end(
                    options.config, line, source, reconstructor, workers, observer, shapes
                )
                add_video(
                    participant,
                    video,
                    options.config.video,
                    Restoration(options.config.video.restorer, options.device, load=False),
                    workers.picture,
                    workers.background,
                    paced=True,
                )
                announce_emotion(participant.sender, options.emotion)
                if options.identity is not None:
                    participant.sender.use_identity(options.identity)
                outputs.controls.attach(participant.sender, options.emotion)
                drivers.append(EndDriver(participant, observer, lambda *_: None, SILENT_PATIENCE_S))

            if role is Role.CALL:
                get_ready()
            tending = asyncio.create_task(outputs.tend())
            stack.callback(tending.cancel)
            door = None if options.browser is None else BrowserDoor(options.browser)
            if door is not None:
                stack.push_async_callback(door.close)
            secret = await unless(stop, meet(options, role, terminal, peer, get_ready, door))
            if secret is None:
                terminal.say("Not called." if stop.is_set() else "Declined.")
                return
            own = continued(secret, peer.fingerprints, peer.remote_fingerprints)
            reconnection: Reconnection | BrowserReconnection | None = None
            if door is not None:
                reconnection = BrowserReconnection(door, own, line, create_peer, drivers[0], terminal.say)
            elif options.meets_again:
                join = partial(RendezvousSignalling.join, options.signal, options.room, JOIN_TIMEOUT_S)
                reconnection = Reconnection(join, role, own, line, create_peer, drivers[0], terminal.say)
            if reconnection is not None:
                stack.push_async_callback(reconnection.close)
                stack.push_async_callback(_beside(reconnection, failure))
            await _talk(options, terminal, drivers[0], failure, onlooker, outputs, stop)


def _create_peer(options: SessionOptions, video: VideoSwitch) -> WebRtcPeer:
    """One end of a connection, its video line attached."""
    ice_servers = tuple(parse_ice_server(name, options.turn_password) for name in options.ice_servers)
    peer: WebRtcPeer
    if options.browser is not None:
        peer = BrowserPeer(options.browser.rates, ice_servers=ice_servers)
    else:
        sends = options.config.video.sends
        peer = WebRtcPeer(ice_servers=ice_servers, offers_video=True, sends_video=sends)
    video.attach(peer.video)
    return peer


async def _talk(
    options: SessionOptions,
    terminal: Terminal,
    driver: EndDriver,
    failure: Failure,
    onlooker: Onlooker,
    outputs: Outputs,
    stop: asyncio.Event,
) -> None:
    """From the first packet to the last. CallRefusedError when the other side's program does not want to go on."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_interrupts(stop))
        if options.seconds is not None:
            hang_up = asyncio.get_running_loop().call_later(options.seconds, stop.set)
            stack.callback(hang_up.cancel)
        terminal.say("Connected. Ctrl-C hangs up.")
        if stack.enter_context(keys_typed(outputs.take)):
            terminal.say(f"Keys: {LEGEND_LINE}.")
        if not outputs.has_window:
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


def _beside(
    reconnection: Reconnection | BrowserReconnection, failure: Failure
) -> Callable[[], Awaitable[None]]:
    """Begins to keep the other side within reach; the answer ends that."""

    async def run() -> None:
        try:
            await reconnection.run()
        except Exception as error:  # ends the call, as the other threads' do
            failure(error)

    task = asyncio.create_task(run())

    async def end() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return end


def _end(driver: EndDriver, stopped: bool) -> str:
    """How the call ended, in a sentence."""
    if driver.participant.goodbye is not None:
        return "The other side hung up." if not stopped else "The call is over."
    if driver.gave_up:
        return f"The call is over: nothing was heard of the other side for {driver.give_up_after_s:g} s."
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
