"""One end of a loopback call in a process of its own; once described to each other, the ends share nothing but UDP."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.call.driver import EndDriver
from callcodec.call.emotion import EmotionChoice, announce_emotion
from callcodec.call.end import (
    PICTURE_SIZE,
    Recorder,
    Workers,
    build_end,
    finish_log,
    open_workers,
    picture_threads,
)
from callcodec.call.live import Failure, run_live
from callcodec.call.memory import keep_freed_memory
from callcodec.call.participant import Participant
from callcodec.call.shapes import create_shape_finder
from callcodec.call.source import ClipSource, SilentSource, Source
from callcodec.call.video import Restoration, add_video
from callcodec.h264.preparation import prepare, will_compile
from callcodec.transport.clock import MonotonicClock
from callcodec.transport.endpoint import Endpoint
from callcodec.transport.link import LinkProfile
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.relay import UdpRelay
from callcodec.transport.signalling import StreamSignalling, place_call, take_call
from callcodec.transport.video_line import VideoLine
from callcodec.wire.face_packet import RUNGS
from models.reconstructor import Reconstructor
from models.registry import create_reconstructor

CONNECT_TIMEOUT_S = 20.0
SILENT_PICTURES = "bicubic"  # a side that is shown no face loads no network


@dataclass(frozen=True)
class EndJob:
    """What one end is told. ``clip`` None: it only listens. ``reconstructs``: its pictures are kept and scored."""

    folder: Path
    config: CallConfig
    clip: Path | None
    seconds: float | None
    device: str
    reconstructs: bool
    emotion: EmotionChoice = None
    identity: NDArray[np.uint8] | None = None
    link: LinkProfile | None = None

    def source(self, prefetch: bool) -> Source:
        """Where this end's pictures and voice come from."""
        if self.clip is None:
            return SilentSource()
        return ClipSource(self.clip, self.seconds, prefetch)

    def reconstructor(self) -> Reconstructor:
        """What makes this end's pictures."""
        needed = self.reconstructs and not self.config.video.sends
        name = self.config.receiver.reconstructor if needed else SILENT_PICTURES
        return create_reconstructor(name, self.device, self.config.receiver.weights)

    def recorder(self) -> Recorder:
        """What keeps this end's pictures, voice and log."""
        size = PICTURE_SIZE if self.config.video.sends else RUNGS[self.config.sender.face.rung].size
        return Recorder(
            self.folder, size, keep_captures=not self.reconstructs, keep_pictures=self.reconstructs
        )

    def driver(
        self,
        endpoint: Endpoint,
        source: Source,
        workers: Workers,
        recorder: Recorder,
        progress: Callable[[float, str], None],
        line: VideoLine | None = None,
        paced: bool = True,
    ) -> EndDriver:
        """The end, ready to be stepped. ``line``: for H.264, if the settings want that; ``paced``: see add_video."""
        shapes = None if self.config.video.sends else create_shape_finder()
        participant = build_end(
            self.config, endpoint, source, self.reconstructor(), workers, recorder, shapes
        )
        if line is not None and self.config.video.sends:
            self._add_video(participant, line, workers, paced, progress)
        announce_emotion(participant.sender, self.emotion)
        if self.identity is not None:
            participant.sender.use_identity(self.identity)
        return EndDriver(participant, recorder, progress)

    def _add_video(
        self,
        participant: Participant,
        line: VideoLine,
        workers: Workers,
        paced: bool,
        progress: Callable[[float, str], None],
    ) -> None:
        settings = self.config.video
        restoration = Restoration(settings.restorer if self.reconstructs else "none", self.device)
        if self.reconstructs:
            if will_compile():
                progress(-1.0, "compiling the H.264 reader, once for this machine: about half a minute")
            prepare()
        add_video(participant, line, settings, restoration, workers.picture, workers.background, paced)


@dataclass(frozen=True)
class Ready:
    """An end has loaded everything; sent back once both have."""


@dataclass(frozen=True)
class Progress:
    """How far the call is, and what the receiver shows."""

    seconds: float
    state: str


@dataclass(frozen=True)
class Failed:
    """An end could not go on."""

    why: str


@dataclass(frozen=True)
class Stop:
    """Hang up."""


def run_end(pipe: Connection, job: EndJob, signal_socket: socket.socket, calls: bool) -> None:
    """The process of one end. ``pipe``: to the parent; ``signal_socket``: to the other end, for descriptions only."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and asks both ends to hang up
    keep_freed_memory()
    torch.set_num_threads(picture_threads() if job.reconstructs else 1)
    try:
        asyncio.run(_call(pipe, job, signal_socket, calls))
    except (ValueError, OSError) as error:
        with contextlib.suppress(OSError):
            pipe.send(Failed(str(error)))


class Parent:
    """The process that started this one: says when both ends are ready, and when to hang up."""

    def __init__(self, pipe: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._pipe = pipe
        self._loop = loop
        self._closed = False
        self.ready = asyncio.Event()
        self.stop = asyncio.Event()
        self._reading = loop.run_in_executor(None, self._read)

    def tell(self, message: Ready | Progress) -> None:
        """Send a message; a parent that is gone is not missed."""
        with contextlib.suppress(OSError):
            self._pipe.send(message)

    async def close(self) -> None:
        """End the reading thread."""
        self._closed = True
        await self._reading

    def _read(self) -> None:
        while not self._closed:
            try:
                if not self._pipe.poll(0.2):
                    continue
                message = self._pipe.recv()
            except (EOFError, OSError):
                message = Stop()
            if isinstance(message, Stop):
                self._loop.call_soon_threadsafe(self.stop.set)
            self._loop.call_soon_threadsafe(self.ready.set)
            if self.stop.is_set() or isinstance(message, Stop):
                return


async def _call(pipe: Connection, job: EndJob, signal_socket: socket.socket, calls: bool) -> None:
    loop, clock, failure = asyncio.get_running_loop(), MonotonicClock(), Failure()
    async with contextlib.AsyncExitStack() as stack:
        parent = Parent(pipe, loop)
        stack.push_async_callback(parent.close)
        source = job.source(prefetch=True)
        stack.callback(source.close)
        recorder = job.recorder()
        stack.callback(recorder.close)
        workers = open_workers(stack, failure)
        sends_video = job.config.video.sends
        peer = WebRtcPeer(
            loopback=True, clock=clock, offers_video=sends_video and calls, sends_video=sends_video
        )
        stack.push_async_callback(peer.close)
        driver = job.driver(
            peer,
            source,
            workers,
            recorder,
            lambda seconds, state: parent.tell(Progress(seconds, state)),
            peer.video,
        )
        parent.tell(Ready())
        await parent.ready.wait()
        if parent.stop.is_set():
            return
        signalling = await StreamSignalling.over(signal_socket)
        stack.push_async_callback(signalling.close)
        if calls:
            await place_call(peer, signalling, CONNECT_TIMEOUT_S, await _relay(job.link, stack))
        else:
            await take_call(peer, signalling, CONNECT_TIMEOUT_S)
        await run_live(driver, clock, failure, parent.stop)
        finish_log(driver.participant, recorder, clock.now())


async def _relay(link: LinkProfile | None, stack: contextlib.AsyncExitStack) -> UdpRelay | None:
    """The emulated link, unless it is a perfect one."""
    if link is None or link == LinkProfile(seed=link.seed):
        return None
    relay = UdpRelay(link)
    await relay.start()
    stack.push_async_callback(relay.close)
    return relay
