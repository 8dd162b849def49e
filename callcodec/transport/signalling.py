"""How offer and answer get from one side to the other: an interface, and a byte stream that implements it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from callcodec.transport.description import check_description
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.relay import UdpRelay

MAX_MESSAGE_BYTES = 65_536


class Signalling(Protocol):
    """A path for a few small messages between the two sides, before and beside the connection itself."""

    async def send(self, message: Mapping[str, object]) -> None:
        """Sends what JSON can hold. ConnectionError if the other side has gone."""
        ...

    async def receive(self, timeout_s: float) -> dict[str, object]:
        """The next message, a JSON object. ConnectionError if none comes in time or the other side has gone,
        ValueError if it is malformed."""
        ...

    async def close(self) -> None:
        """Lets go of the path."""
        ...


def serialise_message(message: Mapping[str, object]) -> bytes:
    """The message as JSON in UTF-8. ValueError if it is larger than MAX_MESSAGE_BYTES."""
    data = json.dumps(message).encode()
    if len(data) > MAX_MESSAGE_BYTES:
        raise ValueError(f"A signalling message has at most {MAX_MESSAGE_BYTES} bytes, not {len(data)}.")
    return data


def parse_message(data: bytes | str) -> dict[str, object]:
    """The message in what the other side sent. ValueError unless it is a JSON object."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("The other side sent a signalling message that is not JSON.") from error
    if not isinstance(message, dict):
        raise ValueError("The other side sent a signalling message that is not a JSON object.")
    return message


class StreamSignalling:
    """Messages over a connected stream socket: four bytes of length (big-endian), then JSON in UTF-8."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, connected: socket.socket) -> StreamSignalling:
        """Over one end of `socket.socketpair()`, or of any connected TCP socket, which it takes charge of."""
        connected.setblocking(False)
        return cls(*await asyncio.open_connection(sock=connected))

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        data = serialise_message(message)
        self._writer.write(struct.pack("!I", len(data)) + data)
        await self._writer.drain()

    async def receive(self, timeout_s: float) -> dict[str, object]:
        """See Signalling."""
        try:
            data = await asyncio.wait_for(self._read(), timeout_s)
        except TimeoutError:
            raise ConnectionError(f"The other side has said nothing for {timeout_s:g} s.") from None
        except asyncio.IncompleteReadError:
            raise ConnectionError("The other side has gone before the connection was made.") from None
        return parse_message(data)

    async def close(self) -> None:
        """See Signalling."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read(self) -> bytes:
        (length,) = struct.unpack("!I", await self._reader.readexactly(4))
        if length > MAX_MESSAGE_BYTES:
            raise ValueError(
                f"The other side announced a message of {length} bytes; {MAX_MESSAGE_BYTES} is the most."
            )
        return await self._reader.readexactly(length)


async def place_call(
    peer: WebRtcPeer, signalling: Signalling, timeout_s: float, relay: UdpRelay | None = None
) -> None:
    """The caller's part: offer, answer, and the wait until both have met. `relay` stands in between if given.

    ConnectionError or ValueError, with a sentence, when the call does not come about; each step may take
    `timeout_s`.
    """
    offer = await peer.offer()
    await signalling.send(relay.route_offer(offer) if relay else offer)
    answer = await signalling.receive(timeout_s)
    if relay:
        answer = {**relay.route_answer(check_description(answer, "answer"))}
    await peer.accept(answer)
    await peer.connected(timeout_s)


async def take_call(peer: WebRtcPeer, signalling: Signalling, timeout_s: float) -> None:
    """The called side's part. Errors as in `place_call`."""
    answer = await peer.answer(await signalling.receive(timeout_s))
    await signalling.send(answer)
    await peer.connected(timeout_s)
