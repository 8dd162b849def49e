"""A call outlives its connection, and ends soon when the other side's program has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from callcodec.call.session import hold_call
from callcodec.transport import aiortc_patches
from callcodec.transport.authentication import Role
from callcodec.transport.consent import ConsentSchedule
from callcodec.transport.emulated_rendezvous import EmulatedRendezvous
from callcodec.transport.link import LinkProfile
from callcodec.transport.relay import UdpRelay
from tests.call.people import Script, person
from tests.call.talking_clip import write_talking_clip
from tests.transport.calls import until

DARK = LinkProfile(loss=1)


@asynccontextmanager
async def bad_link() -> AsyncIterator[tuple[str, UdpRelay]]:
    """The address of a rendezvous, and the link that its visitors get."""
    relay = UdpRelay(LinkProfile(delay_ms=5))
    await relay.start()
    server = EmulatedRendezvous(relay)
    port = await server.start("127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{port}", relay
    finally:
        await server.close()
        await relay.close()


@pytest.mark.slow
def test_after_its_connection_has_ended_a_call_goes_on_over_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(
        ConsentSchedule, lifetime_s=1.0, healthy_interval_s=0.2, failing_interval_s=0.1, timeouts_s=(0.3,)
    )
    monkeypatch.setattr(aiortc_patches, "ConsentSchedule", quick)
    clip = write_talking_clip(tmp_path / "talk.mp4", 30.0)

    async def talk() -> tuple[float, Script, Script]:
        loop = asyncio.get_running_loop()
        at_caller, at_listener = Script(), Script()
        async with bad_link() as (url, relay):
            both = [
                asyncio.create_task(hold_call(person(url, clip), Role.LISTEN, at_listener)),
                asyncio.create_task(hold_call(person(url, clip), Role.CALL, at_caller)),
            ]
            await until(
                lambda: all("Connected. Ctrl-C hangs up." in s.said for s in (at_caller, at_listener))
            )
            await asyncio.sleep(2.0)
            relay.set_profiles(DARK, DARK)
            await until(lambda: any("Lost" in sentence for sentence in at_caller.said))
            await asyncio.sleep(3.0)
            relay.set_profiles(LinkProfile(), LinkProfile())
            back_s = loop.time()
            await until(lambda: all("The other side is back." in s.said for s in (at_caller, at_listener)))
            took_s = loop.time() - back_s
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        return took_s, at_caller, at_listener

    took_s, at_caller, at_listener = asyncio.run(talk())
    assert "Connected anew." in at_caller.said
    assert "Connected anew." in at_listener.said
    assert took_s < 2.0
