"""``callcodec signal``: the rendezvous where the two sides of a call find each other."""

import argparse
import sys
from typing import Any

from callcodec.commands.options import LOCAL_HOSTS, add_server_arguments, check_port, server_tls


def add_parser(subparsers: Any) -> None:
    """Add ``signal`` to the command line."""
    parser = subparsers.add_parser(
        "signal",
        help="run the server where two people find each other",
        description="Runs a rendezvous until Ctrl-C: it passes a few messages between the first two who name the "
        "same room, and stores nothing. It learns network addresses, never what is said or shown.",
    )
    add_server_arguments(parser, 8765)


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    import asyncio
    import contextlib
    import signal

    from callcodec.transport.rendezvous import Rendezvous

    check_port(arguments.port)
    tls = server_tls(arguments.certificate, arguments.key)

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C interrupts the loop there
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        server = Rendezvous()
        port = await server.start(arguments.host, arguments.port, tls)
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        print(f"rendezvous at {'wss' if tls else 'ws'}://{host}:{port}", flush=True)
        if tls is None and arguments.host not in LOCAL_HOSTS:
            print(
                "Without TLS, whoever is on the way sees who calls whom, from where; not what is said.",
                file=sys.stderr,
            )
        try:
            await stop.wait()
        finally:
            await server.close()

    asyncio.run(serve())
    return 0
