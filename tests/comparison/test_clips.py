"""Which clips are measured, who is in them, and what a call is shown before them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from callcodec.measure.comparison.clips import FootageCache, find_clips, load
from callcodec.measure.comparison.rehearsal import REHEARSAL_SLOTS, RehearsedSource, rehearsed
from callcodec.media.clip import ClipFrame
from tests.comparison.made_up import clip_file, drawn_clip

FRAMES = 40


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_clip(tmp_path_factory.mktemp("clips") / "p1_00.mp4", FRAMES)


def numbered(count: int) -> Iterator[ClipFrame]:
    return (ClipFrame(n, n / 25, np.full((2, 2, 3), n, np.uint8)) for n in range(count))


def test_a_rehearsal_ends_where_the_clip_begins_and_loses_no_picture() -> None:
    shown = [int(frame.rgb[0, 0, 0]) for frame in rehearsed(numbered(FRAMES))]
    assert shown[REHEARSAL_SLOTS:] == list(range(FRAMES))
    assert set(shown[:REHEARSAL_SLOTS]) == set(range(25))
    assert max(abs(a - b) for a, b in pairwise(shown)) == 1


def test_the_numbers_and_times_of_a_rehearsed_clip_never_jump() -> None:
    frames = list(rehearsed(numbered(FRAMES), limit=30))
    assert [frame.number for frame in frames] == list(range(REHEARSAL_SLOTS + 30))
    assert frames[-1].time_s == pytest.approx((REHEARSAL_SLOTS + 29) / 25)


def test_a_rehearsal_is_silent_and_the_voice_begins_with_the_clip(film: Path) -> None:
    source = RehearsedSource(film, None, silent=False)
    before, after = source.voice(6.0), source.voice(6.5)
    assert not before.any()
    assert np.abs(after.astype(int)).mean() > 100
    assert not RehearsedSource(film, None, silent=True).voice(7.0).any()


def test_a_clip_is_cropped_and_cut_as_asked(film: Path) -> None:
    footage = load(clip_file(film), 1.4)
    assert len(footage.frames) == 35
    assert len(footage.pcm) == 35 * 640
    assert np.isnan(footage.labels).all()
    assert FootageCache(footage).clips[0].frames == 35


def test_labels_beside_a_clip_are_read(film: Path) -> None:
    beside = film.with_suffix("").with_suffix(".landmarks.npy")
    np.save(beside, np.full((FRAMES, 68, 2), 7, np.float16))
    try:
        assert (load(clip_file(film), None).labels == 7).all()
    finally:
        beside.unlink()


def test_a_clip_shorter_than_what_is_not_judged_is_refused(tmp_path: Path) -> None:
    for frames in (20, 28):
        short = drawn_clip(tmp_path / f"short{frames}.mp4", frames)
        with pytest.raises(ValueError, match=r"at least 1.2 s are needed"):
            load(clip_file(short), None)


def test_the_table_beside_a_folder_says_who_is_in_its_clips(film: Path) -> None:
    table = film.parent.parent / f"{film.parent.name}.tsv"
    table.write_text("clip\tperson\tlip_sync\temotion\np1_00\tp1\tyes\thappy:3\n", encoding="utf-8")
    try:
        found = find_clips([film.parent])
    finally:
        table.unlink()
    assert [(clip.name, clip.person, clip.lips) for clip in found] == [("p1_00", "p1", "yes")]
    assert found[0].emotion is not None
    assert find_clips([film])[0].person == "p1_00"


def test_below_a_folder_of_people_the_folder_is_the_person(tmp_path: Path) -> None:
    for person in ("id1", "id2"):
        for video in ("a", "b"):
            (tmp_path / person / video).mkdir(parents=True)
            (tmp_path / person / video / "00001.mp4").write_bytes(person.encode() + video.encode())
    found = find_clips([tmp_path])
    assert [clip.person for clip in found] == ["id1", "id1", "id2", "id2"]
    assert [clip.name for clip in found] == ["id1_a_00001", "id1_b_00001", "id2_a_00001", "id2_b_00001"]
    assert [clip.person for clip in find_clips([tmp_path], 2)] == ["id1", "id2"]


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no clip at"):
        find_clips([tmp_path / "missing.mp4"])
    with pytest.raises(ValueError, match="there is no clip in"):
        find_clips([tmp_path])
