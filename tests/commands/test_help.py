"""The help of every command reads as if one person had written it."""

import argparse
import re

import pytest

from callcodec.cli import COMMANDS, build_parser

ACRONYMS = ("H.264", "TLS", "PNG", "CUDA")


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every command's parser."""
    (subparsers,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(subparsers.choices)


def arguments() -> list[tuple[str, argparse.Action]]:
    """Every argument of every command but --help."""
    return [
        (f"{name} {'/'.join(action.option_strings) or action.dest}", action)
        for name, parser in commands().items()
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
        and action.help is not argparse.SUPPRESS
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_whole_sentences_what_it_does(name: str) -> None:
    description = commands()[name].description or ""
    assert re.match(r"[A-Z][a-z]+s ", description), description  # "Calls whoever...", "Writes..."
    assert description.endswith(".")


def test_every_argument_is_described_in_a_lower_case_phrase() -> None:
    wrong = [
        label
        for label, action in arguments()
        if not action.help
        or action.help.endswith(".")
        or not (action.help[0].islower() or action.help[0] in "-(%" or action.help.startswith(ACRONYMS))
    ]
    assert not wrong


def test_what_is_to_be_filled_in_stands_in_capitals() -> None:
    wrong = [
        label
        for label, action in arguments()
        if action.nargs != 0
        and action.choices is None
        and not (isinstance(action.metavar, str) and action.metavar[0].isupper())
    ]
    assert not wrong


def test_defaults_are_written_in_one_way() -> None:
    wrong = [
        label
        for label, action in arguments()
        if re.search(r"default:|(?<!default )%\(default\)|if left out", action.help or "")
    ]
    assert not wrong


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal_of_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(len(line) for line in commands()[name].format_help().splitlines()) <= 80
