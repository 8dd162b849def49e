"""Data sets are read as they were published."""

from pathlib import Path

import pytest

from models.training.prepare.layouts import LAYOUTS, find_sources
from models.training.prepare.source import Found, PrepareError, Source

BOXES = """Identity  : \tid00012
Reference : \t21Uxsk56VDQ
Offset    : \t-1
FV Conf   : \t15.935\t(1)
ASD Conf  : \t5.311

FRAME \tX \tY \tW \tH
000250 \t0.273 \t0.089 \t0.163 \t0.290
000251 \t0.274 \t0.090 \t0.163 \t0.290
"""


def laid_out(folder: Path, *files: str) -> Path:
    """A folder with those files; what is in them does not matter yet."""
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"-")
    return folder


def found(folder: Path, layout: str, **options: str) -> Found:
    """What is there, the layout having been recognised."""
    detected, result = find_sources(folder, folder / "out", None, options.get("person"))
    assert detected.name == layout
    return result


def only(result: Found) -> Source:
    assert len(result.sources) == 1
    return result.sources[0]


def test_voxceleb2_says_who_speaks_and_has_the_voice_in_a_file_of_its_own(tmp_path: Path) -> None:
    track = "id00012/21Uxsk56VDQ/00001"
    source = only(
        found(
            laid_out(tmp_path, f"dev/mp4/{track}.mp4", f"dev/aac/{track}.m4a", f"dev/txt/{track}.txt"),
            "voxceleb2",
        )
    )
    assert source.person == "id00012"
    assert source.name == "id00012_21Uxsk56VDQ_00001"
    assert source.sound == f"dev/aac/{track}.m4a"
    assert source.lip_sync == "yes"


def test_voxceleb2s_boxes_say_which_stretch_of_a_whole_video_is_meant(tmp_path: Path) -> None:
    boxes = "txt/id00012/21Uxsk56VDQ/00001.txt"
    laid_out(tmp_path, boxes, "videos/21Uxsk56VDQ.mp4", "txt/id00013/missing1234/00001.txt")
    (tmp_path / boxes).write_text(BOXES)
    result = found(tmp_path, "voxceleb2")
    source = only(result)
    assert source.video == "videos/21Uxsk56VDQ.mp4"
    assert source.boxes == boxes
    assert (source.start_s, source.end_s) == pytest.approx((10.0, 10.08))
    assert [item.path for item in result.skipped] == ["txt/id00013/missing1234/00001.txt"]


def test_boxes_that_cannot_be_read_are_listed_with_the_reason(tmp_path: Path) -> None:
    laid_out(
        tmp_path, "txt/id00012/21Uxsk56VDQ/00001.txt", "txt/id00012/21Uxsk56VDQ/00002.txt", "21Uxsk56VDQ.mp4"
    )
    (tmp_path / "txt/id00012/21Uxsk56VDQ/00002.txt").write_text(BOXES)
    result = found(tmp_path, "voxceleb2")
    assert only(result).name.endswith("00002")
    assert "in parts of the picture" in result.skipped[0].reason


def test_avspeech_takes_cut_files_whole_and_stretches_of_whole_videos(tmp_path: Path) -> None:
    laid_out(tmp_path, "clips/AAAAAAAAAAA_5.2_9.8.mp4", "BBBBBBBBBBB.mkv", "CCCCCCCCCCC.mp4")
    (tmp_path / "avspeech_train.csv").write_text(
        "AAAAAAAAAAA,5.200000,9.800000,0.4,0.3\nBBBBBBBBBBB,1.5,4.5,0.6,0.5\nZZZZZZZZZZZ,1,4,0.5,0.5\n"
    )
    result = found(tmp_path, "avspeech")
    cut, whole = result.sources
    assert (cut.start_s, cut.centre_x, cut.centre_y) == (None, 0.4, 0.3)
    assert (whole.start_s, whole.end_s, whole.person) == (1.5, 4.5, "BBBBBBBBBBB")
    assert [item.path for item in result.skipped] == ["CCCCCCCCCCC.mp4"]


def test_a_damaged_table_is_told_with_its_line(tmp_path: Path) -> None:
    laid_out(tmp_path, "AAAAAAAAAAA.mp4")
    (tmp_path / "avspeech_test.csv").write_text("AAAAAAAAAAA,5.2,9.8,0.4,0.3\nAAAAAAAAAAA,one,two\n")
    with pytest.raises(PrepareError, match="line 2"):
        find_sources(tmp_path, tmp_path / "out", None, None)


def test_ravdess_names_the_emotion_and_the_take_without_sound_is_left_out(tmp_path: Path) -> None:
    folder = laid_out(
        tmp_path,
        "Actor_12/01-01-06-02-02-01-12.mp4",
        "Actor_12/02-01-06-02-02-01-12.mp4",
        "Actor_12/notes.mp4",
    )
    result = found(folder, "ravdess")
    source = only(result)
    assert (source.person, source.emotion, source.lip_sync) == ("ravdess12", "fear:3", "yes")
    assert len(result.skipped) == 2


def test_mead_names_person_angle_emotion_and_level(tmp_path: Path) -> None:
    folder = laid_out(
        tmp_path, "M003/video/left_30/happy/level_2/007.mp4", "M003/audio/happy/level_2/007.m4a"
    )
    source = only(found(folder, "mead"))
    assert (source.person, source.emotion) == ("M003", "happy:2")
    assert source.name == "M003_left_30_happy_2_007"
    assert source.sound == "M003/audio/happy/level_2/007.m4a"


def test_the_addresses_have_one_speaker(tmp_path: Path) -> None:
    result = found(laid_out(tmp_path / "obama_addresses", "2009.mp4", "more/2010.webm"), "obama")
    assert {source.person for source in result.sources} == {"obama"}


def test_in_any_folder_a_sub_folder_is_a_person_and_odd_names_become_safe_ones(tmp_path: Path) -> None:
    folder = laid_out(
        tmp_path, "anna/one two.mp4", "anna/one.two.mov", "alone.avi", ".hidden/x.mp4", "notes.txt"
    )
    result = found(folder, "folder")
    assert [(source.person, source.name) for source in result.sources] == [
        ("alone", "alone"),
        ("anna", "anna_one_two"),
        ("anna", "anna_one_two-2"),
    ]
    assert {source.person for source in found(folder, "folder", person="me").sources} == {"me"}


def test_what_lies_in_the_output_folder_is_no_source(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, "a.mp4", "out/train/a_00.mp4")
    assert only(found(folder, "folder")).video == "a.mp4"


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in ("folder", "obama")])
def test_a_folder_of_another_layout_is_a_clear_error(tmp_path: Path, layout: str) -> None:
    with pytest.raises(
        PrepareError, match=layout.split("2", maxsplit=1)[0] if layout != "avspeech" else "avspeech_train.csv"
    ):
        find_sources(laid_out(tmp_path, "holiday.mp4"), tmp_path / "out", layout, None)


def test_a_folder_without_videos_a_file_or_nothing_at_all_is_a_clear_error(tmp_path: Path) -> None:
    for name, why in (("", "no video"), ("notes.txt", "is a file"), ("missing", "does not exist")):
        laid_out(tmp_path, "notes.txt")
        with pytest.raises(PrepareError, match=why):
            find_sources(tmp_path / name, tmp_path / "out", None, None)
