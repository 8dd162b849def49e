"""The simulated call against real ones: the same rates, and every byte that a packet capture sees."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
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
    lengths = tmp_path / "lengths"

    async def talk() -> tuple[int, set[int]]:
        async with call() as both:
            before = both.caller.wire_statistics().sent
            start = time.time()
            for number in range(60):
                both.caller.send_voice(bytes(40 + number), number * 2880)
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)
            sent = both.caller.wire_statistics().sent
            assert time.time() - start < 20
            return sent.rtp - before.rtp, {40 + number for number in range(60)}

    with lengths.open("w") as out:
        capture = subprocess.Popen(
            [str(TCPDUMP), "-i", "any", "-n", "-l", "-v", "-Q", "out", "udp"],
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(1.5)
            counted, payloads = asyncio.run(talk())
            time.sleep(0.5)
        finally:
            capture.terminate()
            capture.wait(10)
    seen = [
        int(line.split("length ")[-1].rstrip(")\n"))
        for line in lengths.read_text().splitlines()
        if "IP (" in line
    ]
    # Of those sizes nothing else travels so often: header, tag, UDP and IP around each payload.
    wanted = {payload + 12 + 10 + 8 + 20 for payload in payloads}
    assert sum(length for length in seen if length in wanted) >= counted
    assert counted == sum(wanted)
