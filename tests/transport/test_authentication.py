"""What the two sides prove to each other, and who is found out."""

import asyncio
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.transport.authenticated_call import (
    Patience,
    RefusedError,
    Words,
    place_authenticated_call,
    take_authenticated_call,
)
from callcodec.transport.authentication import (
    AuthenticationError,
    Identification,
    Meeting,
    Role,
    check_commitment,
    fingerprints_of,
)
from callcodec.transport.endpoint import ConnectionState
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.words import WORDS
from tests.transport.signalling_pair import Message, PipeSignalling, signalling_pair

SECRET = bytes(range(32))
OTHER_SECRET = bytes(32)
PATIENCE = Patience(message_s=5, person_s=5, connection_s=3)
MINE, THEIRS, FOREIGN = ("sha-256 " + ":".join([digit] * 32) for digit in ("A1", "B2", "C3"))
CALLER = Identification.fresh(Role.CALL, (MINE,))
LISTENER = Identification.fresh(Role.LISTEN, (THEIRS,))


def test_the_words_are_256_and_none_looks_like_another() -> None:
    assert len(WORDS) == len(set(WORDS)) == 256
    assert not [pair for pair in combinations(WORDS, 2) if pair[0][:4] == pair[1][:4]]


def test_both_sides_find_the_same_words_and_another_meeting_finds_others() -> None:
    assert Meeting(CALLER, LISTENER).words() == Meeting(CALLER, LISTENER).words()
    other = Identification.fresh(Role.LISTEN, LISTENER.fingerprints)
    assert len(Meeting(CALLER, other).words()) == 4
    assert Meeting(CALLER, other).words() != Meeting(CALLER, LISTENER).words()


@pytest.mark.parametrize(
    "meeting",
    [
        Meeting(Identification(Role.CALL, CALLER.nonce, (FOREIGN,)), LISTENER),
        Meeting(CALLER, Identification(Role.LISTEN, LISTENER.nonce, (FOREIGN,))),
        Meeting(Identification.fresh(Role.CALL, CALLER.fingerprints), LISTENER),
        Meeting(CALLER, Identification.fresh(Role.LISTEN, LISTENER.fingerprints)),
    ],
    ids=["caller's fingerprint", "listener's fingerprint", "caller's nonce", "listener's nonce"],
)
def test_a_proof_is_good_for_one_meeting_only(meeting: Meeting) -> None:
    proof = Meeting(CALLER, LISTENER).proof(SECRET, Role.CALL)
    with pytest.raises(AuthenticationError, match="same secret"):
        meeting.check_proof(SECRET, Role.CALL, proof)


def test_a_proof_cannot_be_sent_back_to_where_it_came_from() -> None:
    meeting = Meeting(CALLER, LISTENER)
    with pytest.raises(AuthenticationError, match="same secret"):
        meeting.check_proof(SECRET, Role.LISTEN, meeting.proof(SECRET, Role.CALL))


def test_what_is_revealed_must_be_what_was_committed_to() -> None:
    check_commitment(CALLER.commitment(), CALLER)
    with pytest.raises(AuthenticationError, match="changed or replayed"):
        check_commitment(CALLER.commitment(), Identification.fresh(Role.CALL, CALLER.fingerprints))


def test_every_fingerprint_of_a_description_counts() -> None:
    sdp = f"a=fingerprint:{MINE.lower()}\r\nm=audio\r\na=fingerprint:{THEIRS}\r\na=fingerprint:{MINE}\r\n"
    assert fingerprints_of(sdp) == (MINE, THEIRS)


@given(st.text(), st.binary(max_size=40))
def test_an_identification_of_rubbish_is_refused(fingerprint: str, nonce: bytes) -> None:
    with pytest.raises(AuthenticationError):
        Identification(Role.CALL, nonce, (fingerprint,))


class Talk:
    """One attempt of two sides to call each other, and what became of it on each."""

    def __init__(self) -> None:
        self.words: list[Words] = []
        self.outcomes: list[object] = []
        self.states: list[ConnectionState] = []
        self.sent: list[list[Message]] = []

    async def hold(
        self,
        listener_secret: bytes = SECRET,
        arrange: Callable[[PipeSignalling, PipeSignalling], None] = lambda *_: None,
        accepts: bool = True,
    ) -> None:
        """Let both try; ``arrange`` puts somebody in between."""
        sides = signalling_pair()
        arrange(*sides)
        peers = WebRtcPeer(loopback=True), WebRtcPeer(loopback=True)

        async def accept(words: Words) -> bool:
            self.words.append(words)
            return accepts

        try:
            self.outcomes[:] = await asyncio.gather(
                place_authenticated_call(peers[0], sides[0], SECRET, PATIENCE, self.words.append),
                take_authenticated_call(peers[1], sides[1], listener_secret, PATIENCE, accept),
                return_exceptions=True,
            )
            self.states = [peer.state for peer in peers]
            self.sent = [side.sent for side in sides]
        finally:
            for peer in peers:
                await peer.close()

    def errors(self) -> tuple[str, str]:
        """The sentences of both sides."""
        assert all(isinstance(outcome, ValueError | ConnectionError) for outcome in self.outcomes)
        return str(self.outcomes[0]), str(self.outcomes[1])


def hold(**kwargs: object) -> Talk:
    talk = Talk()
    asyncio.run(talk.hold(**kwargs))  # type: ignore[arg-type]
    return talk


def test_two_who_share_a_secret_are_connected_and_see_the_same_words() -> None:
    talk = hold()
    assert talk.outcomes == [None, True]
    assert talk.states == [ConnectionState.CONNECTED] * 2
    assert talk.words[0] == talk.words[1]


def test_another_secret_is_refused_before_anything_is_answered() -> None:
    talk = hold(listener_secret=OTHER_SECRET)
    caller, listener = talk.errors()
    assert "same secret" in listener
    assert "refuses" in caller
    assert "same secret" in caller
    assert [message["type"] for message in talk.sent[1]] == ["identification", "refusal"]


def test_a_person_who_says_no_is_a_sentence_to_the_caller() -> None:
    talk = hold(accepts=False)
    assert isinstance(talk.outcomes[0], RefusedError)
    assert "does not take the call" in str(talk.outcomes[0])
    assert talk.outcomes[1] is False


def test_a_replayed_offer_is_refused() -> None:
    recorded = hold().sent[0]

    def replay(caller: PipeSignalling, _: PipeSignalling) -> None:
        tape = iter(recorded)
        caller.meddle = lambda _: next(tape)

    assert "same secret" in hold(arrange=replay).errors()[1]


def swap_fingerprints(message: Message) -> Message:
    """Somebody in between puts in a certificate of their own, and keeps the rest."""
    if "sdp" in message:
        lines = str(message["sdp"]).splitlines()
        swapped = [f"a=fingerprint:{FOREIGN}" if "a=fingerprint:sha-256" in line else line for line in lines]
        return {**message, "sdp": "\r\n".join(swapped) + "\r\n"}
    return message


def test_a_swapped_fingerprint_in_the_offer_is_refused() -> None:
    def arrange(caller: PipeSignalling, _: PipeSignalling) -> None:
        caller.meddle = swap_fingerprints

    assert "changed or replayed" in hold(arrange=arrange).errors()[1]


def test_a_swapped_fingerprint_in_the_answer_is_refused() -> None:
    talk = Talk()

    def arrange(_: PipeSignalling, listener: PipeSignalling) -> None:
        listener.meddle = swap_fingerprints

    asyncio.run(talk.hold(arrange=arrange))
    assert "somebody may have changed it" in str(talk.outcomes[0])
    assert ConnectionState.CONNECTED not in talk.states


def test_a_swapped_fingerprint_in_the_identification_is_refused() -> None:
    def arrange(_: PipeSignalling, listener: PipeSignalling) -> None:
        listener.meddle = lambda m: {**m, "fingerprints": [FOREIGN]} if "fingerprints" in m else m

    assert "same secret" in hold(arrange=arrange).errors()[1]


def test_two_callers_are_told_that_one_must_listen() -> None:
    async def both_call() -> list[object]:
        sides, peers = signalling_pair(), (WebRtcPeer(loopback=True), WebRtcPeer(loopback=True))
        try:
            return await asyncio.gather(
                *(
                    place_authenticated_call(peer, side, SECRET, PATIENCE, lambda _: None)
                    for peer, side in zip(peers, sides, strict=True)
                ),
                return_exceptions=True,
            )
        finally:
            for peer in peers:
                await peer.close()

    assert any("has to listen" in str(outcome) for outcome in asyncio.run(both_call()))


@pytest.mark.parametrize(
    "change",
    [
        {"commitment": 5},
        {"commitment": "zz"},
        {"version": 2},
        {"type": "hello"},
        {"nonce": "00"},
        {"proof": None},
        {"fingerprints": "x"},
        {"fingerprints": ["x"]},
        {"fingerprints": []},
    ],
    ids=str,
)
def test_a_malformed_message_of_either_side_is_a_sentence(change: Message) -> None:
    def arrange(*sides: PipeSignalling) -> None:
        for side in sides:
            side.meddle = lambda m: (
                {**m, **change} if m["type"] != "refusal" and change.keys() <= m.keys() else m
            )

    assert all(sentence.endswith(".") for sentence in hold(arrange=arrange).errors())
