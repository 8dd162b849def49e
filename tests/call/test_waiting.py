"""Waiting that a person can end."""

import asyncio

import pytest

from callcodec.call.waiting import unless


def test_what_was_waited_for_is_the_answer() -> None:
    async def wait() -> int | None:
        return await unless(asyncio.Event(), asyncio.sleep(0, 7))

    assert asyncio.run(wait()) == 7


def test_a_stop_ends_the_waiting_and_what_was_waited_for_is_cleaned_up() -> None:
    ended: list[str] = []

    async def for_ever() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")
        return 1

    async def wait() -> int | None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        return await unless(stop, for_ever())

    assert asyncio.run(wait()) is None
    assert ended == ["cleaned up"]


def test_a_fault_is_the_callers() -> None:
    async def fail() -> None:
        raise ConnectionError("no rendezvous")

    with pytest.raises(ConnectionError, match="no rendezvous"):
        asyncio.run(unless(asyncio.Event(), fail()))
