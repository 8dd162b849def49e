"""What the commands ask about H.264, and how it is understood."""

import argparse

import pytest

from callcodec.call.video_settings import H264, LOWRES, RESTORERS, VideoSettings
from callcodec.commands import options
from callcodec.commands.options import add_video_arguments, video_settings


def understood(codec: str, *arguments: str, settings: VideoSettings | None = None) -> VideoSettings:
    parser = argparse.ArgumentParser()
    add_video_arguments(parser)
    return video_settings(settings or VideoSettings(), parser.parse_args(arguments), codec)


def test_everything_can_be_chosen() -> None:
    chosen = understood(H264, "--kbps", "90", "--restorer", "none", "--max-kbps", "70")
    assert chosen == VideoSettings(H264, 90, "none", 70)


def test_what_is_not_said_stays_as_the_configuration_has_it() -> None:
    settings = VideoSettings(H264, 120, "gavn", 150)
    assert understood(H264, settings=settings) == settings
    assert understood(LOWRES).restorer == "auto"


@pytest.mark.parametrize("kbps", ["29", "201"])
def test_a_rate_that_cannot_be_sent_is_a_sentence(kbps: str) -> None:
    with pytest.raises(ValueError, match="30 to 200 kbps"):
        understood(H264, "--kbps", kbps)


def test_a_rate_of_what_is_not_sent_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="which is not sent"):
        understood(LOWRES, "--kbps", "60")


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"codec": "vp8"}, "lowres or h264"),
        ({"restorer": "magic"}, "mdvd"),
        ({"limit_kbps": 0.0}, "cannot be limited"),
    ],
)
def test_impossible_settings_are_sentences(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        VideoSettings(**wrong)  # type: ignore[arg-type]


def test_the_lists_of_names_agree() -> None:
    from models.restoration import registry  # noqa: PLC0415 - loads torch

    assert set(options.RESTORERS) == set(RESTORERS) == {registry.AUTO, *registry.RESTORERS}
    assert options.VIDEO_CODECS == (LOWRES, H264)
