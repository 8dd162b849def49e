"""Configuration files are checked when they are read."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from callcodec.call.config import CallConfig
from callcodec.config import ConfigError, from_mapping, load_config, load_yaml
from sender.settings import VoiceSettings


@dataclass(frozen=True)
class Inner:
    rate_hz: float
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    count: int
    inner: Inner
    limit: float | None = None


def test_nested_values_become_frozen_dataclasses() -> None:
    read = from_mapping({"count": 3, "inner": {"rate_hz": 8, "names": ["a"]}}, Outer, "here")
    assert read == Outer(3, Inner(8.0, ("a",)))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"count": 3, "inner": {"rate_hz": 1.0}, "speed": 2}, "unknown key speed"),
        ({"count": 3}, "missing key inner"),
        ({"count": "3", "inner": {"rate_hz": 1.0}}, "count: expected int"),
        ({"count": True, "inner": {"rate_hz": 1.0}}, "count: expected int"),
        ({"count": 3, "inner": {"rate_hz": 1.0, "extra": 0}}, "inner: unknown key extra"),
        ([], "expected a mapping"),
    ],
)
def test_a_wrong_key_or_type_is_named(values: object, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        from_mapping(values, Outer, "here")


def test_a_value_out_of_its_bounds_is_named_with_its_place() -> None:
    with pytest.raises(ConfigError, match="voice: bitrate_bps is 1"):
        from_mapping({"bitrate_bps": 1, "packet_ms": 60, "dtx": False}, VoiceSettings, "voice")


@pytest.mark.parametrize("name", ["calls/phone", "calls/frugal", "calls/browser"])
def test_shipped_calls_load(name: str) -> None:
    assert load_config(name, CallConfig).carrier == "opus"


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match="frugal, phone"):
        load_config("calls/none", CallConfig)


def test_broken_yaml_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: [")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_yaml(path, CallConfig)
