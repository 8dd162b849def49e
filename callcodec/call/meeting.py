"""Two people find each other and prove who they are, each at a terminal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from callcodec.call.browser_meeting import Accept, BrowserDoor
from callcodec.call.session_options import PASTE, SessionOptions
from callcodec.call.terminal import Terminal
from callcodec.transport.authenticated_call import (
    Credential,
    Patience,
    Words,
    place_authenticated_call,
    take_authenticated_call,
)
from callcodec.transport.authentication import AuthenticationError, Role
from callcodec.transport.browser_peer import BrowserPeer
from callcodec.transport.one_time_code import OneTimeCode
from callcodec.transport.paste import PasteSignalling
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.rendezvous_client import RendezvousSignalling
from callcodec.transport.signalling import Signalling

ANSWER_WITHIN_S = 90.0
PASTE_PATIENCE = Patience(connection_s=60.0)
"""A person carries the answer over; for longer ICE does not knock."""
MAX_CODES = 5
"""Who listens makes so many codes, one after the other, while wrong ones are tried."""


async def meet(
    options: SessionOptions,
    role: Role,
    terminal: Terminal,
    peer: WebRtcPeer,
    get_ready: Callable[[], None],
    door: BrowserDoor | None = None,
) -> bytes | None:
    """Connects `peer`. Returns the secret that both sides share from now on; None: this side's person said no.

    ``door``: through which a browser comes. ``get_ready`` opens camera and microphone of who listens, once the call is
    taken. ValueError or OSError, with a sentence, when the call does not come about. A wrong code is not the end of it
    for who listens: the next one is shown.
    """
    if door is not None and isinstance(peer, BrowserPeer):
        return await door.meet(terminal, peer, _acceptance(options, terminal, "link", get_ready))
    made = 0
    while True:
        made += 1
        credential = await _credential(options, role, terminal)
        try:
            async with _path(options, role, terminal) as signalling:
                taken = await _connect(options, role, terminal, signalling, peer, credential, get_ready)
        except AuthenticationError as error:
            if options.secret is not None or role is Role.CALL or made == MAX_CODES:
                raise
            terminal.say(str(error))
            continue
        secret = credential.key if isinstance(credential, OneTimeCode) else credential
        return secret if taken else None


async def _credential(options: SessionOptions, role: Role, terminal: Terminal) -> Credential:
    if options.secret is not None:
        return options.secret
    if role is Role.LISTEN:
        code = OneTimeCode.fresh()
        terminal.say(f"Read this code out to the other side, and to nobody else: {code}")
        return code
    return OneTimeCode(options.code or await terminal.ask("The code that the other side reads out:"))


@contextlib.asynccontextmanager
async def _path(options: SessionOptions, role: Role, terminal: Terminal) -> AsyncIterator[Signalling]:
    """The way to the other side, once it is there."""
    if options.signal == PASTE:
        yield PasteSignalling(
            lambda line: terminal.say(f"Send this line to the other side:\n{line}"),
            lambda: terminal.ask("Paste the other side's line:"),
            terminal.say,
        )
        return
    signalling = await RendezvousSignalling.join(options.signal, options.room)
    try:
        whom = "Waiting for a call" if role is Role.LISTEN else "Looking for the other side"
        terminal.say(f"{whom} in room {options.room}.")
        await signalling.paired()
        yield signalling
    finally:
        await signalling.close()


async def _connect(
    options: SessionOptions,
    role: Role,
    terminal: Terminal,
    signalling: Signalling,
    peer: WebRtcPeer,
    credential: Credential,
    get_ready: Callable[[], None],
) -> bool:
    """Whether the two are connected; False: this side's person said no."""
    patience = PASTE_PATIENCE if options.signal == PASTE else Patience()

    def ringing(words: Words) -> None:
        terminal.say(f"Ringing. Both screens must show the same four words: {' '.join(words)}")

    if role is Role.LISTEN:
        what = "code" if isinstance(credential, OneTimeCode) else "secret"
        accept = _acceptance(options, terminal, what, get_ready)
        return await take_authenticated_call(peer, signalling, credential, patience, accept)
    await place_authenticated_call(peer, signalling, credential, patience, ringing)
    return True


def _acceptance(
    options: SessionOptions, terminal: Terminal, what: str, get_ready: Callable[[], None]
) -> Accept:
    """Shows who listens the words of somebody who holds `what`, asks, and gets ready for the call."""

    async def accept(words: Words) -> bool:
        terminal.say(f"A call from somebody who holds your {what}.")
        terminal.say(f"Both screens must show the same four words: {' '.join(words)}")
        taken = options.yes or await asked(terminal)
        if taken:
            get_ready()
        return taken

    return accept


async def asked(terminal: Terminal) -> bool:
    """Whether the person takes the call; no answer is a no."""
    try:
        answer = await asyncio.wait_for(terminal.ask("Take it? [y/n]"), ANSWER_WITHIN_S)
    except TimeoutError:
        return False
    return answer.lower() in ("y", "yes")
