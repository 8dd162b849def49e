"""Restorers by name, by what a stream is, and what is said where weights are missing."""

from pathlib import Path

import pytest

from callcodec.config import load_config
from models.checkpoint import WeightsError, export_weights
from models.restoration import registry
from models.restoration.back_projection import BackProjected
from models.restoration.mdvd import Mdvd, MdvdDimensions
from models.restoration.restorer import Unrestored


def missing(name: str) -> Path:
    raise WeightsError(f"the weights of {name!r} are missing")


def test_none_shows_what_was_decoded() -> None:
    assert isinstance(registry.create_restorer("none"), Unrestored)


def test_mdvd_comes_with_back_projection(tmp_path: Path) -> None:
    path = tmp_path / "mdvd.safetensors"
    export_weights(Mdvd(load_config("models/mdvd_compact", MdvdDimensions)), path, [], "mdvd")
    restorer = registry.create_restorer("mdvd", weights=path)
    assert isinstance(restorer, BackProjected)
    assert (restorer.name, restorer.side, restorer.before, restorer.after) == ("mdvd", 256, 2, 2)


def test_an_unknown_name_is_a_sentence_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="auto, none, mdvd, mmsd, gavn"):
        registry.create_restorer("magic")


@pytest.mark.parametrize(
    ("codec", "width", "height", "name"),
    [
        ("h264", 640, 480, "mdvd"),
        ("h264", 176, 144, "mdvd"),
        ("hevc", 256, 256, "gavn"),
        ("h264", 64, 64, "mmsd"),
        ("vp9", 160, 120, "mmsd"),
    ],
)
def test_a_stream_has_the_restorer_that_suits_it(codec: str, width: int, height: int, name: str) -> None:
    assert registry.suited(codec, width, height) == name


def test_missing_weights_leave_the_decoded_pictures_and_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "shipped_weights", missing)
    restorer, sentence = registry.create_suited("h264", 256, 256)
    assert isinstance(restorer, Unrestored)
    assert sentence == "the weights of 'mdvd' are missing; the decoded pictures are shown"
    with pytest.raises(WeightsError, match="'gavn' are missing"):
        registry.create_restorer("gavn")
