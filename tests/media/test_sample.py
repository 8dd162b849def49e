"""What the bundled sample promises."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.face.crop import FaceCropper
from callcodec.media.clip import Clip, open_clip
from callcodec.sample import sample_clip


@pytest.fixture(scope="module")
def clip() -> Clip:
    return open_clip(sample_clip())


def test_it_is_a_clip_of_nine_seconds_with_a_voice(clip: Clip) -> None:
    assert clip.duration_s == pytest.approx(9.0)
    assert (clip.width, clip.height) == (512, 384)
    assert clip.warnings == ()
    pcm = clip.audio()
    assert pcm is not None
    assert 9.0 <= pcm.size / 16_000 < 9.1
    assert np.abs(pcm.astype(np.int32)).max() > 8_000


def test_it_is_small_enough_to_travel_with_the_package() -> None:
    assert sample_clip().stat().st_size < 1_000_000


def test_its_face_is_found_and_kept_in_one_box(clip: Clip) -> None:
    cropper = FaceCropper()
    crops = [cropper.crop(frame.rgb, frame.number) for frame in clip.frames()]
    assert len(crops) == 225
    assert all(crop.face_found for crop in crops)
    assert not any(crop.jumped for crop in crops)
    assert 220 < crops[0].box.side < 340


def test_the_mouth_moves_with_the_voice(clip: Clip) -> None:
    """The mouth's interior is the darkest part of that region, so its share grows where the voice is loud."""
    pcm = clip.audio()
    assert pcm is not None
    loudness = [
        float(np.abs(block.astype(np.int32)).mean()) for block in np.array_split(pcm[: 225 * 640], 225)
    ]
    changes = mouth_changes([frame.rgb for frame in clip.frames()])
    spoken = np.array(loudness) > 400
    assert changes[spoken].mean() > 2 * changes[~spoken].mean()


def mouth_changes(frames: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """How much the region of the mouth changes from each picture to the next."""
    regions = [cv2.GaussianBlur(rgb[200:280, 200:320].astype(np.float32), (0, 0), 2) for rgb in frames]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(regions)]
    return np.array([0.0, *steps])


def test_the_script_leaves_the_portrait_as_it_is_at_rest() -> None:
    data = pytest.importorskip("skimage.data", reason="the script that makes the sample needs scikit-image")
    from callcodec.sample.portrait import Expression, Pose, render  # noqa: PLC0415 - beside what it needs

    portrait = np.asarray(data.astronaut(), np.uint8)
    expected = cv2.resize(portrait[4:244, 62:382], (512, 384), interpolation=cv2.INTER_CUBIC)
    assert cv2.PSNR(expected, render(portrait, Pose(), Expression())) > 32
