"""Real calls between two peers of one process, for the tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from callcodec.transport.description import check_description
from callcodec.transport.endpoint import Endpoint, MessageArrival, VoiceArrival
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.relay import UdpRelay

TIMEOUT_S = 20.0


@dataclass
class Heard:
    """What an endpoint has received."""

    voice: list[VoiceArrival] = field(default_factory=list)
    messages: list[MessageArrival] = field(default_factory=list)


def listen(endpoint: Endpoint) -> Heard:
    """Begins to collect what `endpoint` receives."""
    heard = Heard()
    endpoint.on_voice = heard.voice.append
    endpoint.on_message = heard.messages.append
    return heard


@dataclass(frozen=True)
class Call:
    """Two connected peers and what they have heard."""

    caller: WebRtcPeer
    called: WebRtcPeer
    at_caller: Heard
    at_called: Heard


@asynccontextmanager
async def call(relay: UdpRelay | None = None) -> AsyncIterator[Call]:
    """Two peers that are connected, over `relay` if given."""
    caller, called = WebRtcPeer(loopback=True), WebRtcPeer(loopback=True)
    try:
        at_caller, at_called = listen(caller), listen(called)
        offer = await caller.offer()
        answer = await called.answer(relay.route_offer(offer) if relay else offer)
        await caller.accept(relay.route_answer(check_description(answer, "answer")) if relay else answer)
        await asyncio.gather(caller.connected(TIMEOUT_S), called.connected(TIMEOUT_S))
        yield Call(caller, called, at_caller, at_called)
    finally:
        await caller.close()
        await called.close()


async def until(condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
    """Waits for something that another task brings about. TimeoutError if it does not."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.002)
