"""What the frame store promises."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.media.frame_store import FrameStore, FrameStoreWriter


def pictures(count: int) -> list[NDArray[np.uint8]]:
    return list(np.random.default_rng(1).integers(0, 256, (count, 6, 8, 3), np.uint8))


def stored(path: Path, count: int) -> list[NDArray[np.uint8]]:
    kept = pictures(count)
    with FrameStoreWriter(path, 8, 6) as writer:
        for picture in kept:
            writer.append(picture)
    return kept


def test_every_picture_comes_back_bit_for_bit(tmp_path: Path) -> None:
    kept = stored(tmp_path / "frames", 5)
    store = FrameStore(tmp_path / "frames")
    assert len(store) == 5
    assert (store.width, store.height) == (8, 6)
    assert all(np.array_equal(a, b) for a, b in zip(store, kept, strict=True))
    assert np.array_equal(store[-1], kept[-1])
    assert np.array_equal(store[1:3][1], kept[2])


def test_a_store_without_pictures_is_empty(tmp_path: Path) -> None:
    stored(tmp_path / "frames", 0)
    assert len(FrameStore(tmp_path / "frames")) == 0


def test_a_picture_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    stored(tmp_path / "frames", 3)
    data = (tmp_path / "frames").read_bytes()
    (tmp_path / "frames").write_bytes(data[:-10])
    assert len(FrameStore(tmp_path / "frames")) == 2


def test_what_was_appended_is_readable_before_the_writer_closes(tmp_path: Path) -> None:
    writer = FrameStoreWriter(tmp_path / "frames", 8, 6)
    writer.append(pictures(1)[0])
    assert len(FrameStore(tmp_path / "frames")) == 1
    writer.close()


def test_a_picture_outlives_its_store(tmp_path: Path) -> None:
    kept = stored(tmp_path / "frames", 1)
    picture = FrameStore(tmp_path / "frames")[0]
    (tmp_path / "frames").unlink()
    picture[0, 0, 0] ^= 1
    assert not np.array_equal(picture, kept[0])


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    with FrameStoreWriter(tmp_path / "frames", 8, 6) as writer, pytest.raises(ValueError, match="is stored"):
        writer.append(np.zeros((8, 6, 3), np.uint8))


@pytest.mark.parametrize("content", [b"", b"callcodec", b"something else entirely, long enough"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "frames").write_bytes(content)
    with pytest.raises(ValueError, match="no stored frames"):
        FrameStore(tmp_path / "frames")
