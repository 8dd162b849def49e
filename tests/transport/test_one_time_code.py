"""A spoken code: one attempt, and nothing to try codes on afterwards."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.transport.authenticated_call import (
    Credential,
    RefusedError,
    Words,
    place_authenticated_call,
    take_authenticated_call,
)
from callcodec.transport.authentication import AuthenticationError, Role
from callcodec.transport.endpoint import ConnectionState
from callcodec.transport.one_time_code import OneTimeCode, WrongCodeError
from callcodec.transport.peer import WebRtcPeer
from tests.transport.signalling_pair import Message, PipeSignalling, signalling_pair
from tests.transport.test_authentication import FOREIGN, PATIENCE, SECRET, swap_fingerprints

CODE, OTHER_CODE = "4829-1736", "4829-1737"


@pytest.mark.parametrize("text", ["48291736", " 4829 1736 ", "4829-1736", "48-29-17-36"])
def test_a_code_is_understood_however_it_is_grouped(text: str) -> None:
    assert str(OneTimeCode(text)) == CODE


@pytest.mark.parametrize("text", ["", "4829", "4829-173x", "4829-17365", "٤٨٢٩١٧٣٦"])
def test_what_is_no_code_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="8 digits"):
        OneTimeCode(text)


def test_a_fresh_code_is_another_each_time_and_can_be_typed_in() -> None:
    codes = {str(OneTimeCode.fresh()) for _ in range(50)}
    assert len(codes) > 45
    assert {str(OneTimeCode(code)) for code in codes} == codes


def agree(caller: str, listener: str) -> tuple[bytes, bytes]:
    """The keys of both sides."""
    one, other = OneTimeCode(caller), OneTimeCode(listener)
    offered, answered = one.begin(Role.CALL), other.begin(Role.LISTEN)
    return one.finish(answered), other.finish(offered)


def test_the_same_code_gives_both_the_same_key_and_another_pair_gets_another() -> None:
    one, other = agree(CODE, CODE)
    assert one == other
    assert len(one) == 32
    assert agree(CODE, CODE)[0] != one


def test_different_codes_give_different_keys() -> None:
    one, other = agree(CODE, OTHER_CODE)
    assert one != other


def test_a_code_is_used_up_by_the_first_attempt() -> None:
    code = OneTimeCode(CODE)
    answered = OneTimeCode(CODE).begin(Role.LISTEN)
    code.begin(Role.CALL)
    code.finish(answered)
    with pytest.raises(AuthenticationError, match="one attempt"):
        code.begin(Role.CALL)
    with pytest.raises(AuthenticationError, match="one attempt"):
        code.finish(answered)


@pytest.mark.parametrize("role", Role)
def test_a_message_cannot_be_sent_back_to_where_it_came_from(role: Role) -> None:
    code = OneTimeCode(CODE)
    message = code.begin(role)
    with pytest.raises(AuthenticationError):
        code.finish(message)


def test_a_message_of_the_own_role_is_refused() -> None:
    code = OneTimeCode(CODE)
    code.begin(Role.CALL)
    with pytest.raises(AuthenticationError):
        code.finish(OneTimeCode(CODE).begin(Role.CALL))


@given(st.one_of(st.binary(max_size=40), st.binary(min_size=32, max_size=32).map(lambda b: b"B" + b)))
def test_rubbish_is_refused_or_gives_a_key_that_nobody_has(message: bytes) -> None:
    code = OneTimeCode(CODE)
    code.begin(Role.CALL)
    with suppress(AuthenticationError):  # one random number in sixteen is an element of the group
        assert len(code.finish(message)) == 32


@pytest.mark.parametrize("element", [bytes(32), b"\x01" + bytes(31)], ids=["order 4", "neutral"])
def test_an_element_that_would_give_the_key_away_is_refused(element: bytes) -> None:
    code = OneTimeCode(CODE)
    code.begin(Role.CALL)
    with pytest.raises(AuthenticationError):
        code.finish(b"B" + element)


@dataclass
class Attempt:
    """One call that was tried with a credential on each side, and what became of it."""

    outcomes: list[object] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    states: list[ConnectionState] = field(default_factory=list)
    sent: list[list[Message]] = field(default_factory=list)

    def sentence(self, side: int) -> str:
        """What one side was told."""
        assert isinstance(self.outcomes[side], ValueError | ConnectionError)
        return str(self.outcomes[side])


def attempt(
    caller: Credential,
    listener: Credential,
    arrange: Callable[[PipeSignalling, PipeSignalling], None] = lambda *_: None,
) -> Attempt:
    """Let both try; ``arrange`` puts somebody in between."""
    made = Attempt()

    async def accept(words: Words) -> bool:
        made.words.append(words)
        return True

    async def hold() -> None:
        sides = signalling_pair()
        arrange(*sides)
        peers = WebRtcPeer(loopback=True), WebRtcPeer(loopback=True)
        try:
            made.outcomes[:] = await asyncio.gather(
                place_authenticated_call(peers[0], sides[0], caller, PATIENCE, made.words.append),
                take_authenticated_call(peers[1], sides[1], listener, PATIENCE, accept),
                return_exceptions=True,
            )
            made.states = [peer.state for peer in peers]
            made.sent = [side.sent for side in sides]
        finally:
            for peer in peers:
                await peer.close()

    asyncio.run(hold())
    return made


def test_two_who_share_a_code_are_connected_and_see_the_same_words() -> None:
    caller, listener = OneTimeCode(CODE), OneTimeCode(CODE)
    made = attempt(caller, listener)
    assert made.outcomes == [None, True]
    assert made.states == [ConnectionState.CONNECTED] * 2
    assert made.words[0] == made.words[1]
    assert caller.key is not None
    assert caller.key == listener.key


def test_a_wrong_code_is_refused_before_anything_is_answered_and_leaves_no_key() -> None:
    caller, listener = OneTimeCode(OTHER_CODE), OneTimeCode(CODE)
    made = attempt(caller, listener)
    assert isinstance(made.outcomes[1], WrongCodeError)
    assert isinstance(made.outcomes[0], RefusedError)
    assert "used up" in made.sentence(0)
    assert [message["type"] for message in made.sent[1]] == ["identification", "refusal"]
    assert caller.key is listener.key is None


def test_a_second_guess_is_refused_even_if_it_is_right() -> None:
    listener = OneTimeCode(CODE)
    attempt(OneTimeCode(OTHER_CODE), listener)
    made = attempt(OneTimeCode(CODE), listener)
    assert "one attempt" in made.sentence(1)
    assert ConnectionState.CONNECTED not in made.states
    assert [message["type"] for message in made.sent[1]] == ["refusal"]


def test_what_was_recorded_of_a_call_is_of_no_use_with_the_same_code_again() -> None:
    recorded = attempt(OneTimeCode(CODE), OneTimeCode(CODE)).sent[0]

    def replay(caller: PipeSignalling, _: PipeSignalling) -> None:
        tape = iter(recorded)
        caller.meddle = lambda _: next(tape)

    assert "codes differ" in attempt(OneTimeCode(CODE), OneTimeCode(CODE), replay).sentence(1)


def _offer(caller: PipeSignalling, _: PipeSignalling) -> None:
    caller.meddle = swap_fingerprints


def _identification(_: PipeSignalling, listener: PipeSignalling) -> None:
    listener.meddle = lambda m: {**m, "fingerprints": [FOREIGN]} if "fingerprints" in m else m


def _answer(_: PipeSignalling, listener: PipeSignalling) -> None:
    listener.meddle = swap_fingerprints


@pytest.mark.parametrize("swap", [_offer, _identification, _answer])
def test_a_swapped_fingerprint_is_refused(swap: Callable[[PipeSignalling, PipeSignalling], None]) -> None:
    made = attempt(OneTimeCode(CODE), OneTimeCode(CODE), swap)
    assert "changed" in made.sentence(1 if swap is not _answer else 0)
    assert ConnectionState.CONNECTED not in made.states


def test_somebody_in_between_who_swaps_the_messages_about_the_code_is_refused() -> None:
    mine = OneTimeCode(OTHER_CODE).begin(Role.CALL).hex()

    def arrange(caller: PipeSignalling, _: PipeSignalling) -> None:
        caller.meddle = lambda m: {**m, "pake": mine} if "pake" in m else m

    assert "codes differ" in attempt(OneTimeCode(CODE), OneTimeCode(CODE), arrange).sentence(1)


@pytest.mark.parametrize(
    ("caller", "listener", "sentence"),
    [(True, False, "The other side uses a code"), (False, True, "The other side uses a secret file")],
)
def test_a_code_on_one_side_only_is_a_sentence(caller: bool, listener: bool, sentence: str) -> None:
    made = attempt(OneTimeCode(CODE) if caller else SECRET, OneTimeCode(CODE) if listener else SECRET)
    assert sentence in made.sentence(1)
    assert "refuses" in made.sentence(0)


@pytest.mark.parametrize("pake", [5, "zz", "00", "42" * 33], ids=str)
def test_a_malformed_message_about_the_code_is_a_sentence(pake: object) -> None:
    def arrange(caller: PipeSignalling, _: PipeSignalling) -> None:
        caller.meddle = lambda m: {**m, "pake": pake} if "pake" in m else m

    made = attempt(OneTimeCode(CODE), OneTimeCode(CODE), arrange)
    assert all(made.sentence(side).endswith(".") for side in (0, 1))
