"""A real call over an emulated bad link."""

import asyncio

import pytest

from callcodec.transport.endpoint import Channel
from callcodec.transport.link import LinkProfile
from callcodec.transport.relay import MAX_STAND_INS, UdpRelay
from tests.transport.calls import call, until

SDP = "v=0\r\nm=audio 9 x\r\na=candidate:1 1 udp 99 127.0.0.1 {port} typ host\r\na=ice-ufrag:x\r\n"


def test_a_call_over_the_relay_has_its_delay_and_its_losses() -> None:
    async def talk() -> None:
        relay = UdpRelay(LinkProfile(delay_ms=100, loss=0.05, seed=1), LinkProfile(delay_ms=100, seed=2))
        await relay.start()
        try:
            async with call(relay) as both:
                lost_before = relay.dropped_packets[0]
                sent_s = []
                for number in range(100):
                    sent_s.append(asyncio.get_running_loop().time())
                    both.caller.send_voice(b"\x0bvoice", number)
                    await asyncio.sleep(0.005)
                both.caller.send_message(Channel.IDENTITY, bytes(3000))
                await until(lambda: len(both.at_called.messages) == 1)
                heard = both.at_called.voice
                assert len(heard) == 100 - (relay.dropped_packets[0] - lost_before) or len(heard) < 100
                assert 85 <= len(heard) < 100
                delays_ms = sorted((v.arrival_s - sent_s[v.rtp_timestamp]) * 1000 for v in heard)
                assert delays_ms[0] >= 99
                assert delays_ms[25] < 130
                assert relay.dropped_packets[1] == 0
                assert relay.delivered_packets[1] > 0
        finally:
            await relay.close()

    asyncio.run(talk())


def test_a_blackout_loses_everything_until_it_is_over() -> None:
    async def talk() -> None:
        relay = UdpRelay(LinkProfile())
        await relay.start()
        try:
            async with call(relay) as both:
                relay.set_profiles(LinkProfile(loss=1), LinkProfile(loss=1))
                both.caller.send_voice(b"lost", 0)
                await asyncio.sleep(0.05)
                relay.set_profiles(LinkProfile(), LinkProfile())
                both.caller.send_voice(b"back", 1)
                await until(lambda: [v.payload for v in both.at_called.voice] == [b"back"])
        finally:
            await relay.close()

    asyncio.run(talk())


class Collector(asyncio.DatagramProtocol):
    """Keeps what arrives, and from where."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, tuple[str, int]]] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.append((data, addr))


async def open_socket() -> tuple[asyncio.DatagramTransport, Collector, int]:
    loop = asyncio.get_running_loop()
    transport, collector = await loop.create_datagram_endpoint(Collector, local_addr=("127.0.0.1", 0))
    return transport, collector, transport.get_extra_info("sockname")[1]


def test_an_address_that_no_description_names_keeps_a_port_of_its_own() -> None:
    async def knock() -> None:
        relay = UdpRelay(LinkProfile())
        await relay.start()
        home, _, home_port = await open_socket()
        stranger, at_stranger, _ = await open_socket()
        other, at_other, other_port = await open_socket()
        try:
            seen_by_called = relay.route_offer({"type": "offer", "sdp": SDP.format(port=home_port)})
            seen_by_caller = relay.route_answer({"type": "answer", "sdp": SDP.format(port=other_port)})
            caller_door, called_door = (
                int(description["sdp"].split("127.0.0.1 ")[1].split()[0])
                for description in (seen_by_called, seen_by_caller)
            )
            home.sendto(b"signalled", ("127.0.0.1", called_door))
            stranger.sendto(b"reflexive", ("127.0.0.1", called_door))
            await until(lambda: len(at_other.received) == 2)
            ports = {data: source[1] for data, source in at_other.received}
            assert ports[b"signalled"] == caller_door
            assert ports[b"reflexive"] not in (caller_door, called_door)
            other.sendto(b"answer", ("127.0.0.1", ports[b"reflexive"]))
            await until(lambda: at_stranger.received == [(b"answer", ("127.0.0.1", called_door))])
            for _ in range(2 * MAX_STAND_INS):
                flood, _, _ = await open_socket()
                flood.sendto(b"flood", ("127.0.0.1", called_door))
                flood.close()
            await until(lambda: relay.dropped_packets[0] > 0)
        finally:
            for transport in (home, stranger, other):
                transport.close()
            await relay.close()

    asyncio.run(knock())


def test_a_description_without_an_ipv4_candidate_is_refused() -> None:
    async def route() -> None:
        relay = UdpRelay(LinkProfile())
        await relay.start()
        try:
            with pytest.raises(ValueError, match="no candidate over UDP and IPv4"):
                relay.route_offer(
                    {"type": "offer", "sdp": SDP.format(port=9).replace("127.0.0.1", "fd00::2")}
                )
        finally:
            await relay.close()

    asyncio.run(route())
