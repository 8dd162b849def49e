"""The bytes on the wire are the same on every machine and in every version of one major number."""

import json

import pytest

from tests.golden.make import PACKETS, coded_faces, hint_states, packets, pictures_sha256

GOLDEN = json.loads(PACKETS.read_text())


def test_faces_are_coded_to_the_golden_bytes() -> None:
    assert coded_faces() == GOLDEN["coded"]


@pytest.mark.parametrize("name", GOLDEN["packets"])
def test_a_packet_has_its_golden_bytes(name: str) -> None:
    assert packets()[name] == GOLDEN["packets"][name]


def test_golden_bytes_decode_to_the_golden_pictures() -> None:
    assert pictures_sha256(GOLDEN["coded"]) == GOLDEN["pictures_sha256"]


def test_golden_hints_decode_to_the_golden_shapes() -> None:
    assert hint_states(GOLDEN["hints"]) == GOLDEN["hint_states"]
