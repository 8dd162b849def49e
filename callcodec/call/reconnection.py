"""A call outlives its connection: both sides stay within each other's reach at the rendezvous, and make a new one.

The old connection is kept as long as it lives; consent takes half a minute to expire. The rendezvous also tells a
program that has ended from a network that is silent, so that only the latter is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping

from callcodec.call.driver import EndDriver
from callcodec.transport.authenticated_call import (
    Patience,
    place_authenticated_call,
    take_authenticated_call,
)
from callcodec.transport.authentication import Role
from callcodec.transport.line import Line
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.rendezvous_client import OtherSideLeftError, RendezvousSignalling

logger = logging.getLogger(__name__)

GONE_PATIENCE_S = 6.0
"""Of silence, before a call is over whose other side has left the rendezvous as well."""
SILENT_PATIENCE_S = 120.0
REJOIN_PAUSE_S = 0.5
LOOK_S = 0.2
AGAIN_INTERVAL_S = 2.0
PATIENCE = Patience(message_s=3.0, person_s=5.0, connection_s=12.0)
"""Programs answer at once; connectivity is checked every second meanwhile, so a path that comes back is found."""

AGAIN = "again"
"""What the listener says when its connection has ended: the caller begins."""


class Inbox:
    """Implements Signalling over a room, which it reads all the time: its end is noticed at once."""

    def __init__(self, signalling: RendezvousSignalling) -> None:
        self._signalling = signalling
        self._messages: asyncio.Queue[dict[str, object]] = asyncio.Queue(32)
        self._end: Exception | None = None
        self._reading = asyncio.create_task(self._read())

    async def look(self, timeout_s: float) -> dict[str, object] | None:
        """The next message, or None when none comes in time. ConnectionError or ValueError after the end."""
        getting = asyncio.create_task(self._messages.get())
        try:
            await asyncio.wait(
                {getting, self._reading}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if getting.done():
                return getting.result()
        finally:
            getting.cancel()
        if self._end is not None:
            raise self._end
        return None

    def put_back(self, message: dict[str, object]) -> None:
        """Let `message` come again, behind what has come since."""
        with contextlib.suppress(asyncio.QueueFull):
            self._messages.put_nowait(message)

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        await self._signalling.send(message)

    async def receive(self, timeout_s: float) -> dict[str, object]:
        """See Signalling; reminders are passed over."""
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        while True:
            left_s = deadline_s - asyncio.get_running_loop().time()
            message = await self.look(max(0.0, left_s))
            if message is None:
                raise ConnectionError(f"The other side has said nothing for {timeout_s:g} s.")
            if message.get("type") != AGAIN:
                return message

    async def close(self) -> None:
        """See Signalling."""
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        await self._signalling.close()

    async def _read(self) -> None:
        try:
            while True:
                await self._messages.put(await self._signalling.receive(None))
        except (ConnectionError, ValueError) as error:
            self._end = error


class Reconnection:
    """Runs beside a call; the driver learns how long silence is worth waiting for."""

    def __init__(
        self,
        join: Callable[[], Awaitable[RendezvousSignalling]],
        role: Role,
        secret: bytes,
        line: Line,
        create_peer: Callable[[], WebRtcPeer],
        driver: EndDriver,
        say: Callable[[str], None],
    ) -> None:
        """`join`: enters the room. `secret`: of these two ends alone (authentication.continued)."""
        self._join = join
        self._role = role
        self._secret = secret
        self._line = line
        self._create_peer = create_peer
        self._driver = driver
        self._say = say
        self._peers: list[WebRtcPeer] = []
        self._left = False
        line.replaceable = True
        line.on_replaced = driver.participant.resume
        driver.give_up_after_s = SILENT_PATIENCE_S

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                inbox = Inbox(await self._join())
            except ConnectionError as error:
                logger.info("the rendezvous: %s", error)
                self._be_patient()
                await asyncio.sleep(REJOIN_PAUSE_S)
                continue
            try:
                await self._stay(inbox)
            except OtherSideLeftError:
                self._left = True
            except (ConnectionError, ValueError) as error:
                logger.info("the rendezvous: %s", error)
                self._be_patient()
            finally:
                await inbox.close()
            await asyncio.sleep(REJOIN_PAUSE_S)

    async def close(self) -> None:
        """End the connections that were made here."""
        for peer in self._peers:
            await peer.close()

    def _be_patient(self) -> None:
        self._left = False
        self._driver.give_up_after_s = SILENT_PATIENCE_S

    async def _stay(self, inbox: Inbox) -> None:
        """In the room, until that ends. ConnectionError or ValueError then."""
        if self._left:
            self._driver.give_up_after_s = GONE_PATIENCE_S
        together = False
        remind_s = 0.0
        loop = asyncio.get_running_loop()
        while True:
            message = await inbox.look(LOOK_S)
            kind = None if message is None else message.get("type")
            if kind == "paired":
                together = True
                self._be_patient()
            elif self._role is Role.CALL and together and (self._line.ended or kind == AGAIN):
                await self._connect(inbox)
            elif self._role is Role.LISTEN and kind == "commitment" and message is not None:
                inbox.put_back(message)
                await self._connect(inbox)
            elif self._role is Role.LISTEN and together and self._line.ended and loop.time() >= remind_s:
                remind_s = loop.time() + AGAIN_INTERVAL_S
                await inbox.send({"type": AGAIN})

    async def _connect(self, inbox: Inbox) -> None:
        """One attempt; a failed one changes nothing."""
        peer = self._create_peer()
        self._line.attach(peer)
        try:
            if self._role is Role.CALL:
                await place_authenticated_call(peer, inbox, self._secret, PATIENCE, lambda _: None)
            else:
                await take_authenticated_call(peer, inbox, self._secret, PATIENCE, _always)
        except (ConnectionError, ValueError) as error:
            logger.info("no new connection: %s", error)
            await peer.close()
            await asyncio.sleep(REJOIN_PAUSE_S)
            return
        except BaseException:
            await peer.close()
            raise
        self._say("Connected anew.")
        for old in self._peers:
            await old.close()
        self._peers = [peer]


async def _always(_: tuple[str, ...]) -> bool:
    return True
