"""The rendezvous: two meet, a third does not, and nobody can wear it out."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from callcodec.transport.rendezvous import CLOSE_ODD, CLOSE_TOO_FAST, Rendezvous, RendezvousLimits
from callcodec.transport.rendezvous_client import OtherSideLeftError, RendezvousSignalling
from callcodec.transport.signalling import MAX_MESSAGE_BYTES
from tests.transport.calls import until

TIMEOUT_S = 5.0


@asynccontextmanager
async def rendezvous(limits: RendezvousLimits | None = None) -> AsyncIterator[tuple[Rendezvous, str]]:
    """A server of this process, and its address."""
    server = Rendezvous(limits)
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, f"ws://127.0.0.1:{port}"
    finally:
        await server.close()


@asynccontextmanager
async def pair(url: str) -> AsyncIterator[tuple[RendezvousSignalling, RendezvousSignalling]]:
    """Two who are together in a room."""
    both = await RendezvousSignalling.join(url, "r"), await RendezvousSignalling.join(url, "r")
    try:
        for side in both:
            await side.paired(TIMEOUT_S)
        yield both
    finally:
        for side in both:
            await side.close()


def test_the_first_two_of_a_room_reach_each_other() -> None:
    async def meet() -> None:
        async with rendezvous() as (_, url), pair(url) as (one, other):
            await one.send({"type": "offer", "sdp": "x" * 60_000})
            await other.send({"type": "answer"})
            assert (await other.receive(TIMEOUT_S))["type"] == "offer"
            assert await one.receive(TIMEOUT_S) == {"type": "answer"}

    asyncio.run(meet())


def test_a_third_is_refused_and_disturbs_nobody() -> None:
    async def meet() -> None:
        async with rendezvous() as (_, url), pair(url) as (one, other):
            with pytest.raises(ConnectionError, match="Two people are in this room"):
                await RendezvousSignalling.join(url, "r")
            await one.send({"type": "hello"})
            assert await other.receive(TIMEOUT_S) == {"type": "hello"}

    asyncio.run(meet())


def test_who_leaves_is_missed_and_the_room_is_free_again() -> None:
    async def meet() -> None:
        async with rendezvous() as (server, url):
            async with pair(url) as (one, other):
                await one.close()
                with pytest.raises(OtherSideLeftError, match="has left"):
                    await other.receive(TIMEOUT_S)
            await until(lambda: server.rooms == 0)
            async with pair(url):
                assert server.rooms == 1

    asyncio.run(meet())


def test_who_answers_no_ping_has_not_left() -> None:
    async def fall_silent() -> None:
        limits = RendezvousLimits(heartbeat_s=0.2)
        async with rendezvous(limits) as (_, url), aiohttp.ClientSession() as session:
            silent = await session.ws_connect(f"{url}/rooms/r", autoping=False)
            other = await RendezvousSignalling.join(url, "r")
            await other.paired(TIMEOUT_S)
            with pytest.raises(ConnectionError, match="no longer hears") as told:
                await other.receive(TIMEOUT_S)
            assert not isinstance(told.value, OtherSideLeftError)
            await silent.close()
            await other.close()

    asyncio.run(fall_silent())


@pytest.mark.parametrize("limits", [RendezvousLimits(alone_s=0.05), RendezvousLimits(together_s=0.05)])
def test_rooms_expire(limits: RendezvousLimits) -> None:
    async def wait() -> None:
        async with rendezvous(limits) as (server, url):
            one = await RendezvousSignalling.join(url, "r")
            if limits.alone_s > 1:
                other = await RendezvousSignalling.join(url, "r")
                await one.paired(TIMEOUT_S)
            with pytest.raises(ConnectionError, match="expired"):
                await one.receive(TIMEOUT_S)
            if limits.alone_s > 1:
                await other.close()
            await one.close()
            await until(lambda: server.rooms == 0)

    asyncio.run(wait())


def test_there_are_only_so_many_rooms() -> None:
    async def wait() -> None:
        async with rendezvous(RendezvousLimits(rooms=1)) as (_, url):
            one = await RendezvousSignalling.join(url, "a")
            with pytest.raises(ConnectionError, match="full"):
                await RendezvousSignalling.join(url, "b")
            await one.close()

    asyncio.run(wait())


def test_a_side_that_sends_too_fast_is_cut_off() -> None:
    async def flood() -> int | None:
        limits = RendezvousLimits(burst_messages=5, messages_per_s=0.001)
        async with (
            rendezvous(limits) as (_, url),
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/rooms/r") as one,
            session.ws_connect(f"{url}/rooms/r") as other,
        ):
            for number in range(6):
                await one.send_str(str(number))
            while not one.closed:
                await one.receive(TIMEOUT_S)
            heard = [message.data async for message in other]
            assert heard[1:] == ["0", "1", "2", "3", "4"]
            return one.close_code

    assert asyncio.run(flood()) == CLOSE_TOO_FAST


@pytest.mark.parametrize(
    ("message", "code"),
    [("x" * (MAX_MESSAGE_BYTES + 1), 1009), (b"binary", CLOSE_ODD)],
    ids=["large", "binary"],
)
def test_a_message_that_is_too_large_or_no_text_ends_the_connection(message: str | bytes, code: int) -> None:
    async def send() -> int | None:
        async with rendezvous() as (_, url), pair(url) as (_one, other), aiohttp.ClientSession() as session:
            await other.close()
            async with session.ws_connect(f"{url}/rooms/x") as one, session.ws_connect(f"{url}/rooms/x"):
                await one.receive(TIMEOUT_S)
                await (one.send_str(message) if isinstance(message, str) else one.send_bytes(message))
                await one.receive(TIMEOUT_S)
                return one.close_code

    assert asyncio.run(send()) == code


def test_speaking_before_anybody_else_is_there_ends_the_connection() -> None:
    async def send() -> int | None:
        async with (
            rendezvous() as (_, url),
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/rooms/x") as one,
        ):
            await one.send_str("{}")
            await one.receive(TIMEOUT_S)
            return one.close_code

    assert asyncio.run(send()) == CLOSE_ODD


@pytest.mark.parametrize("path", ["/rooms/a%20b", "/rooms/" + "x" * 65, "/", "/rooms/"])
def test_an_impossible_room_is_refused(path: str) -> None:
    async def ask() -> int:
        async with (
            rendezvous() as (_, url),
            aiohttp.ClientSession() as session,
            session.get(url.replace("ws", "http", 1) + path) as response,
        ):
            return response.status

    assert asyncio.run(ask()) in (400, 404)


def test_web_pages_are_not_let_in() -> None:
    async def ask() -> None:
        async with rendezvous() as (_, url), aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"{url}/rooms/r", origin="https://elsewhere.example")

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("url", "room", "error", "message"),
    [
        ("ws://127.0.0.1:9", "r", ConnectionError, "No rendezvous is reached at ws://127.0.0.1:9"),
        ("http://127.0.0.1", "r", ValueError, "begins with ws://"),
        ("ws://127.0.0.1", "a room", ValueError, "letters, digits"),
    ],
)
def test_a_rendezvous_that_cannot_be_is_a_sentence(
    url: str, room: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        asyncio.run(RendezvousSignalling.join(url, room))


def test_a_server_that_is_no_rendezvous_is_a_sentence() -> None:
    async def ask() -> None:
        async with rendezvous() as (_, url):
            with pytest.raises(ConnectionError, match="HTTP 404"):
                await RendezvousSignalling.join(f"{url}/elsewhere", "r")

    asyncio.run(ask())


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def test_with_tls_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async def ask() -> None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*write_certificate(tmp_path))
        server = Rendezvous()
        port = await server.start("127.0.0.1", 0, tls)
        try:
            with pytest.raises(ConnectionError, match="certificate verify failed"):
                await RendezvousSignalling.join(f"wss://127.0.0.1:{port}", "r")
        finally:
            await server.close()

    asyncio.run(ask())
