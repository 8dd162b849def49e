"""The page and the signalling of a browser: served whole, to nobody else's page, to one at a time."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path

import aiohttp
import pytest

from callcodec.transport.browser_server import FILES, HEADERS, PAGE, BrowserServer
from callcodec.transport.signalling import MAX_MESSAGE_BYTES
from callcodec.transport.words import WORDS
from tests.transport.test_rendezvous import write_certificate

TIMEOUT_S = 5.0


@asynccontextmanager
async def served() -> AsyncIterator[tuple[BrowserServer, str, aiohttp.ClientSession]]:
    """A server of this process, its address, and a client."""
    server = BrowserServer()
    port = await server.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as session:
            yield server, f"http://127.0.0.1:{port}", session
    finally:
        await server.close()


async def fetched(path: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of one request."""
    async with served() as (_, url, session), session.get(url + path) as response:
        return response.status, dict(response.headers), await response.text()


@pytest.mark.parametrize("path", [*FILES, "/words.js"])
def test_every_file_comes_with_a_policy_that_lets_nothing_else_in(path: str) -> None:
    status, headers, body = asyncio.run(fetched(path))
    assert status == 200
    assert HEADERS.items() <= headers.items()
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert body


def test_no_other_file_is_served() -> None:
    assert asyncio.run(fetched("/../callcodec/cli.py"))[0] == 404


def test_the_page_names_no_other_host_and_has_no_inline_code() -> None:
    files = {name: resources.files(PAGE).joinpath(name).read_text("utf-8") for name, _ in FILES.values()}
    for name, text in files.items():
        addresses = re.findall(
            r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", re.sub(r"^\s*//.*$", "", text, flags=re.M)
        )
        assert all(address == "http://www.w3.org/2000/svg" for address in addresses), name
    page = files["index.html"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=|javascript:", page)
    asked_for = set(re.findall(r"(?:src|href)=\"([^\"]+)\"", page))
    assert {f"/{name}" for name in asked_for} <= FILES.keys()


def test_the_words_of_the_page_are_those_of_the_program() -> None:
    body = asyncio.run(fetched("/words.js"))[2]
    assert tuple(json.loads(body.removeprefix("export const WORDS = ").rstrip(";\n"))) == WORDS


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", None])
def test_a_page_of_somebody_else_is_not_let_in(origin: str | None) -> None:
    async def ask() -> None:
        async with served() as (_, url, session):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"{url}/signal", origin=origin)

    asyncio.run(ask())


def test_one_browser_is_let_in_at_a_time_and_the_next_when_it_has_gone() -> None:
    async def ask() -> list[object]:
        async with served() as (server, url, session):
            first = await session.ws_connect(f"{url}/signal", origin=url)
            here = await server.visitor()
            with pytest.raises(aiohttp.WSServerHandshakeError, match="409"):
                await session.ws_connect(f"{url}/signal", origin=url)
            await first.send_json({"number": 1})
            heard: list[object] = [await here.receive(TIMEOUT_S)]
            await asyncio.gather(here.close(), first.receive())
            async with session.ws_connect(f"{url}/signal", origin=url) as second:
                there = await server.visitor()
                await there.send({"number": 2})
                heard.append(await second.receive_json(timeout=TIMEOUT_S))
                await asyncio.gather(there.close(), second.receive())
            return heard

    assert asyncio.run(ask()) == [{"number": 1}, {"number": 2}]


@pytest.mark.parametrize(
    ("message", "error", "sentence"),
    [
        ("x" * (MAX_MESSAGE_BYTES + 1), ConnectionError, "left before"),
        (b"binary", ConnectionError, "left before"),
        ("[", ValueError, "not JSON"),
        ("[]", ValueError, "not a JSON object"),
        (None, ConnectionError, "left before"),
    ],
    ids=["large", "binary", "no JSON", "no object", "gone"],
)
def test_what_is_no_message_is_a_sentence(
    message: str | bytes | None, error: type[Exception], sentence: str
) -> None:
    async def ask() -> None:
        async with served() as (server, url, session), session.ws_connect(f"{url}/signal", origin=url) as one:
            here = await server.visitor()
            if isinstance(message, bytes):
                await one.send_bytes(message)
            elif isinstance(message, str):
                await one.send_str(message)
            leaving = asyncio.create_task(one.close() if message is None else one.receive())
            with pytest.raises(error, match=sentence):
                await here.receive(TIMEOUT_S)
            await asyncio.gather(here.close(), leaving)

    asyncio.run(ask())


def test_a_browser_that_says_nothing_is_not_waited_for() -> None:
    async def ask() -> None:
        async with served() as (server, url, session), session.ws_connect(f"{url}/signal", origin=url) as one:
            here = await server.visitor()
            with pytest.raises(ConnectionError, match="said nothing"):
                await here.receive(0.05)
            await asyncio.gather(here.close(), one.receive())

    asyncio.run(ask())


def test_with_a_certificate_page_and_signalling_are_encrypted(tmp_path: Path) -> None:
    async def ask() -> tuple[str, object]:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate, key = write_certificate(tmp_path)
        tls.load_cert_chain(certificate, key)
        server = BrowserServer()
        url = f"https://localhost:{await server.start('localhost', 0, tls)}"
        trusting = ssl.create_default_context(cafile=str(certificate))
        try:
            async with aiohttp.ClientSession() as session:
                async with session.get(url, ssl=trusting) as response:
                    page = await response.text()
                async with session.ws_connect(f"{url}/signal", origin=url, ssl=trusting) as one:
                    here = await server.visitor()
                    await one.send_json({"number": 1})
                    heard = await here.receive(TIMEOUT_S)
                    await asyncio.gather(here.close(), one.receive())
            return page, heard
        finally:
            await server.close()

    page, heard = asyncio.run(ask())
    assert "<title>callcodec</title>" in page
    assert heard == {"number": 1}
