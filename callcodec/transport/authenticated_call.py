"""Offer and answer between two sides that prove to each other who they are, over a path that anybody may control.

Four messages: the caller's commitment, the listener's identification, the caller's offer with its proof, and, once
a person has said yes, the listener's answer with its proof. Nothing is answered before the caller is known.

What they prove is a shared secret, or a key that they agree on with a spoken code (`one_time_code`), whose two
messages travel in the first two of these.
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
from callcodec.transport.one_time_code import OneTimeCode, WrongCodeError
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.signalling import Signalling

VERSION = 1
MAX_REASON_LENGTH = 200

DECLINED = "the person there does not take the call"

Words = tuple[str, ...]
Credential = bytes | OneTimeCode
"""What the two sides share: a secret of 128 bits or more, or a code for this one attempt."""


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
    credential: Credential,
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
        agreement = _Agreement(credential, Role.CALL)
        commitment = {"type": "commitment", "version": VERSION, "commitment": me.commitment().hex()}
        await signalling.send({**commitment, **agreement.fields})
        message = await _receive(signalling, "identification", patience.message_s)
        agreement.finish(message)
        other = Identification(Role.LISTEN, _bytes(message, "nonce"), _fingerprints(message))
        meeting = Meeting(me, other)
        proof = meeting.proof(agreement.key, Role.CALL)
        await signalling.send({**offer, "nonce": me.nonce.hex(), "proof": proof.hex()})
        ringing(meeting.words())
        message = await _receive(signalling, "answer", patience.person_s)
        agreement.check_proof(meeting, Role.LISTEN, _bytes(message, "proof"))
        answer = check_description(message, "answer", peer.media)
        _check_fingerprints(answer, other)
        await peer.accept(answer)
    await peer.connected(patience.connection_s)


async def take_authenticated_call(
    peer: WebRtcPeer,
    signalling: Signalling,
    credential: Credential,
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
        agreement = _Agreement(credential, Role.LISTEN)
        agreement.finish(commitment)
        identification = {
            "type": "identification",
            "nonce": me.nonce.hex(),
            "fingerprints": list(me.fingerprints),
        }
        await signalling.send({**identification, **agreement.fields})
        message = await _receive(signalling, "offer", patience.message_s)
        offer = check_description(message, "offer", peer.media)
        other = Identification(Role.CALL, _bytes(message, "nonce"), fingerprints_of(offer["sdp"]))
        check_commitment(_bytes(commitment, "commitment"), other)
        meeting = Meeting(other, me)
        agreement.check_proof(meeting, Role.CALL, _bytes(message, "proof"))
        if not await accept(meeting.words()):
            await _refuse(signalling, DECLINED)
            return False
        answer = await peer.answer(offer)
        await signalling.send({**answer, "proof": meeting.proof(agreement.key, Role.LISTEN).hex()})
    await peer.connected(patience.connection_s)
    return True


class _Agreement:
    """The key of one attempt: the shared secret as it is, or what comes of a code."""

    def __init__(self, credential: Credential, role: Role) -> None:
        self._code = credential if isinstance(credential, OneTimeCode) else None
        self.fields = {} if self._code is None else {"pake": self._code.begin(role).hex()}
        """What goes beside this side's first message."""
        self._key = None if isinstance(credential, OneTimeCode) else credential

    @property
    def key(self) -> bytes:
        """What proofs are made with. AuthenticationError as long as there is none."""
        if not self._key:
            raise AuthenticationError("There is no key before the two sides have agreed on one.")
        return self._key

    def finish(self, message: Mapping[str, object]) -> None:
        """Takes what came beside the other side's first message. AuthenticationError if the two ways differ."""
        if self._code is not None and "pake" not in message:
            raise AuthenticationError(
                "The other side uses a secret file, this one a code: both need the same."
            )
        if self._code is None and "pake" in message:
            raise AuthenticationError(
                "The other side uses a code, this one a secret file: both need the same."
            )
        if self._code is not None:
            self._key = self._code.finish(_bytes(message, "pake"))

    def check_proof(self, meeting: Meeting, by: Role, proof: bytes) -> None:
        """AuthenticationError unless `proof` is that of the role `by`; WrongCodeError where a code was tried."""
        try:
            meeting.check_proof(self.key, by, proof)
        except AuthenticationError:
            if self._code is None:
                raise
            raise WrongCodeError(
                "The two codes differ, or somebody has changed what was sent; this code is used up, the next call "
                "needs a new one."
            ) from None
        if self._code is not None:
            self._code.confirmed(self.key)


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
