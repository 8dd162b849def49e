"""Where the page for a browser may be served, and the link to it."""

import ssl

import pytest

from callcodec.call.browser_meeting import BrowserOptions
from callcodec.cli import main

SECRET = bytes(range(32))
FRAGMENT = "#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


@pytest.mark.parametrize(
    ("options", "link"),
    [
        (BrowserOptions(), "http://127.0.0.1:81/"),
        (BrowserOptions("::1"), "http://[::1]:81/"),
        (BrowserOptions("call.example", tls=ssl.create_default_context()), "https://call.example:81/"),
        (BrowserOptions(url="https://call.example/"), "https://call.example/"),
        (BrowserOptions("0.0.0.0", url="https://call.example/of/me"), "https://call.example/of/me/"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_link_holds_the_secret_behind_its_hash(options: BrowserOptions, link: str) -> None:
    options.check()
    assert options.link(81, SECRET) == link + FRAGMENT


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (BrowserOptions("0.0.0.0"), "needs TLS"),
        (BrowserOptions("192.0.2.1"), "needs TLS"),
        (BrowserOptions(url="http://call.example"), "does not begin with https://"),
    ],
)
def test_a_page_that_gets_no_camera_is_not_served(options: BrowserOptions, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        options.check()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--room", "r"], "the link holds its own secret"),
        (["--code"], "the link holds its own secret"),
        (["--secret-file", "s"], "the link holds its own secret"),
        (["--browser-kbps", "59"], "60 to 200 kbps, not 59"),
        (["--port", "70000"], "no port"),
        (["--host", "0.0.0.0"], "needs TLS"),
        (["--host", "192.0.2.1", "--url", "https://call.example"], "192.0.2.1"),
        (["--certificate", "c.pem"], "both --certificate and --key"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_with_a_sentence(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--video", "none", "--audio", "none", "--no-window", "--no-speaker"]
    assert main(["listen", "--browser", *files, *arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("callcodec listen: ")
    assert complaint in message
