"""``callcodec listen``: waits in a room for a call, and asks before it answers."""

import argparse
from typing import TYPE_CHECKING, Any

from callcodec.commands.calling import KEYS, add_call_arguments, run_call
from callcodec.commands.options import add_server_arguments, check_port, server_tls

if TYPE_CHECKING:
    from callcodec.call.browser_meeting import BrowserOptions

PAGE_PORT = 8780
BROWSER_KBPS = 100


def add_parser(subparsers: Any) -> None:
    """Add ``listen`` to the command line."""
    parser = subparsers.add_parser(
        "listen",
        help="wait for a call",
        description="Waits in a room until somebody calls who holds the same secret, or was told the code; shows the "
        "four words that both screens must agree on, and asks before it answers. Use headphones: echoes are cancelled "
        "only with the extra callcodec[echo]. " + KEYS,
    )
    add_call_arguments(parser)
    parser.add_argument(
        "--code",
        action="store_const",
        const="",
        help="instead of a secret file: show a code to read out to the other side, good for one attempt",
    )
    parser.add_argument("--yes", action="store_true", help="take the call without asking")
    browser = parser.add_argument_group(
        "a browser as the other side",
        "Serves one page, and shows the link to it. Whoever has the whole link can call; it is good until the call "
        "ends. Needs no room, secret or rendezvous.",
    )
    browser.add_argument("--browser", action="store_true", help="wait for a browser")
    add_server_arguments(browser, PAGE_PORT)
    browser.add_argument(
        "--url", metavar="URL", help="https:// address under which a proxy of yours offers the page"
    )
    browser.add_argument(
        "--browser-kbps",
        type=int,
        default=BROWSER_KBPS,
        metavar="N",
        help="what the browser may send for its picture, 60 to 200 (default %(default)s); it is restored here",
    )


def run(arguments: argparse.Namespace) -> int:
    """One call."""
    from callcodec.transport.authentication import Role

    browser = _browser_options(arguments) if arguments.browser else None
    return run_call(arguments, Role.LISTEN, arguments.yes, browser)


def _browser_options(arguments: argparse.Namespace) -> "BrowserOptions":
    from callcodec.call.browser_meeting import BrowserOptions
    from callcodec.transport.browser_peer import BrowserRates

    if arguments.secret_file is not None or arguments.code is not None or arguments.room:
        raise ValueError(
            "--browser needs neither --room nor --secret-file nor --code: the link holds its own secret"
        )
    check_port(arguments.port)
    return BrowserOptions(
        arguments.host,
        arguments.port,
        server_tls(arguments.certificate, arguments.key),
        arguments.url,
        BrowserRates(arguments.browser_kbps),
    )
