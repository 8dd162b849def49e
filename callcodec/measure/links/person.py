"""One of two people in a process of their own, who call each other as the command line does, files for devices."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from rich.console import Console

from callcodec.call.config import CallConfig
from callcodec.call.equipment import Equipment
from callcodec.call.memory import keep_freed_memory
from callcodec.call.observer import Observer
from callcodec.call.session import hold_call
from callcodec.call.session_options import SessionOptions
from callcodec.call.terminal import Terminal
from callcodec.measure.links.watch import Notes, Watch
from callcodec.transport.authentication import Role
from callcodec.transport.clock import MonotonicClock

SECRET = bytes(range(32))
ROOM = "links"


@dataclass(frozen=True)
class PersonJob:
    """What one person is told. ``video``: a file, or "none". ``seconds``: hangs up after so long."""

    role: Role
    signal: str
    config: CallConfig
    video: str
    seconds: float | None = None
    record: Path | None = None


@dataclass
class Said:
    """What stood on a person's screen, and when; wall times of the machine's monotonic clock."""

    sentences: list[tuple[float, str]] = field(default_factory=list)

    def when(self, text: str, after_s: float = 0.0) -> float | None:
        """When a sentence with `text` was first said after `after_s`."""
        return next((at_s for at_s, said in self.sentences if text in said and at_s >= after_s), None)


@dataclass(frozen=True)
class Told:
    """A sentence, as it is said."""

    at_s: float
    sentence: str


@dataclass(frozen=True)
class Done:
    """How a person's call ended. ``error``: the sentence of a call that did not come about."""

    at_s: float
    notes: Notes
    error: str | None


class PipeTerminal(Terminal):
    """Tells the parent what is said; nobody answers."""

    def __init__(self, pipe: Connection) -> None:
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
        super().__init__(Console(file=nowhere))
        self._pipe = pipe
        self._clock = MonotonicClock()

    def say(self, sentence: str) -> None:
        """See Terminal."""
        self._pipe.send(Told(self._clock.now(), sentence))


def run_person(pipe: Connection, job: PersonJob) -> None:
    """The process of one person: ends with a Done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    torch.set_num_threads(1)
    watches: list[Watch] = []

    def watched(other: Observer) -> Observer:
        watches.append(Watch(other))
        return watches[0]

    options = SessionOptions(
        room=ROOM,
        secret=SECRET,
        signal=job.signal,
        equipment=Equipment(
            video=job.video,
            audio="none" if job.video == "none" else None,
            record=job.record,
            window=False,
            speaker=False,
        ),
        config=job.config,
        device="cpu",
        yes=True,
        seconds=job.seconds,
    )
    error = None
    try:
        asyncio.run(hold_call(options, job.role, PipeTerminal(pipe), watched))
    except (ValueError, OSError) as failure:
        error = str(failure)
    notes = watches[0].notes if watches else Notes()
    pipe.send(Done(MonotonicClock().now(), notes, error))


def enlarging(config: CallConfig, hints: bool = False) -> CallConfig:
    """The same without networks: what a link does is to be seen, not how busy the machine is."""
    face = replace(config.sender.face, hints=hints)
    receiver = replace(config.receiver, reconstructor="bicubic", interpolation="adaptive")
    return replace(config, sender=replace(config.sender, face=face), receiver=receiver)
