"""Whether this machine lets a call through: sockets, addresses, and a call with itself."""

import asyncio
import socket
import time

from callcodec.doctor.finding import Finding, Level
from callcodec.transport.peer import WebRtcPeer

RENDEZVOUS_PORT = 8765
CONNECT_S = 10.0
FIREWALL = "allow this program (python) to use UDP in the firewall; in a container, give it a network"


def look_at_udp() -> Finding:
    """Whether a UDP port can be had."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
            bound.bind(("0.0.0.0", 0))
    except OSError as error:
        return Finding("UDP", Level.FAULT, f"no port can be bound ({error.strerror})", FIREWALL)
    return Finding("UDP", Level.OK, "ports can be bound")


def look_at_rendezvous_port(port: int = RENDEZVOUS_PORT) -> Finding:
    """Whether ``callcodec signal`` could serve here."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            pass
    except OSError:
        return Finding(
            "rendezvous",
            Level.NOTE,
            f"port {port} is taken, perhaps by callcodec signal itself",
            "callcodec signal --port P serves on another one, only if it is to run here",
        )
    return Finding("rendezvous", Level.OK, f"port {port} is free for callcodec signal")


async def look_at_ice() -> list[Finding]:
    """The addresses that a call would offer, and a whole call of this machine with itself on 127.0.0.1."""
    return [await _addresses(), await _call_with_itself()]


async def _addresses() -> Finding:
    peer = WebRtcPeer()
    try:
        offer = await peer.offer()
    except (OSError, ValueError, RuntimeError) as error:
        return Finding("addresses", Level.FAULT, f"nothing can be offered ({error})", FIREWALL)
    finally:
        await peer.close()
    found = {line.split()[4] for line in offer["sdp"].splitlines() if line.startswith("a=candidate")}
    if not found:
        return Finding(
            "addresses",
            Level.LIMIT,
            "this machine has no network address; it can call itself only",
            "connect it to a network",
        )
    count = f"{len(found)} address{'es' if len(found) > 1 else ''}"
    return Finding("addresses", Level.OK, f"{count} to offer; beyond the own network --ice-server is needed")


async def _call_with_itself() -> Finding:
    caller, called = WebRtcPeer(loopback=True), WebRtcPeer(loopback=True)
    heard = asyncio.Event()
    called.on_voice = lambda _: heard.set()
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_S):
            await caller.accept(await called.answer(await caller.offer()))
            await asyncio.gather(caller.connected(CONNECT_S), called.connected(CONNECT_S))
            connected_s = time.monotonic() - began_s
            timestamp = 0
            while not heard.is_set():  # a packet may be lost even here
                caller.send_voice(b"\x08\x00", timestamp)
                timestamp += 2880
                await asyncio.sleep(0.06)
    except (TimeoutError, OSError, ValueError, RuntimeError) as error:
        said = str(error) or f"nothing came through within {CONNECT_S:.0f} s"
        return Finding("connection", Level.FAULT, f"no call on 127.0.0.1: {said}", FIREWALL)
    finally:
        await caller.close()
        await called.close()
    return Finding("connection", Level.OK, f"a call with itself came about in {connected_s:.1f} s")
