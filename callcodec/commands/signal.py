"""``callcodec signal``: the rendezvous where the two sides of a call find each other."""

import argparse
import sys
from pathlib import Path
from typing import Any

LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


def add_parser(subparsers: Any) -> None:
    """Add ``signal`` to the command line."""
    parser = subparsers.add_parser(
        "signal",
        help="run the server where two people find each other",
        description="Runs a rendezvous until Ctrl-C: it passes a few messages between the first two who name the "
        "same room, and stores nothing. It learns network addresses, never what is said or shown.",
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to serve on (%(default)s)")
    parser.add_argument("--port", type=int, default=8765, metavar="P", help="port to serve on (%(default)s)")
    parser.add_argument("--certificate", type=Path, metavar="F", help="TLS certificate chain, PEM")
    parser.add_argument("--key", type=Path, metavar="F", help="TLS private key, PEM")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    import asyncio
    import contextlib
    import signal
    import ssl

    from callcodec.transport.rendezvous import Rendezvous

    if not 0 <= arguments.port <= 65535:
        raise ValueError(f"--port {arguments.port} is no port; 0 to 65535")
    if (arguments.certificate is None) != (arguments.key is None):
        raise ValueError("TLS needs both --certificate and --key")
    tls: ssl.SSLContext | None = None
    if arguments.certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            tls.load_cert_chain(arguments.certificate, arguments.key)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"--certificate and --key cannot be used: {error}") from error

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
