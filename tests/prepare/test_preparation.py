"""A folder of recordings becomes a folder of tracks, whatever happens on the way."""

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from callcodec.media.clip import open_clip
from models.training.cache import open_cache
from models.training.prepare.preparation import Prepared, prepare
from models.training.prepare.source import PrepareError
from models.training.prepare.split import assign_people
from tests.conftest import REPOSITORY
from tests.prepare.making import LENGTH, Blind, Ellipse, face_clip, preparation, silent, talking, written

KILLED_AFTER_ONE = """
import os, signal, sys
from pathlib import Path
from models.training.prepare.preparation import prepare
from tests.prepare.making import preparation
def progress(done, total, what):
    if done == 1:
        os.kill(os.getpid(), signal.SIGKILL)
prepare(preparation(Path(sys.argv[1]), Path(sys.argv[2])), progress)
"""


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def names(prepared: Prepared) -> list[str]:
    return sorted(track.name for record in prepared.records for track in record.tracks)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Prepared]:
    """A folder with two people, a clip of two shots, a damaged file and a wall; its output; what was said of it."""
    folder, out = tmp_path_factory.mktemp("mixed"), tmp_path_factory.mktemp("out")
    frames, voice = talking()
    face_clip(folder / "anna" / "a.mp4")
    face_clip(folder / "ben" / "b.mp4", voice=False)
    elsewhere = (frames[:LENGTH, :, ::-1] * 0.6).astype(np.uint8)
    written(folder / "anna" / "two shots.mp4", np.concatenate((frames[:LENGTH], elsewhere)), voice)
    (folder / "ben" / "damaged.mp4").write_bytes(b"not a video" * 500)
    shades = np.linspace(0, 255, 512).astype(np.uint8)
    written(folder / "ben" / "wall.mp4", np.tile(shades[None, None, :, None], (LENGTH, 384, 1, 3)))
    return folder, out, prepare(preparation(folder, out), silent)


def test_every_track_is_256_pixels_25_pictures_a_second_with_voice_and_landmarks(
    mixed: tuple[Path, Path, Prepared],
) -> None:
    out = mixed[1]
    for split in ("train", "val"):
        for row in table(out / f"{split}.tsv"):
            clip = open_clip(out / split / f"{row['clip']}.mp4")
            frames = list(clip.frames())
            assert len(frames) == int(row["frames"]) == LENGTH
            assert frames[0].rgb.shape == (256, 256, 3)
            assert clip.has_audio == bool(int(row["voice"])) == (row["clip"] != "ben_b_00")
            points = np.load(out / split / f"{row['clip']}.landmarks.npy")
            assert points.shape == (LENGTH, 68, 2)
            assert points.dtype == np.float16


def test_the_crop_is_head_and_shoulders_around_the_face(mixed: tuple[Path, Path, Prepared]) -> None:
    for record in mixed[2].records:
        for track in record.tracks:
            assert 0.5 < track.face_px / track.box.side < 0.65


def test_a_cut_makes_two_tracks_that_share_no_picture(mixed: tuple[Path, Path, Prepared]) -> None:
    rows = [row for split in ("train", "val") for row in table(mixed[1] / f"{split}.tsv")]
    shots = [row["clip"] for row in rows if row["source_path"] == "anna/two shots.mp4"]
    assert shots == ["anna_two_shots_00", "anna_two_shots_01"]
    (record,) = (r for r in mixed[2].records if r.source == "anna/two shots.mp4")
    assert [(track.first_frame, track.frames) for track in record.tracks] == [(0, LENGTH), (LENGTH, LENGTH)]


def test_what_cannot_be_used_is_listed_with_the_reason(mixed: tuple[Path, Path, Prepared]) -> None:
    reasons = {row["source"]: row["reason"] for row in table(mixed[1] / "refused.tsv")}
    assert "not a video" in reasons["ben/damaged.mp4"]
    assert reasons["ben/wall.mp4"] == "no face was found"
    assert len(reasons) == 2


def test_nobody_is_trained_on_and_chosen_by(mixed: tuple[Path, Path, Prepared]) -> None:
    people = [{row["person"] for row in table(mixed[1] / f"{split}.tsv")} for split in ("train", "val")]
    assert sorted(map(len, people)) == [1, 1]
    assert not people[0] & people[1]


def test_a_second_run_has_nothing_to_do_and_a_damaged_result_is_made_again(
    mixed: tuple[Path, Path, Prepared],
) -> None:
    folder, out, first = mixed
    again = prepare(preparation(folder, out), silent)
    assert again.already_done == len(first.records) == 5
    damaged = next(out.glob("*/ben_b_00.mp4"))
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:1000])
    repaired = prepare(preparation(folder, out), silent)
    assert repaired.already_done == 4
    assert len(damaged.read_bytes()) == len(whole)


def test_work_under_other_rules_is_done_again(tmp_path: Path) -> None:
    face_clip(tmp_path / "in" / "a.mp4")
    asked = preparation(tmp_path / "in", tmp_path / "out")
    prepare(asked, silent)
    stricter = replace(asked, rules=replace(asked.rules, least_side_px=400))
    changed = prepare(stricter, silent)
    assert changed.already_done == 0
    assert "400 are wanted" in changed.records[0].refused[0].reason
    assert not table(tmp_path / "out" / "train.tsv")


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        face_clip(tmp_path / "in" / f"{name}.mp4")
    arguments = [str(tmp_path / "in"), str(tmp_path / "out")]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_ONE, *arguments], cwd=REPOSITORY, env=_environment(), check=False
    )
    assert killed.returncode == -signal.SIGKILL
    manifest = tmp_path / "out" / "manifest.jsonl"
    manifest.write_text(manifest.read_text() + '{"work": "torn')
    resumed = prepare(preparation(tmp_path / "in", tmp_path / "out"), silent)
    assert resumed.already_done == 1
    assert names(resumed) == ["a_00", "b_00", "c_00"]
    assert all(json.loads(line) for line in manifest.read_text().splitlines())


def test_two_workers_make_what_one_makes(mixed: tuple[Path, Path, Prepared], tmp_path: Path) -> None:
    folder, _, alone = mixed
    together = prepare(replace(preparation(folder, tmp_path), workers=2), silent)
    assert names(together) == names(alone)
    assert {r.source: r.refused for r in together.records} == {r.source: r.refused for r in alone.records}


def test_without_landmarks_a_track_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    face_clip(tmp_path / "in" / "a.mp4")
    blind = replace(preparation(tmp_path / "in", tmp_path / "out"), points=Blind)
    prepared = prepare(blind, silent)
    assert "no landmarks in 100%" in prepared.records[0].refused[0].reason
    assert not list((tmp_path / "out" / "train").iterdir())


def test_data_sets_gather_in_one_folder_but_never_overwrite_each_other(tmp_path: Path) -> None:
    face_clip(tmp_path / "one" / "a.mp4")
    face_clip(tmp_path / "two" / "b.mp4")
    face_clip(tmp_path / "three" / "a.mp4", first=LENGTH)
    for name in ("one", "two"):
        prepare(preparation(tmp_path / name, tmp_path / "out"), silent)
    rows = [row for split in ("train", "val") for row in table(tmp_path / "out" / f"{split}.tsv")]
    assert {row["clip"] for row in rows} == {"a_00", "b_00"}
    with pytest.raises(PrepareError, match="another data set"):
        prepare(preparation(tmp_path / "three", tmp_path / "out"), silent)


def test_a_data_set_that_was_moved_is_still_done(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    face_clip(here / "set" / "a.mp4")
    prepare(preparation(here / "set", tmp_path / "out"), silent)
    here.rename(there)
    moved = prepare(preparation(there / "set", tmp_path / "out"), silent)
    rows = [row for split in ("train", "val") for row in table(tmp_path / "out" / f"{split}.tsv")]
    assert (moved.already_done, len(rows)) == (1, 1)


def test_the_voice_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "M003"
    for number, content in (("001", None), ("002", b"no sound")):
        face_clip(folder / "video" / "front" / "happy" / "level_1" / f"{number}.mp4", voice=False)
        sound = folder / "audio" / "happy" / "level_1" / f"{number}.m4a"
        if content is None:
            face_clip(sound)
        else:
            sound.write_bytes(content)
    first, second = sorted(
        prepare(preparation(tmp_path / "in", tmp_path / "out"), silent).records, key=lambda r: r.source
    )
    assert (first.tracks[0].voice, first.tracks[0].lip_sync) == (True, "yes")
    assert not second.tracks
    assert "002.m4a" in second.refused[0].reason


def test_an_output_folder_of_other_origin_is_left_alone(tmp_path: Path) -> None:
    face_clip(tmp_path / "in" / "a.mp4")
    out = tmp_path / "out"
    out.mkdir()
    (out / "train.tsv").write_text("clip\n")
    with pytest.raises(PrepareError, match="not prepared here"):
        prepare(preparation(tmp_path / "in", out), silent)
    (out / "manifest.jsonl").write_text('{"something": "else"}\n')
    with pytest.raises(PrepareError, match=r"manifest\.jsonl, line 1"):
        prepare(preparation(tmp_path / "in", out), silent)


def test_the_boxes_of_voxceleb2_frame_a_stretch_of_a_whole_video(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    frames, voice = talking()
    written(folder / "21Uxsk56VDQ.mp4", frames, voice)
    boxes = folder / "txt" / "id00012" / "21Uxsk56VDQ" / "00001.txt"
    boxes.parent.mkdir(parents=True)
    rows = [f"{frame:06d} 0.30 0.25 0.30 0.40" for frame in range(10, 10 + LENGTH)]
    boxes.write_text("Identity : id00012\nFRAME X Y W H\n" + "\n".join(rows))
    prepared = prepare(preparation(folder, tmp_path / "out"), silent)
    (record,) = prepared.records
    (track,) = record.tracks
    assert (track.first_frame, track.frames, track.lip_sync) == (10, LENGTH, "yes")
    centre = (track.box.x + track.box.side / 2) / 512
    assert centre == pytest.approx(0.45, abs=0.01)


def test_a_speaker_is_known_by_the_place_of_the_face(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    frames, voice = talking()
    both = np.concatenate((frames[:LENGTH], frames[:LENGTH]), axis=2)
    written(folder / "AAAAAAAAAAA_5.0_6.2.mp4", both, voice)
    (folder / "avspeech_train.csv").write_text("AAAAAAAAAAA,5.0,6.2,0.75,0.5\n")
    prepared = prepare(preparation(folder, tmp_path / "out"), silent)
    (track,) = prepared.records[0].tracks
    assert track.box.x >= 480


def test_people_keep_their_side_when_more_come() -> None:
    first = assign_people(map(str, range(10)), 0.2, {})
    assert sorted(first.values()) == ["train"] * 8 + ["val"] * 2
    later = assign_people(map(str, range(30)), 0.2, first)
    assert all(later[name] == split for name, split in first.items())
    assert sorted(later.values()).count("val") == 6
    assert sorted(assign_people(["a", "b"], 0.01, {}).values()) == ["train", "val"]
    assert set(assign_people(["a", "b"], 0.0, {}).values()) == {"train"}


def test_what_was_prepared_can_be_trained_on(mixed: tuple[Path, Path, Prepared], tmp_path: Path) -> None:
    cache = open_cache(mixed[1], "train", tmp_path)
    assert cache.clips
    assert cache.frame(cache.clips[0].first_frame).shape == (256, 256, 3)
    assert np.allclose(
        cache.landmarks(cache.clips[0].first_frame),
        Ellipse().detect(np.zeros((256, 256, 3), np.uint8)),
        atol=0.1,
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
