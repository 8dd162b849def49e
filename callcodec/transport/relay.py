"""A bad link for a real call: a relay on the loopback that every packet between two peers goes through.

It takes the place of either side's candidate in the session descriptions, so both ICE agents believe that it
is the other side, and decides about each packet as `LinkModel` does. Needs an event loop with `add_reader`.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import replace

from callcodec.transport.description import Description
from callcodec.transport.endpoint import IPV4_UDP_BYTES
from callcodec.transport.link import LinkModel, LinkProfile

Address = tuple[str, int]

CALLER, CALLED = 0, 1
MAX_STAND_INS = 16
"""A host has a handful of addresses; what comes from more is not from the two peers."""


class UdpRelay:
    """Emulates the links between two peers of one host: `there` from caller to called, and `back`.

    start(), then route_offer() and route_answer() on the way between the peers, and close() at the end.
    """

    def __init__(self, there: LinkProfile, back: LinkProfile | None = None, host: str = "127.0.0.1") -> None:
        """`back`: like `there`, with another seed, if None. `host`: an IPv4 address of this machine."""
        self._profiles = (there, back or replace(there, seed=there.seed + 1))
        self._host = host
        self._models: list[LinkModel] = []
        self._doors: list[socket.socket] = []
        self._stand_ins: dict[tuple[int, Address], socket.socket] = {}
        self._scheduled: set[asyncio.TimerHandle] = set()
        self._delivered = [0, 0]
        self._dropped = [0, 0]

    @property
    def delivered_packets(self) -> tuple[int, int]:
        """Packets that got through, there and back."""
        return self._delivered[0], self._delivered[1]

    @property
    def dropped_packets(self) -> tuple[int, int]:
        """Packets lost, there and back."""
        return self._dropped[0], self._dropped[1]

    async def start(self) -> None:
        """Opens the sockets; outages of the profiles count from now."""
        self._loop = asyncio.get_running_loop()
        self._models = [LinkModel(profile, self._loop.time()) for profile in self._profiles]
        self._doors = [self._open(), self._open()]

    def set_profiles(self, there: LinkProfile, back: LinkProfile) -> None:
        """Changes the links while they run; what is on its way arrives as it was decided."""
        for model, profile in zip(self._models, (there, back), strict=True):
            model.profile = profile

    def route_offer(self, offer: Description) -> Description:
        """What the called side must be given instead of the caller's offer."""
        return self._route(offer, CALLER)

    def route_answer(self, answer: Description) -> Description:
        """What the caller must be given instead of the answer."""
        return self._route(answer, CALLED)

    async def close(self) -> None:
        """Stops; what is on its way is lost."""
        for handle in self._scheduled:
            handle.cancel()
        for stand_in in {*self._doors, *self._stand_ins.values()}:
            self._loop.remove_reader(stand_in)
            stand_in.close()
        self._doors.clear()
        self._stand_ins.clear()

    def _open(self) -> socket.socket:
        stand_in = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stand_in.setblocking(False)
        stand_in.bind((self._host, 0))
        return stand_in

    def _route(self, description: Description, side: int) -> Description:
        """Puts a door in the place of the candidates of `side`; the first over UDP and IPv4 is its home."""
        lines = description["sdp"].splitlines()
        fields = [line.split() for line in lines if line.startswith("a=candidate:")]
        homes = [field for field in fields if field[2].lower() == "udp" and ":" not in field[4]]
        if not homes:
            raise ValueError("The description has no candidate over UDP and IPv4 for the emulated link.")
        foundation, component, protocol, priority, host, port = homes[0][:6]
        home = (host, int(port))
        if (side, home) not in self._stand_ins:
            self._stand_for(side, home, self._doors[side])
        door_port = self._stand_ins[side, home].getsockname()[1]
        candidate = f"{foundation} {component} {protocol} {priority} {self._host} {door_port} typ host"
        routed: list[str] = []
        for line in lines:
            if not line.startswith("a=candidate:"):
                routed.append(line)
            elif routed[-1] != candidate:
                routed.append(candidate)
        return {"type": description["type"], "sdp": "\r\n".join(routed) + "\r\n"}

    def _stand_for(self, side: int, address: Address, stand_in: socket.socket) -> None:
        """From now on `stand_in` is what the other side sees of `address`, and what it gets is sent there."""
        self._stand_ins[side, address] = stand_in
        self._loop.add_reader(stand_in, self._receive, stand_in, side, address)

    def _receive(self, stand_in: socket.socket, side: int, address: Address) -> None:
        """Takes what the other side has sent to `stand_in`; its link decides when `address` gets it."""
        sender_side = 1 - side
        while True:
            try:
                data, source = stand_in.recvfrom(65_536)
            except BlockingIOError:
                return
            except OSError:
                continue  # what was sent before found nobody listening (ICMP)
            exit_socket = self._stand_in_of(sender_side, source)
            times = self._models[sender_side].deliveries(len(data) + IPV4_UDP_BYTES, self._loop.time())
            if exit_socket is None or not times:
                self._dropped[sender_side] += 1
                continue
            self._delivered[sender_side] += 1
            for time_s in times:
                self._send_at(time_s, exit_socket, data, address)

    def _stand_in_of(self, side: int, address: Address) -> socket.socket | None:
        known = self._stand_ins.get((side, address))
        if known is not None or len(self._stand_ins) >= MAX_STAND_INS:
            return known
        # An address that was not in the description: the other side gets to know it as peer-reflexive.
        stand_in = self._open()
        self._stand_for(side, address, stand_in)
        return stand_in

    def _send_at(self, time_s: float, exit_socket: socket.socket, data: bytes, address: Address) -> None:
        def send() -> None:
            self._scheduled.discard(handle)
            # When the peer has gone, so is the packet.
            with suppress(OSError):
                exit_socket.sendto(data, address)

        handle = self._loop.call_at(time_s, send)
        self._scheduled.add(handle)
