"""Shards: a split in files that are small enough, and come back as what they were."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from callcodec.config import shipped_path
from models.training.cache import CacheWriter, ClipCache, DataError, DecodedClip
from models.training.shards import MEGABYTE, open_shards, pack, write_shards
from tests.conftest import REPOSITORY

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
RANDOM = np.random.default_rng(0)


def clip(name: str, frames: int = 12, person: str = "p1") -> DecodedClip:
    """A smooth pattern that drifts, with landmarks that do too and a few that are missing."""
    pattern = cv2.resize(
        RANDOM.uniform(0, 255, (6, 6, 3)).astype(np.float32), (320, 320), interpolation=cv2.INTER_CUBIC
    )
    pictures = tuple(pattern[t : t + 256, t : t + 256].clip(0, 255).astype(np.uint8) for t in range(frames))
    points = (RANDOM.uniform(60, 200, (68, 2)) + np.arange(frames)[:, None, None]).astype(np.float16)
    points[3:5] = np.nan
    mel = RANDOM.uniform(-1, 2, (80, 4 * frames)).astype(np.float16)
    return DecodedClip(name, person, "yes", "somebody/something", pictures, points, mel, "happy:2", 512)


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(-10 * np.log10(np.mean((a.astype(float) - b) ** 2) / 255**2 + 1e-12))


@pytest.fixture(scope="module")
def two() -> list[DecodedClip]:
    return [clip("a"), clip("b", 9, "p2")]


def test_a_split_comes_back_from_its_shards(two: list[DecodedClip], tmp_path: Path) -> None:
    write_shards(two, "train", tmp_path / "shards", megabytes=28, crf=16)
    cache = open_shards(tmp_path / "shards", "train", tmp_path / "cache")
    assert {(c.emotion, c.source_px) for c in cache.clips} == {("happy:2", 512)}
    assert [(c.name, c.person, c.lip_sync, c.frames) for c in cache.clips] == [
        ("a", "p1", "yes", 12),
        ("b", "p2", "yes", 9),
    ]
    for number, (info, original) in enumerate(zip(cache.clips, two, strict=True)):
        for t, rgb in enumerate(original.frames):
            assert psnr(cache.frame(info.first_frame + t), rgb) > 32
            found = cache.landmarks(info.first_frame + t)
            assert np.allclose(found, original.landmarks[t], atol=0.1, equal_nan=True)
        assert np.abs(cache.mel(number) - original.mel.astype(np.float32)).max() < 0.01


def test_plain_frames_are_what_the_video_holds(two: list[DecodedClip], tmp_path: Path) -> None:
    write_shards(two, "train", tmp_path / "shards", megabytes=28, crf=16)
    usual = open_shards(tmp_path / "shards", "train", tmp_path / "cache")
    plain = open_shards(tmp_path / "shards", "train", tmp_path / "plain", plain=True)
    for number in (0, 7, 11):
        assert psnr(plain.frame(number), usual.frame(number)) > 40
        assert psnr(plain.small_frame(number), usual.small_frame(number)) > 40
        assert psnr(plain.still(number), usual.still(number)) > 99


def test_no_shard_is_larger_than_allowed(tmp_path: Path) -> None:
    clips = [clip(f"c{n}", 10) for n in range(5)]
    allowed = 2.5 * max(pack(c, 20).packed_bytes() for c in clips) / MEGABYTE
    paths = write_shards(clips, "train", tmp_path, megabytes=allowed, crf=20)
    assert len(paths) == 3
    assert max(path.stat().st_size for path in paths) <= allowed * MEGABYTE
    cache = open_shards(tmp_path, "train", tmp_path / "cache")
    assert [c.name for c in cache.clips] == [c.name for c in clips]


def test_a_clip_that_fits_no_shard_is_named(two: list[DecodedClip], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a alone takes"):
        write_shards(two, "train", tmp_path, megabytes=0.002, crf=20)


def test_missing_and_damaged_shards_are_clear_errors(two: list[DecodedClip], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no shards"):
        open_shards(tmp_path, "train", tmp_path / "cache")
    (path,) = write_shards(two, "train", tmp_path, megabytes=28, crf=30)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="not a shard, or is damaged"):
        open_shards(tmp_path, "train", tmp_path / "cache")


def test_a_cache_of_other_shards_is_not_taken_for_these(two: list[DecodedClip], tmp_path: Path) -> None:
    write_shards(two, "train", tmp_path / "one", megabytes=28, crf=30)
    write_shards(two[:1], "train", tmp_path / "other", megabytes=28, crf=30)
    open_shards(tmp_path / "one", "train", tmp_path / "cache")
    with pytest.raises(DataError, match="another data folder"):
        open_shards(tmp_path / "other", "train", tmp_path / "cache")


def test_a_cache_of_some_people_shows_their_clips_alone(two: list[DecodedClip], tmp_path: Path) -> None:
    with CacheWriter(tmp_path / "all", "both") as writer:
        writer.add_all(two)
    whole = ClipCache(tmp_path / "all")
    part = whole.only(lambda c: c.person == "p2")
    assert [c.name for c in part.clips] == ["b"]
    assert np.array_equal(part.mel(0), whole.mel(1))
    assert np.array_equal(part.frame(part.clips[0].first_frame), whole.frame(whole.clips[1].first_frame))
    function, arguments = part.__reduce__()
    assert [c.name for c in function(*arguments).clips] == ["b"]


def small_plan(folder: Path) -> Path:
    """`compact` with few channels and a loop for one thread."""
    plan = yaml.safe_load(shipped_path("train/compact").read_text())
    sizes = yaml.safe_load(shipped_path("models/compact").read_text())
    sizes |= dict.fromkeys(("at_8", "at_16", "at_32", "at_64", "at_128", "voice"), 8)
    (folder / "small.yaml").write_text(yaml.safe_dump(sizes))
    plan["compact"]["network"] = str(folder / "small.yaml")
    plan["loop"] |= {"batch": 1, "threads": 1, "workers": 0, "precision": "32-true"}
    (folder / "plan.yaml").write_text(yaml.safe_dump(plan))
    return folder / "plan.yaml"


def test_training_from_shards_needs_neither_pyav_nor_aiortc(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_shards([clip(f"{split}1", 30)], split, tmp_path, megabytes=28, crf=30)
    program = (
        "import sys; sys.modules |= dict.fromkeys(('av', 'aiortc', 'aioice', 'aiohttp')); "
        "from callcodec.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    options = ["--shards", tmp_path, "--cache", tmp_path, "--out", tmp_path, "--steps", 1, "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", program, "train", *map(str, [small_plan(tmp_path), *options])],
        cwd=REPOSITORY, env=ENVIRONMENT, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "compact.safetensors").is_file()
    assert "psnr_db" in json.loads((tmp_path / "evaluation_000001.json").read_text())
