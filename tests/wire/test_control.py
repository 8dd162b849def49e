"""Control messages: a small set that minor versions may extend; other major versions are refused."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.wire.control import (
    PROTOCOL_VERSION,
    Bye,
    Capability,
    Control,
    Hello,
    Holding,
    IdentityRequest,
    Reason,
    Refusal,
    Statistics,
    VersionMismatch,
    parse_control,
    serialise_control,
)
from tests.wire.strategies import acknowledgements

texts = st.text(max_size=40)
hellos = st.builds(
    Hello,
    major=st.just(PROTOCOL_VERSION[0]),
    minor=st.integers(0, 255),
    capabilities=st.integers(0, 2**32 - 1).map(Capability),
    rungs=st.integers(0, 65535),
    software=texts,
)
statistics = st.builds(Statistics, **{item.name: st.integers(0, 65535) for item in fields(Statistics)})
messages = st.one_of(
    hellos,
    acknowledgements,
    st.builds(IdentityRequest, st.integers(0, 1)),
    statistics,
    st.builds(Refusal, st.sampled_from(Reason), texts),
    st.builds(Bye, st.sampled_from(Reason)),
    st.builds(Holding, st.lists(st.binary(min_size=8, max_size=8), max_size=8).map(tuple)),
)


@given(messages)
def test_every_message_survives_the_wire(message: Control) -> None:
    assert parse_control(serialise_control(message)) == message


@given(messages, st.binary(max_size=20))
def test_fields_of_a_later_minor_version_are_passed_over(message: Control, more: bytes) -> None:
    assert parse_control(serialise_control(message) + more) == message


@given(st.binary(max_size=64))
def test_garbage_is_a_message_or_a_value_error(data: bytes) -> None:
    try:
        parse_control(data)
    except ValueError:
        return


@given(messages, st.data())
def test_a_cut_message_is_a_value_error(message: Control, data: st.DataObject) -> None:
    whole = serialise_control(message)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ValueError, match=r"\w"):
        parse_control(whole[:cut])


def test_another_major_version_is_refused_with_both_numbers() -> None:
    with pytest.raises(VersionMismatch, match=r"version 9\.4 .* 1\.0: update"):
        parse_control(serialise_control(Hello(major=9, minor=4)))


def test_a_hello_of_another_major_version_need_not_look_like_ours() -> None:
    with pytest.raises(VersionMismatch):
        parse_control(b"\x01CC\x02\x00")


def test_another_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="protocol"):
        parse_control(b"\x01HTTP/1.1 200 OK")


def test_a_message_of_endless_length_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_control(b"\x06" * 100_000)


def test_a_text_that_is_too_long_is_refused_by_the_sender() -> None:
    with pytest.raises(ValueError, match="too long"):
        serialise_control(Refusal(Reason.ERROR, "x" * 201))


def test_a_reason_of_a_later_version_counts_as_an_error() -> None:
    assert parse_control(b"\x06\x63") == Bye(Reason.ERROR)


def test_a_statistic_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="voice_lost"):
        Statistics(voice_lost=65536)
