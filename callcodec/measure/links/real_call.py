"""Two people in two processes and, between them, an emulated link that can be changed while they talk."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from callcodec.measure.links.person import Done, PersonJob, Said, Told, run_person
from callcodec.transport.emulated_rendezvous import EmulatedRendezvous
from callcodec.transport.link import LinkProfile
from callcodec.transport.relay import UdpRelay

START_LIMIT_S = 90.0
POLL_S = 0.02


class LinkCallError(ValueError):
    """A call between two processes did not come about, or did not end; says why."""


@dataclass
class Person:
    """One process, what it has said, and how it ended."""

    process: BaseProcess
    pipe: Connection
    said: Said = field(default_factory=Said)
    done: Done | None = None

    def read(self) -> None:
        """Take what has come through the pipe."""
        with contextlib.suppress(EOFError, OSError):
            while self.done is None and self.pipe.poll():
                message = self.pipe.recv()
                if isinstance(message, Told):
                    self.said.sentences.append((message.at_s, message.sentence))
                elif isinstance(message, Done):
                    self.done = message

    @property
    def over(self) -> bool:
        """Whether it has ended, in order or not."""
        return self.done is not None or not self.process.is_alive()


@dataclass
class RealCall:
    """Both people and their link; all times are of the machine's monotonic clock."""

    caller: Person
    listener: Person
    relay: UdpRelay
    connected_s: float = 0.0

    def now(self) -> float:
        """The clock that the people's notes are in."""
        return asyncio.get_running_loop().time()

    async def until(self, condition: Callable[[], bool], limit_s: float, what: str) -> None:
        """LinkCallError with `what` when `condition` does not come about in time."""
        end_s = self.now() + limit_s
        while not condition():
            for person in (self.caller, self.listener):
                person.read()
                if person.done is not None and person.done.error is not None:
                    raise LinkCallError(person.done.error)
            if self.now() > end_s:
                raise LinkCallError(f"{what} within {limit_s:g} s")
            await asyncio.sleep(POLL_S)

    async def wait(self, seconds: float) -> None:
        """Let the call go on, and keep the pipes empty."""
        end_s = self.now() + seconds
        while self.now() < end_s:
            self.caller.read()
            self.listener.read()
            await asyncio.sleep(POLL_S)

    def set_link(self, profile: LinkProfile) -> float:
        """Change both directions; when that was."""
        self.relay.set_profiles(profile, profile)
        return self.now()

    async def ended(self, limit_s: float) -> None:
        """Wait until both processes have ended."""
        await self.until(lambda: self.caller.over and self.listener.over, limit_s, "the call does not end")


Script = Callable[[RealCall], Awaitable[None]]


def hold(
    link: LinkProfile,
    caller: Callable[[str], PersonJob],
    listener: Callable[[str], PersonJob],
    script: Script,
) -> RealCall:
    """A call that `script` follows from the moment that both are connected. The jobs are told the rendezvous."""

    async def follow() -> RealCall:
        async with _meeting_point(link) as (relay, url):
            people = [_start(listener(url))]
            call = RealCall(people[0], people[0], relay)
            try:
                await call.until(
                    lambda: people[0].said.when("Waiting for a call") is not None,
                    START_LIMIT_S,
                    "nobody listens",
                )
                people.append(_start(caller(url)))
                call.caller = people[1]
                await call.until(
                    lambda: all(person.said.when("Connected.") for person in people),
                    START_LIMIT_S,
                    "the two were not connected",
                )
                call.connected_s = max(person.said.when("Connected.") or 0.0 for person in people)
                await script(call)
                for person in people:
                    person.read()
                return call
            finally:
                for person in people:
                    person.process.kill()
                    person.process.join()
                    person.pipe.close()

    return asyncio.run(follow())


@contextlib.asynccontextmanager
async def _meeting_point(link: LinkProfile) -> AsyncIterator[tuple[UdpRelay, str]]:
    relay = UdpRelay(link)
    await relay.start()
    server = EmulatedRendezvous(relay)
    port = await server.start("127.0.0.1", 0)
    try:
        yield relay, f"ws://127.0.0.1:{port}"
    finally:
        await server.close()
        await relay.close()


def _start(job: PersonJob) -> Person:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_person, args=(theirs, job), daemon=True)
    process.start()
    theirs.close()
    return Person(process, ours)
