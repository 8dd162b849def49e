"""One recorded clip through one call: both ends in their own process over WebRTC, or both on simulated time."""

import multiprocessing
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.call.emotion import EmotionChoice
from callcodec.measure.call_report import FinishedCall, build_report, write_films
from callcodec.measure.loopback_end import EndJob, Failed, Progress, Ready, Stop, run_end
from callcodec.measure.loopback_simulated import run_both
from callcodec.measure.report import Report
from callcodec.transport.link import LinkProfile

OUTPUTS = ("received.mp4", "side_by_side.mp4", "report.json")
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 20.0


class LoopbackError(ValueError):
    """The call could not be made; the message is a sentence for the user."""


@dataclass(frozen=True)
class LoopbackOptions:
    """``device``: of torch. ``identity``: the user's own (256, 256, 3) RGB picture. ``duplex``: both ends send."""

    clip: Path
    out: Path
    config: CallConfig
    link: LinkProfile
    device: str
    seconds: float | None = None
    simulated: bool = False
    duplex: bool = False
    emotion: EmotionChoice = None
    identity: NDArray[np.uint8] | None = None
    overwrite: bool = False


def check_outputs(out: Path, overwrite: bool) -> None:
    """Raises LoopbackError when ``out`` cannot take the results, or has some already."""
    if out.exists() and not out.is_dir():
        raise LoopbackError(f"{out} is a file; --out names a folder")
    existing = [name for name in OUTPUTS if (out / name).exists()]
    if existing and not overwrite:
        raise LoopbackError(f"{out} holds {', '.join(existing)} already; --overwrite replaces them")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise LoopbackError(f"cannot write to {out}: {error.strerror or error}") from error


def run_loopback(options: LoopbackOptions, progress: Callable[[float, str], None]) -> Report:
    """Make the call, then encode, score and report it into ``options.out``. Ctrl-C ends the call, not the report.

    Raises:
        ValueError: bad input, with a sentence; nothing is left behind.
    """
    check_outputs(options.out, options.overwrite)
    with _work_folder(options.out) as work:
        call = make_call(options, work, progress)
        progress(-1.0, "encoding and scoring")
        report = build_report(call)
        write_films(call, work / "received.mp4", work / "side_by_side.mp4")
        report.write(work / "report.json")
        for name in OUTPUTS:
            if (work / name).exists():
                (work / name).replace(options.out / name)
    return report


def make_call(options: LoopbackOptions, work: Path, progress: Callable[[float, str], None]) -> FinishedCall:
    """Only the call itself: its logs and frames lie in ``work`` afterwards."""
    near = EndJob(
        folder=work / "near",
        config=options.config,
        clip=options.clip,
        seconds=options.seconds,
        device="cpu",
        reconstructs=False,
        emotion=options.emotion,
        identity=options.identity,
        link=options.link,
    )
    far = EndJob(
        folder=work / "far",
        config=options.config,
        clip=options.clip if options.duplex else None,
        seconds=options.seconds,
        device=options.device,
        reconstructs=True,
    )
    if options.simulated:
        run_both(near, far, options.link, progress)
    else:
        _run_processes(near, far, progress)
    return FinishedCall(
        clip=options.clip.name,
        near=near.folder,
        far=far.folder,
        config=options.config,
        link=options.link,
        simulated=options.simulated,
        device=options.device,
    )


@contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".call-", dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_processes(near: EndJob, far: EndJob, progress: Callable[[float, str], None]) -> None:
    """Start both ends, and wait until both are done."""
    context = multiprocessing.get_context("spawn")
    pipes: list[Connection] = []
    processes: list[BaseProcess] = []
    signals = socket.socketpair()
    for job, signal_socket in zip((near, far), signals, strict=True):
        ours, theirs = context.Pipe()
        process: BaseProcess = context.Process(
            target=run_end, args=(theirs, job, signal_socket, job is near), daemon=True
        )
        process.start()
        theirs.close()
        signal_socket.close()
        pipes.append(ours)
        processes.append(process)
    try:
        with _interrupts(pipes):
            _follow(pipes, progress)
    finally:
        for process in processes:
            process.join(timeout=STOP_TIMEOUT_S)
            if process.is_alive():
                process.terminate()
        for pipe in pipes:
            pipe.close()


@contextmanager
def _interrupts(pipes: list[Connection]) -> Iterator[None]:
    """Ctrl-C once: both ends hang up and the files are finished."""

    def interrupted(*_: object) -> None:
        for pipe in pipes:
            _send(pipe, Stop())

    previous = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _follow(pipes: list[Connection], progress: Callable[[float, str], None]) -> None:
    ready: set[Connection] = set()
    running = set(pipes)
    while running:
        arrived = wait(list(running), timeout=START_TIMEOUT_S)
        if not arrived:
            raise LoopbackError(f"the two ends said nothing for {START_TIMEOUT_S:.0f} s")
        for pipe in arrived:
            assert isinstance(pipe, Connection)
            try:
                message = pipe.recv()
            except EOFError:
                running.discard(pipe)
                continue
            if isinstance(message, Failed):
                for peer in running - {pipe}:
                    _send(peer, Stop())
                raise LoopbackError(message.why)
            if isinstance(message, Ready):
                ready.add(pipe)
                if len(ready) == len(pipes):
                    for peer in pipes:
                        _send(peer, Ready())
            elif isinstance(message, Progress):
                progress(message.seconds, message.state)


def _send(pipe: Connection, message: object) -> None:
    try:
        pipe.send(message)
    except (BrokenPipeError, OSError):
        return
