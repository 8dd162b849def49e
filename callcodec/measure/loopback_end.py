"""One end of a loopback call in a process of its own; all that it shares with the other end is UDP."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.call.driver import EndDriver
from callcodec.call.end import Recorder, Workers, build_end, finish_log
from callcodec.call.live import Failure, run_live
from callcodec.call.source import ClipSource, SilentSource, Source
from callcodec.transport.clock import MonotonicClock
from callcodec.transport.endpoint import Endpoint
from callcodec.transport.link import LinkProfile
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.relay import UdpRelay
from callcodec.transport.worker import ThreadWorker
from callcodec.wire.face_packet import RUNGS
from models.reconstructor import Reconstructor
from models.registry import create_reconstructor

CONNECT_TIMEOUT_S = 20.0
PICTURE_THREADS = 2
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
    emotion: int | None = None
    identity: NDArray[np.uint8] | None = None
    link: LinkProfile = LinkProfile()

    def source(self, prefetch: bool) -> Source:
        """Where this end's pictures and voice come from."""
        if self.clip is None:
            return SilentSource()
        return ClipSource(self.clip, self.seconds, prefetch)

    def reconstructor(self) -> Reconstructor:
        """What makes this end's pictures."""
        name = self.config.receiver.reconstructor if self.reconstructs else SILENT_PICTURES
        return create_reconstructor(name, self.device)

    def recorder(self) -> Recorder:
        """What keeps this end's pictures, voice and log."""
        size = RUNGS[self.config.sender.face.rung].size
        return Recorder(self.folder, size, keep_captures=not self.reconstructs, keep_pictures=self.reconstructs)

    def driver(
        self,
        endpoint: Endpoint,
        source: Source,
        workers: Workers,
        recorder: Recorder,
        progress: Callable[[float, str], None],
    ) -> EndDriver:
        """The end, ready to be stepped."""
        participant = build_end(self.config, endpoint, source, self.reconstructor(), workers, recorder)
        participant.sender.set_emotion(self.emotion)
        if self.identity is not None:
            participant.sender.use_identity(self.identity)
        return EndDriver(participant, recorder, progress)


@dataclass(frozen=True)
class Ready:
    """An end has loaded everything; sent back once both have."""


@dataclass(frozen=True)
class Signal:
    """A session description on its way to the other end."""

    description: dict[str, str]


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


def run_near(pipe: Connection, job: EndJob) -> None:
    """The process that sends the clip; it calls."""
    _run(pipe, job, calls=True)


def run_far(pipe: Connection, job: EndJob) -> None:
    """The process that receives; it is called."""
    _run(pipe, job, calls=False)


def _run(pipe: Connection, job: EndJob, calls: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and asks both ends to hang up
    torch.set_num_threads(PICTURE_THREADS if job.reconstructs else 1)
    try:
        asyncio.run(_call(pipe, job, calls))
    except (ValueError, OSError) as error:
        with contextlib.suppress(OSError):
            pipe.send(Failed(str(error)))


class Mailbox:
    """What the parent sends, taken off the pipe in a thread."""

    def __init__(self, pipe: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._pipe = pipe
        self._messages: asyncio.Queue[object] = asyncio.Queue()
        self.stop = asyncio.Event()
        self._loop = loop
        self._reading = loop.run_in_executor(None, self._read)

    def _read(self) -> None:
        while True:
            try:
                if not self._pipe.poll(0.2):
                    if self.stop.is_set():
                        return
                    continue
                message = self._pipe.recv()
            except (EOFError, OSError):
                message = Stop()
            if isinstance(message, Stop):
                self._loop.call_soon_threadsafe(self.stop.set)
                return
            self._loop.call_soon_threadsafe(self._messages.put_nowait, message)

    async def receive(self) -> object:
        """The next message that is no Stop. Raises ConnectionError when asked to stop meanwhile."""
        message = asyncio.ensure_future(self._messages.get())
        stopped = asyncio.ensure_future(self.stop.wait())
        await asyncio.wait({message, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not message.done():
            message.cancel()
            raise ConnectionError("the call was stopped before it began")
        return message.result()

    async def description(self) -> dict[str, str]:
        """The other end's session description."""
        message = await self.receive()
        if not isinstance(message, Signal):
            raise ConnectionError("the other end did not describe its connection")
        return message.description

    async def close(self) -> None:
        """End the reading thread."""
        self.stop.set()
        await self._reading


async def _call(pipe: Connection, job: EndJob, calls: bool) -> None:
    loop, clock, failure = asyncio.get_running_loop(), MonotonicClock(), Failure()
    mailbox = Mailbox(pipe, loop)
    source = job.source(prefetch=True)
    recorder = job.recorder()
    relay = UdpRelay(job.link) if calls and job.link != LinkProfile() else None
    peer = WebRtcPeer(loopback=True, clock=clock)
    pictures, background = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
    try:
        workers = Workers(
            picture=ThreadWorker(loop, pictures, failure), background=ThreadWorker(loop, background, failure)
        )
        driver = job.driver(
            peer, source, workers, recorder, lambda seconds, state: pipe.send(Progress(seconds, state))
        )
        pipe.send(Ready())
        await mailbox.receive()
        await _negotiate(pipe, mailbox, peer, calls, relay)
        await peer.connected(CONNECT_TIMEOUT_S)
        await run_live(driver, clock, failure, mailbox.stop)
        finish_log(driver.participant, recorder, clock.now())
    finally:
        await peer.close()
        if relay is not None:
            await relay.close()
        source.close()
        recorder.close()
        pictures.shutdown()
        background.shutdown()
        await mailbox.close()


async def _negotiate(
    pipe: Connection, mailbox: Mailbox, peer: WebRtcPeer, calls: bool, relay: UdpRelay | None
) -> None:
    if calls:
        offer = await peer.offer()
        pipe.send(Signal(offer if relay is None else await relay.towards_caller(offer)))
        answer = await mailbox.description()
        await peer.accept(answer if relay is None else await relay.towards_called(answer))
    else:
        offer = await mailbox.description()
        pipe.send(Signal(await peer.answer(offer)))
