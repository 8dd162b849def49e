"""A real Chromium calls: it is connected, heard and seen; and it is not, when something is wrong."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.call.browser_meeting import BrowserOptions
from callcodec.call.config import CallConfig
from callcodec.call.equipment import Equipment
from callcodec.call.observer import Observer
from callcodec.call.participant import Participant
from callcodec.call.session import hold_call
from callcodec.call.session_options import SessionOptions
from callcodec.call.video import Restoration
from callcodec.config import load_config
from callcodec.h264.preparation import prepare
from callcodec.media.clip import open_clip
from callcodec.sample import sample_clip
from callcodec.transport.authenticated_call import Patience, take_authenticated_call
from callcodec.transport.authentication import Role
from callcodec.transport.browser_peer import BrowserPeer, BrowserRates
from callcodec.transport.browser_server import BrowserServer, BrowserSignalling
from callcodec.transport.endpoint import ConnectionState
from models.restoration.restorer import FacePicture, FacePlanes, Hearing, check_window
from receiver.face import DecodedFace
from receiver.restoration.pace import Pace
from receiver.sink import Shown
from receiver.state import State
from sender.sender import Captured
from tests.browser.chromium import Page, chromium, chromium_path
from tests.call.people import Script
from tests.transport.calls import until
from tests.transport.signalling_pair import Message
from tests.transport.test_authentication import FOREIGN

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STATE = "document.querySelector('main').dataset.state"
PRESS_CALL = "document.getElementById('call').click()"
HEARD = """(async () => {
  const voice = document.getElementById('theirs').srcObject.getAudioTracks()[0];
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([voice])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let i = 0; i < 40; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples);
  }
  return loudest;
})()"""
PICTURES = "document.getElementById('theirs').getVideoPlaybackQuality().totalVideoFrames"
BRIGHTER = 40


class Brightening:
    """A restorer that is quick, and whose work can be seen."""

    name = "brightening"
    side = 256
    before = after = 0

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:  # noqa: ARG002
        """See Restorer."""
        check_window(self, window)
        planes = window[0].planes
        return FacePlanes(
            np.minimum(planes.y.astype(int) + BRIGHTER, 235).astype(np.uint8), planes.u, planes.v
        )


class Watcher:
    """An Observer that counts what its person sees and hears."""

    def __init__(self, inner: Observer) -> None:
        self._inner = inner
        self.states: Counter[State] = Counter()
        self.loudest = 0

    def show(self, shown: Shown) -> None:
        """See Sink."""
        self.states[shown.state] += shown.fresh
        self._inner.show(shown)

    def play(self, pcm: NDArray[np.int16], media_time_s: float, wall_s: float) -> None:
        """See Sink."""
        self.loudest = max(self.loudest, int(np.abs(pcm.astype(int)).max(initial=0)))
        self._inner.play(pcm, media_time_s, wall_s)

    def captured(self, captured: Captured) -> None:
        """See Observer."""
        self._inner.captured(captured)

    def decoded(self, face: DecodedFace, wall_s: float) -> None:
        """See Observer."""
        self._inner.decoded(face, wall_s)

    def happened(self, event: str, wall_s: float) -> None:
        """See Observer."""
        self._inner.happened(event, wall_s)

    def note_wire(self, participant: Participant, wall_s: float) -> None:
        """See Observer."""
        self._inner.note_wire(participant, wall_s)


class Listener:
    """`callcodec listen --browser` inside this process, with the bundled clip as its camera."""

    def __init__(self, yes: bool = True) -> None:
        self.terminal = Script()
        self.watchers: list[Watcher] = []
        equipment = Equipment(str(sample_clip()), window=False, speaker=False)
        config = load_config("calls/browser", CallConfig)
        options = SessionOptions(
            "", None, "", equipment, config, "cpu", yes, seconds=200, browser=BrowserOptions()
        )
        self.call = asyncio.create_task(hold_call(options, Role.LISTEN, self.terminal, self._watched))

    async def link(self) -> str:
        """What it shows to be opened."""

        def links() -> list[str]:
            return [said for said in self.terminal.said if "/#" in said]

        await until(lambda: bool(links()) or self.call.done())
        if self.call.done():
            self.call.result()
        return links()[0]

    def _watched(self, inner: Observer) -> Observer:
        self.watchers.append(Watcher(inner))
        return self.watchers[-1]


def write_camera(path: Path) -> Path:
    """The bundled clip as a camera that Chromium plays over and over."""
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=Fraction(25))
        stream.width = stream.height = 256
        stream.pix_fmt = "yuvj420p"
        for number, frame in enumerate(open_clip(sample_clip()).frames()):
            rgb = np.asarray(cv2.resize(frame.rgb, (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            if number == 50:
                break
        container.mux(stream.encode(None))
    return path


async def called(page: Page, link: str) -> None:
    """The person at the browser opens the link and presses the button."""
    await page.open(link)
    await page.until("!document.getElementById('call').disabled")
    await page.value(PRESS_CALL)


def test_a_browser_is_connected_heard_seen_and_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Restoration, "for_size", lambda *_: Brightening())
    monkeypatch.setattr(Pace, "keeps_up", True)  # how fast this machine finds faces is not asked here
    chromium_path()
    prepare()  # the reader is compiled before the call, not in it

    async def talk() -> None:
        listener = Listener()
        camera = write_camera(tmp_path / "camera.mjpeg")
        async with chromium(f"--use-file-for-fake-video-capture={camera}") as page:
            await called(page, await listener.link())
            await page.until(f"{STATE} === 'connected'")
            assert (
                await page.value("document.getElementById('four').textContent") == listener.terminal.words()
            )
            (watcher,) = listener.watchers
            await until(lambda: watcher.states[State.RESTORING] >= 25, 60)
            assert watcher.loudest > 1000
            assert await page.value(HEARD) > 0.02
            assert await page.value(PICTURES) > 20
            assert await page.value("document.getElementById('theirs').videoWidth") == 256
            await page.until("document.getElementById('figures').textContent.includes('sending 256×256')")
            await page.value("document.getElementById('hang-up').click()")
            await asyncio.wait_for(listener.call, 20)
            assert listener.terminal.said[-1] == "The other side hung up."
            assert await page.value(STATE) == "ended"
            assert "You hung up." in await page.value("document.getElementById('reason').textContent")
            assert not page.complaints
            own = (await listener.link()).split("#")[0].split("//")[1]
            assert all(url.split("//")[1].startswith(own) for url in page.requests)
            assert not any("#" in url for url in page.requests)

    asyncio.run(talk())


def test_a_link_with_another_code_is_refused_and_the_right_one_is_still_waited_for() -> None:
    chromium_path()

    async def talk() -> None:
        listener = Listener(yes=False)
        async with chromium() as page:
            link = await listener.link()
            await called(page, f"{link.split('#')[0]}#{'A' * 43}")
            await page.until(f"{STATE} === 'ended'")
            assert "does not hold the same secret" in await page.value("document.body.innerText")
            await until(lambda: any("was not let in" in said for said in listener.terminal.said))
            await page.value(f"location.hash = '{link.split('#')[1]}'")
            await page.until(f"{STATE} === 'ready' && !document.getElementById('call').disabled")
            listener.terminal.answers.put_nowait("n")
            await page.value(PRESS_CALL)
            await page.until(f"{STATE} === 'ended'")
            assert "does not take the call" in await page.value("document.body.innerText")
            await asyncio.wait_for(listener.call, 20)
            assert listener.terminal.said[-1] == "Declined."

    asyncio.run(talk())


def test_a_link_without_a_code_cannot_call() -> None:
    chromium_path()

    async def look() -> None:
        async with served() as (_, address), chromium() as page:
            await page.open(address)
            await page.until("document.body.innerText.includes('This link has no code')")
            assert await page.value("document.getElementById('call').disabled")

    asyncio.run(look())


@asynccontextmanager
async def served() -> AsyncIterator[tuple[BrowserServer, str]]:
    """A server of this process, and its page's address."""
    server = BrowserServer()
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, f"http://127.0.0.1:{port}/"
    finally:
        await server.close()


class Meddling(BrowserSignalling):
    """Changes what is sent to the browser."""

    def __init__(self, inner: BrowserSignalling, meddle: Callable[[Message], Message]) -> None:
        self._inner = inner
        self._meddle = meddle

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        await self._inner.send(self._meddle(dict(message)))

    async def receive(self, timeout_s: float) -> dict[str, object]:
        """See Signalling."""
        return await self._inner.receive(timeout_s)

    async def close(self) -> None:
        """See Signalling."""
        await self._inner.close()


def swapped(message: Message) -> Message:
    """Somebody in between puts in a certificate of their own into the answer."""
    if message["type"] != "answer":
        return message
    lines = str(message["sdp"]).splitlines()
    foreign = [f"a=fingerprint:{FOREIGN}" if "a=fingerprint:sha-256" in line else line for line in lines]
    return {**message, "sdp": "\r\n".join(foreign) + "\r\n"}


def forged(message: Message) -> Message:
    """Somebody in between does not know the code."""
    return {**message, "proof": "00" * 32} if message["type"] == "answer" else message


@pytest.mark.parametrize(
    ("meddle", "sentence"),
    [(swapped, "another connection than it proved"), (forged, "does not hold this link's code")],
)
def test_the_page_refuses_an_answer_that_somebody_has_changed(
    meddle: Callable[[Message], Message], sentence: str
) -> None:
    chromium_path()

    async def talk() -> None:
        peer = BrowserPeer(BrowserRates())

        async def accept(_: tuple[str, ...]) -> bool:
            return True

        try:
            async with served() as (server, address), chromium() as page:
                await called(page, f"{address}#{'A' * 43}")
                visitor = await asyncio.wait_for(server.visitor(), 20)
                secret = bytes(32)
                with pytest.raises(ConnectionError):
                    await take_authenticated_call(
                        peer, Meddling(visitor, meddle), secret, Patience(connection_s=2), accept
                    )
                await page.until(f"{STATE} === 'ended'")
                assert sentence in await page.value("document.body.innerText")
                assert peer.state is not ConnectionState.CONNECTED
        finally:
            await peer.close()

    asyncio.run(talk())


def test_the_page_says_when_the_other_side_is_lost_is_back_and_hangs_up() -> None:
    chromium_path()

    async def talk() -> None:
        arguments = "listen --browser --port 0 --yes --video none --audio none --no-window --no-speaker"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "callcodec", *arguments.split(), stderr=asyncio.subprocess.PIPE
        )
        try:
            assert process.stderr is not None
            link = b""
            while b"/#" not in link:
                link = await asyncio.wait_for(process.stderr.readline(), 30)
            async with chromium() as page:
                await called(page, link.decode().strip())
                await page.until(f"{STATE} === 'connected'")
                process.send_signal(signal.SIGSTOP)
                await page.until(f"{STATE} === 'lost'", 6)
                assert "not been heard" in await page.value("document.getElementById('reason').textContent")
                process.send_signal(signal.SIGCONT)
                await page.until(f"{STATE} === 'connected'", 10)
                process.send_signal(signal.SIGINT)
                await page.until(f"{STATE} === 'ended'", 10)
                assert "The other side hung up." in await page.value("document.body.innerText")
            assert await asyncio.wait_for(process.wait(), 20) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    asyncio.run(talk())
