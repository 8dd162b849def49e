"""Files of configs/train, and the known-speaker case."""

from pathlib import Path

import numpy as np
import pytest

from callcodec.config import ConfigError
from callcodec.media.movie import write_movie
from models.training.cache import DataError
from models.training.person import clips_of_person
from models.training.task_registry import MODULES, load_plan
from tests.conftest import REPOSITORY

HEADER = "clip\tperson\tlip_sync\tsource_repository\n"


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "configs" / "train").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_shipped_training_file_loads(path: Path) -> None:
    assert load_plan(f"train/{path.stem}").task in MODULES


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("task: compact", "task: conpact"), "the key task|no training task"),
        (("loop:", "lop:"), "keys task, loop and compact"),
        (("  batch: 8", "  batsch: 8"), "loop: unknown key batsch"),
        (("  network: models/compact", ""), "compact: missing key network"),
    ],
)
def test_a_training_file_that_cannot_be_used_is_a_clear_error(
    change: tuple[str, str], complaint: str, tmp_path: Path
) -> None:
    text = (REPOSITORY / "configs" / "train" / "compact.yaml").read_text()
    assert change[0] in text
    (tmp_path / "x.yaml").write_text(text.replace(*change))
    with pytest.raises(ConfigError, match=complaint):
        load_plan(str(tmp_path / "x.yaml"))


def folder_of_clips(folder: Path, split: str, people: dict[str, str]) -> None:
    (folder / split).mkdir(parents=True)
    rows = [f"{name}\t{person}\tyes\tsomebody/something\n" for name, person in people.items()]
    (folder / f"{split}.tsv").write_text(HEADER + "".join(rows))
    for name in people:
        write_movie(folder / split / f"{name}.mp4", [np.zeros((256, 256, 3), np.uint8)] * 3, None)
        np.save(folder / split / f"{name}.landmarks.npy", np.zeros((3, 68, 2), np.float16))


def test_a_known_speaker_is_trained_on_and_judged_on_different_footage(tmp_path: Path) -> None:
    folder_of_clips(tmp_path, "train", {"a0": "a", "a1": "a", "b0": "b"})
    folder_of_clips(tmp_path, "known", {"a_k": "a", "b_k": "b"})
    data = clips_of_person(tmp_path, "a", tmp_path / "cache")
    assert [clip.name for clip in data.training.clips] == ["a0", "a1"]
    assert [clip.name for clip in data.validation.clips] == ["a_k"]
    with pytest.raises(DataError, match=r"--speaker is missing.* a, b"):
        clips_of_person(tmp_path, None, tmp_path / "cache")
    with pytest.raises(DataError, match="no speaker 'c'"):
        clips_of_person(tmp_path, "c", tmp_path / "cache")


def test_a_folder_of_one_speaker_needs_no_name_and_may_have_val_instead_of_known(tmp_path: Path) -> None:
    folder_of_clips(tmp_path, "train", {"a0": "a"})
    folder_of_clips(tmp_path, "val", {"a1": "a"})
    data = clips_of_person(tmp_path, None, tmp_path / "cache")
    assert [clip.name for clip in data.validation.clips] == ["a1"]
