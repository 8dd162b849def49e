"""The simulated call against real ones: the same rates, and every byte that a packet capture sees."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from callcodec.call.config import CallConfig
from callcodec.config import load_config
from callcodec.measure.call_report import build_report
from callcodec.measure.loopback import LoopbackOptions, make_call
from callcodec.measure.report import Report
from callcodec.sample import sample_clip
from callcodec.transport.link import LinkProfile
from tests.transport.calls import call

SECONDS = 8.0
WITHIN = 0.03
TCPDUMP = shutil.which("tcpdump")
PACKETS, SMALLEST_PAYLOAD = 60, 400
CAPTURE_STARTS_S = 1.5


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Report]:
    """The sample through a real call and through the simulated one; what the receiver shows does not matter."""
    config = load_config("calls/phone", CallConfig)
    config = replace(config, receiver=replace(config.receiver, reconstructor="bicubic"))

    def once(name: str, simulated: bool) -> Report:
        out = tmp_path_factory.mktemp(name)
        options = LoopbackOptions(
            sample_clip(), out, config, LinkProfile(), "cpu", seconds=SECONDS, simulated=simulated
        )
        return build_report(make_call(options, out, lambda *_: None), score_pictures=False)

    return once("real", False), once("simulated", True)


@pytest.mark.slow
def test_a_real_call_sends_faces_and_voice_at_the_simulated_rates(pair: tuple[Report, Report]) -> None:
    real, simulated = pair
    assert real.face.payload_kbps == pytest.approx(simulated.face.payload_kbps, rel=WITHIN)
    assert real.voice.payload_kbps == pytest.approx(simulated.voice.payload_kbps, rel=WITHIN)
    assert real.identity.bytes == simulated.identity.bytes


@pytest.mark.slow
def test_a_real_call_puts_as_much_on_the_wire_as_the_simulated_one(pair: tuple[Report, Report]) -> None:
    real, simulated = (report.wire.sent_by_class_kbps for report in pair)
    # How many reports and consent checks fall into a few seconds is chance; media packets are not.
    assert real.voice + real.face == pytest.approx(simulated.voice + simulated.face, rel=WITHIN)


@pytest.mark.slow
@pytest.mark.skipif(TCPDUMP is None or os.geteuid() != 0, reason="needs tcpdump, and root to capture packets")
def test_what_a_call_counts_is_what_a_capture_sees_to_the_byte(tmp_path: Path) -> None:
    captured = tmp_path / "captured"
    counted = asyncio.run(_talk(captured))
    lengths = [
        int(line.rsplit("length ", 1)[1].rstrip(")\n"))
        for line in captured.read_text().splitlines()
        if "IP (" in line
    ]
    # Reports, consent checks and acknowledgements are smaller than these voice packets.
    voice = [length for length in lengths if length > SMALLEST_PAYLOAD]
    assert len(voice) == PACKETS
    assert sum(voice) == counted


async def _talk(captured: Path) -> int:
    """Sends packets of many sizes over a real connection while tcpdump listens; the bytes that were counted."""
    async with call() as both:
        with captured.open("w") as out:
            capture = subprocess.Popen(
                [str(TCPDUMP), "-i", "lo", "-n", "-l", "-v", "udp"],
                stdout=out,
                stderr=subprocess.DEVNULL,
            )
            try:
                await asyncio.sleep(CAPTURE_STARTS_S)
                before = both.caller.wire_statistics().sent.rtp
                for number in range(PACKETS):
                    both.caller.send_voice(bytes(SMALLEST_PAYLOAD + number), number * 2880)
                    await asyncio.sleep(0.02)
                await asyncio.sleep(CAPTURE_STARTS_S)
                return both.caller.wire_statistics().sent.rtp - before
            finally:
                capture.terminate()
                capture.wait(10)
