"""Asking a person at the terminal."""

import asyncio
import io

import pytest
from rich.console import Console

from callcodec.call.terminal import Terminal


def ask(typed: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The answer, and what the terminal shows."""
    screen = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    answer = asyncio.run(Terminal(Console(file=screen)).ask("Take it? [y/n]"))
    return answer, screen.getvalue()


def test_a_line_is_an_answer_and_the_question_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(" y \nnext\n", monkeypatch) == ("y", "Take it? [y/n]\n")


def test_where_nobody_can_answer_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionError, match="nobody at the terminal"):
        ask("", monkeypatch)


def test_a_long_line_stays_one_line() -> None:
    screen = io.StringIO()
    Terminal(Console(file=screen, width=40)).say("x" * 3000)
    assert screen.getvalue() == "x" * 3000 + "\n"
