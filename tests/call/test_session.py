"""Two people call each other: from the rendezvous to the two films."""

import asyncio
from pathlib import Path

import av
import numpy as np
import pytest

from callcodec.call.recording import FILM_COMMENT
from callcodec.call.session import hold_call
from callcodec.media.clip import open_clip
from callcodec.transport.authenticated_call import RefusedError
from callcodec.transport.authentication import AuthenticationError, Role
from tests.call.people import SECRET, Script, meet, person, rendezvous
from tests.call.talking_clip import write_talking_clip
from tests.transport.calls import until

OTHER_SECRET = bytes(32)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talking_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", 4.0)


def comment_of(film: Path) -> str:
    with av.open(str(film)) as container:
        return container.metadata["comment"]


def call(
    caller_secret: bytes = OTHER_SECRET, record: Path | None = None, **listener: object
) -> tuple[list[BaseException | None], Script, Script]:
    """A call of two without cameras that is not expected to come about."""

    async def attempt() -> tuple[list[BaseException | None], Script, Script]:
        at_caller, at_listener = Script(), Script()
        at_listener.answers.put_nowait("n")
        async with rendezvous() as url:
            caller = person(url, record=record, secret=caller_secret)
            outcomes = await meet(caller, person(url, **listener), at_caller, at_listener)  # type: ignore[arg-type]
        return outcomes, at_caller, at_listener

    return asyncio.run(attempt())


@pytest.mark.slow
def test_two_people_see_and_hear_each_other_and_each_keeps_a_film(clip: Path, tmp_path: Path) -> None:
    async def talk() -> tuple[list[BaseException | None], Script, Script]:
        at_caller, at_listener = Script(), Script()
        async with rendezvous() as url:
            caller = person(url, clip, tmp_path / "c.mp4")
            listener = person(url, clip, tmp_path / "l.mp4")
            outcomes = await meet(caller, listener, at_caller, at_listener)
        return outcomes, at_caller, at_listener

    outcomes, at_caller, at_listener = asyncio.run(talk())
    assert outcomes == [None, None]
    assert at_caller.words() == at_listener.words()
    for name in ("c.mp4", "l.mp4"):
        film = open_clip(tmp_path / name)
        levels = np.array([frame.rgb.mean() for frame in film.frames()])
        voice = film.audio()
        assert film.duration_s > 3
        assert levels.max() > 1.3 * levels[levels > 30].min()
        assert voice is not None
        assert np.abs(voice.astype(float)).max() > 2000
        assert comment_of(tmp_path / name) == FILM_COMMENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.mp4", "l.mp4"]


def test_another_secret_is_refused_on_both_sides_and_leaves_no_file(tmp_path: Path) -> None:
    outcomes, at_caller, _ = call(record=tmp_path / "c.mp4")
    assert isinstance(outcomes[0], RefusedError)
    assert isinstance(outcomes[1], AuthenticationError)
    assert "Connected. Ctrl-C hangs up." not in at_caller.said
    assert not list(tmp_path.iterdir())


def test_a_call_that_is_declined_is_a_sentence_to_the_caller() -> None:
    outcomes, _, at_listener = call(SECRET, yes=False)
    assert isinstance(outcomes[0], RefusedError)
    assert outcomes[1] is None
    assert at_listener.said[-1] == "Declined."


def test_a_third_person_is_refused() -> None:
    async def crowd() -> list[BaseException | None]:
        scripts = [Script() for _ in range(4)]
        async with rendezvous() as url:
            both = asyncio.create_task(meet(person(url), person(url, yes=False), *scripts[:2]))
            await until(lambda: "Take it? [y/n]" in scripts[1].said)
            third = await meet(person(url), person(url), *scripts[2:])
            scripts[1].answers.put_nowait("n")
            await both
        return third

    outcomes = asyncio.run(crowd())
    assert all("Two people are in this room already" in str(outcome) for outcome in outcomes)


@pytest.mark.slow
@pytest.mark.parametrize("secret", [SECRET, None], ids=["secret file", "code"])
def test_two_people_can_carry_the_lines_over_by_hand(secret: bytes | None) -> None:
    class Carrier(Script):
        """Hands each line that it is shown, and the code, to the other person."""

        other: Script

        def say(self, sentence: str) -> None:
            super().say(sentence)
            if sentence.startswith("Send this line"):
                self.other.answers.put_nowait(sentence.splitlines()[1])
            elif sentence.startswith("Read this code out"):
                self.other.answers.put_nowait(sentence.rpartition(": ")[2])

    async def talk() -> tuple[list[BaseException | None], Carrier, Carrier]:
        one, other = Carrier(), Carrier()
        one.other, other.other = other, one
        caller = person("paste", secret=secret, seconds=0.5)
        return await meet(caller, person("paste", secret=secret), one, other), one, other

    outcomes, one, other = asyncio.run(talk())
    assert outcomes == [None, None]
    assert one.words() == other.words()
    assert "The other side hung up." in other.said


async def code_shown(at_listener: Script, number: int) -> str:
    """The code that the listener is shown as the ``number``-th."""

    def shown() -> list[str]:
        return [said for said in at_listener.said if "Read this code out" in said]

    await until(lambda: len(shown()) >= number)
    return shown()[number - 1].rpartition(": ")[2]


def test_a_code_that_is_read_out_connects_two() -> None:
    async def talk() -> tuple[list[BaseException | None], Script, Script]:
        at_caller, at_listener = Script(), Script()

        async def read_out() -> None:
            at_caller.answers.put_nowait(await code_shown(at_listener, 1))

        async with rendezvous() as url:
            options = person(url, secret=None, seconds=0.5)
            outcomes, _ = await asyncio.gather(meet(options, options, at_caller, at_listener), read_out())
        return outcomes, at_caller, at_listener

    outcomes, at_caller, at_listener = asyncio.run(talk())
    assert outcomes == [None, None]
    assert at_caller.words() == at_listener.words()
    assert any("holds your code" in said for said in at_listener.said)


def test_after_a_wrong_code_the_listener_reads_out_another_one() -> None:
    async def talk() -> tuple[BaseException | None, list[BaseException | None], list[str]]:
        at_listener, codes = Script(), []
        async with rendezvous() as url:
            listening = asyncio.create_task(
                hold_call(person(url, secret=None, seconds=0.5), Role.LISTEN, at_listener)
            )
            codes.append(await code_shown(at_listener, 1))
            wrong = person(url, secret=None, code=f"{(int(codes[0].replace('-', '')) + 1) % 10**8:08}")
            refused = await asyncio.gather(hold_call(wrong, Role.CALL, Script()), return_exceptions=True)
            codes.append(await code_shown(at_listener, 2))
            right = person(url, secret=None, code=codes[1], seconds=0.5)
            outcomes = await asyncio.gather(
                hold_call(right, Role.CALL, Script()), listening, return_exceptions=True
            )
        return refused[0], list(outcomes), codes

    refused, outcomes, codes = asyncio.run(talk())
    assert isinstance(refused, RefusedError)
    assert "used up" in str(refused)
    assert outcomes == [None, None]
    assert codes[0] != codes[1]
