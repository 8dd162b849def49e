"""`callcodec signal` as a person runs it."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from callcodec.cli import main
from callcodec.transport.rendezvous_client import RendezvousSignalling


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "70000"], "no port"),
        (["--certificate", "c.pem"], "both --certificate and --key"),
        (["--certificate", "no.pem", "--key", "no.pem"], "cannot be used"),
    ],
)
def test_impossible_wishes_are_sentences(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert (
        main(["signal", *[argument.replace("no.pem", str(tmp_path / "no.pem")) for argument in arguments]])
        == 2
    )
    assert complaint in capsys.readouterr().err


@pytest.mark.slow
def test_the_server_serves_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "callcodec", "signal", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]

        async def join() -> None:
            await (await RendezvousSignalling.join(url, "r")).close()

        asyncio.run(join())
        port = url.rpartition(":")[2]
        assert main(["signal", "--port", port]) == 2
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
