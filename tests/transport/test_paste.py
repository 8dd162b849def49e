"""Signalling by hand, one line at a time."""

import asyncio
import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.transport.paste import PREFIX, PasteSignalling, from_line, to_line
from callcodec.transport.peer import WebRtcPeer

json_objects = st.dictionaries(st.text(), st.text() | st.integers() | st.none())


@given(json_objects)
def test_a_message_survives_being_pasted(message: dict[str, object]) -> None:
    assert from_line(to_line(message)) == message
    wrapped = to_line(message)
    assert from_line(f"  {wrapped[:20]} \n{wrapped[20:]}\n") == message


@given(st.text() | st.binary().map(lambda data: PREFIX + data.hex()))
def test_rubbish_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError, match="paste"):
        from_line(line)


def test_half_a_line_is_a_sentence() -> None:
    line = to_line({"sdp": "".join(chr(65 + i * i % 57) for i in range(500))})
    with pytest.raises(ValueError, match="was all of it copied"):
        from_line(line[: len(PREFIX) + (len(line) - len(PREFIX)) // 8 * 4])


def test_a_line_that_swells_is_refused() -> None:
    bomb = PREFIX + base64.b64encode(zlib.compress(bytes(10_000_000))).decode()
    with pytest.raises(ValueError, match="not complete"):
        from_line(bomb)


def test_an_offer_fits_into_a_line_of_a_terminal() -> None:
    async def offer() -> str:
        peer = WebRtcPeer()
        shown: list[str] = []

        async def ask() -> str:
            return shown[-1]

        signalling = PasteSignalling(shown.append, ask, shown.append)
        try:
            description = await peer.offer()
            await signalling.send(description)
            assert await signalling.receive(0) == description
        finally:
            await peer.close()
        return shown[0]

    line = asyncio.run(offer())
    assert "\n" not in line
    assert len(line) < 4095


def test_a_bad_paste_is_asked_for_again() -> None:
    async def receive() -> tuple[dict[str, object], list[str]]:
        lines = iter(["hello", to_line({"x": 1})[:-8], to_line({"x": 1})])
        complaints: list[str] = []

        async def ask() -> str:
            return next(lines)

        signalling = PasteSignalling(lambda _: None, ask, complaints.append)
        return await signalling.receive(0), complaints

    message, complaints = asyncio.run(receive())
    assert message == {"x": 1}
    assert len(complaints) == 2
