"""Offer and answer between two sides that prove to each other who they are, over a path that anybody may control.

Four messages: the caller's commitment, the listener's identification, the caller's offer with its proof, and, once
a person has said yes, the listener's answer with its proof. Nothing is answered before the caller is known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from callcodec.transport.authentication import (
    AuthenticationError,
    Identification,
    Meeting,
    Role,
    check_commitment,
    fingerprints_of,
)
from callcodec.transport.description import Description, check_description
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.signalling import Signalling

VERSION = 1
MAX_REASON_LENGTH = 200

DECLINED = "the person there does not take the call"

Words = tuple[str, ...]


class RefusedError(ConnectionError):
    """The other side does not want the call; its sentence is the message."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for the other side's program, for the person there, and for the connection, in seconds."""

    message_s: float = 20.0
    person_s: float = 120.0
    connection_s: float = 20.0


async def place_authenticated_call(
    peer: WebRtcPeer,
    signalling: Signalling,
    secret: bytes,
    patience: Patience,
    ringing: Callable[[Words], None],
) -> None:
    """The caller's part; `ringing` is told the words while the other side's person is asked.

    AuthenticationError, RefusedError (the other side's sentence), ConnectionError or another ValueError, each with a
    sentence, when the call does not come about.
    """
    async with _refusing(signalling):
        offer = await peer.offer()
        me = Identification.fresh(Role.CALL, fingerprints_of(offer["sdp"]))
        await signalling.send({"type": "commitment", "version": VERSION, "commitment": me.commitment().hex()})
        message = await _receive(signalling, "identification", patience.message_s)
        other = Identification(Role.LISTEN, _bytes(message, "nonce"), _fingerprints(message))
        meeting = Meeting(me, other)
        proof = meeting.proof(secret, Role.CALL)
        await signalling.send({**offer, "nonce": me.nonce.hex(), "proof": proof.hex()})
        ringing(meeting.words())
        message = await _receive(signalling, "answer", patience.person_s)
        meeting.check_proof(secret, Role.LISTEN, _bytes(message, "proof"))
        answer = check_description(message, "answer")
        _check_fingerprints(answer, other)
        await peer.accept(answer)
    await peer.connected(patience.connection_s)


async def take_authenticated_call(
    peer: WebRtcPeer,
    signalling: Signalling,
    secret: bytes,
    patience: Patience,
    accept: Callable[[Words], Awaitable[bool]],
) -> bool:
    """The listener's part; `accept` asks the person, who sees the words. False: the person said no.

    Errors as in `place_authenticated_call`.
    """
    async with _refusing(signalling):
        commitment = await _receive(signalling, "commitment", patience.message_s)
        _check_version(commitment)
        me = Identification.fresh(Role.LISTEN, peer.fingerprints)
        await signalling.send(
            {"type": "identification", "nonce": me.nonce.hex(), "fingerprints": list(me.fingerprints)}
        )
        message = await _receive(signalling, "offer", patience.message_s)
        offer = check_description(message, "offer")
        other = Identification(Role.CALL, _bytes(message, "nonce"), fingerprints_of(offer["sdp"]))
        check_commitment(_bytes(commitment, "commitment"), other)
        meeting = Meeting(other, me)
        meeting.check_proof(secret, Role.CALL, _bytes(message, "proof"))
        if not await accept(meeting.words()):
            await _refuse(signalling, DECLINED)
            return False
        answer = await peer.answer(offer)
        await signalling.send({**answer, "proof": meeting.proof(secret, Role.LISTEN).hex()})
    await peer.connected(patience.connection_s)
    return True


@asynccontextmanager
async def _refusing(signalling: Signalling) -> AsyncIterator[None]:
    """What is wrong with the other side's messages is told to it, too."""
    try:
        yield
    except ValueError as error:
        await _refuse(signalling, str(error))
        raise


async def _refuse(signalling: Signalling, why: str) -> None:
    with suppress(ConnectionError):
        await signalling.send({"type": "refusal", "why": why[:MAX_REASON_LENGTH]})


async def _receive(signalling: Signalling, kind: str, timeout_s: float) -> dict[str, object]:
    message = await signalling.receive(timeout_s)
    if message.get("type") == "refusal":
        why = "".join(c for c in str(message.get("why"))[:MAX_REASON_LENGTH] if c.isprintable())
        raise RefusedError(f"The other side refuses: {why}")
    if message.get("type") == kind:
        return message
    if kind == "identification" and message.get("type") == "commitment":
        raise AuthenticationError("The other side is calling, too: one of the two has to listen.")
    raise AuthenticationError(f"The other side sent something else than its {kind}.")


def _check_version(message: Mapping[str, object]) -> None:
    if message.get("version") != VERSION:
        raise AuthenticationError(
            "The two sides introduce themselves in different ways: both need the same version of callcodec."
        )


def _check_fingerprints(description: Description, side: Identification) -> None:
    if fingerprints_of(description["sdp"]) != side.fingerprints:
        raise AuthenticationError(
            "The other side's answer is for another connection than it proved to be: somebody may have changed it."
        )


def _bytes(message: Mapping[str, object], name: str) -> bytes:
    value = message.get(name)
    try:
        return bytes.fromhex(value if isinstance(value, str) else "-")
    except ValueError:
        raise AuthenticationError(f"The other side's {message['type']} has no {name}.") from None


def _fingerprints(message: Mapping[str, object]) -> tuple[str, ...]:
    value = message.get("fingerprints")
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise AuthenticationError("The other side names no fingerprints.")
    return tuple(sorted(set(value)))
