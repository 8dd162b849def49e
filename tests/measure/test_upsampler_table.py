"""The table of bars on a made-up talking face, through the real wire."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from callcodec.measure.codecs.catalogue import find_codec
from callcodec.measure.codecs.coding import code
from callcodec.measure.upsampler.delivery import Wire, deliver, identity_image
from callcodec.measure.upsampler.hints import CodedHints, ExactHints
from callcodec.measure.upsampler.methods import Material, Picture, Reconstructed, Switches, Voice
from callcodec.measure.upsampler.scoring import Sampling, Truth, film, score
from callcodec.measure.upsampler_table import Judges, Subject, TableOptions, measure_table, write_table
from models.training.cache import ClipCache
from tests.measure.drawn_face import FRAMES, DrawnFace, drawn_shapes, find_face


@pytest.fixture
def cache() -> ClipCache:
    return DrawnFace()  # type: ignore[return-value]


@dataclass
class Shown:
    """A method that shows given pictures."""

    frames: Sequence[Picture]
    name: str = "shown"
    kbps: float = 1.0

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        return (self.frames[slot] for slot in slots)


def filmed(cache: ClipCache) -> Truth:
    return film(cache, 0, Sampling(5, 1), find_face)


def test_the_original_itself_scores_perfectly(cache: ClipCache) -> None:
    shown = Shown([cache.frame(n) for n in range(FRAMES)])
    found = score(shown, filmed(cache), Sampling(5, 1), find_face)
    assert found.psnr_db == float("inf")
    assert (found.ssim, found.ms_ssim) == pytest.approx((1, 1), abs=1e-4)
    assert (found.gmsd, found.flicker, found.landmark_distance, found.head_pose_error_degrees) == (0, 0, 0, 0)


def test_a_still_lacks_every_movement(cache: ClipCache) -> None:
    found = score(Shown([cache.frame(10)] * FRAMES), filmed(cache), Sampling(5, 1), find_face)
    assert found.psnr_db < 25
    assert found.landmark_distance is not None
    assert found.landmark_distance > 0.05
    assert found.mouth_correlation_to_labels == 0
    assert found.flicker is not None
    assert found.flicker > 0.5


def test_blinks_and_flicker_are_left_out_where_slots_are(cache: ClipCache) -> None:
    sampling = Sampling(10, 5)
    truth = film(cache, 0, sampling, find_face)
    found = score(Shown([cache.frame(10)] * FRAMES), truth, sampling, find_face)
    assert truth.slots == (25, 30, 35, 40, 45, 50, 55)
    assert (found.blinks, found.flicker) == (None, None)


@pytest.mark.parametrize("frames_per_second", [5, 25])
def test_a_delivery_is_what_the_codec_gives_in_time(cache: ClipCache, frames_per_second: int) -> None:
    delivery = deliver(cache, 0, Wire(frames_per_second, 15))
    assert len(delivery.slots) == FRAMES
    for slot in (0, 30, 33, FRAMES - 1):
        exact = cache.frame(slot).reshape(8, 32, 8, 32, 3).mean((1, 3)).transpose(2, 0, 1) / 255
        assert np.abs(delivery.slots[slot].picture - exact).mean() < 0.02
    assert 1 < delivery.payload_bytes < 60


def test_a_shortened_window_repeats_its_oldest_picture(cache: ClipCache) -> None:
    delivery = deliver(cache, 0, Wire(5, 9))
    whole, short = delivery.window(32), delivery.window(32, 2)
    assert np.array_equal(short[-2:], whole[-2:])
    assert all(np.array_equal(picture, whole[-2]) for picture in short[:3])


def test_an_identity_image_arrives_almost_as_it_was(cache: ClipCache) -> None:
    error = identity_image(cache, 0).astype(np.float32) - cache.frame(10)
    assert 0 < np.mean(error**2) < 40


class Recorder:
    """A reconstructor that shows grey and remembers what it was given."""

    name = "recorder"

    def __init__(self) -> None:
        self.mels: list[NDArray[np.float32]] = []
        self.shapes: list[NDArray[np.float32] | None] = []

    def set_identity(self, rgb: Picture, shape: NDArray[np.float32] | None = None) -> None:
        """Nothing to remember."""

    def reconstruct(
        self,
        lowres: NDArray[np.float32],  # noqa: ARG002
        mel: NDArray[np.float32],
        emotion: int | None = None,  # noqa: ARG002
        shape: NDArray[np.float32] | None = None,
    ) -> Tensor:
        self.mels.append(mel)
        self.shapes.append(shape)
        return torch.full((3, 256, 256), 0.5)


def shown_by(cache: ClipCache, recorder: Recorder, switches: Switches) -> Picture:
    delivery = deliver(cache, 0, Wire(5, 9))
    shapes = np.stack([np.full((70, 2), n, np.float32) for n in range(FRAMES)])
    material = Material(delivery, cache.mel(0), cache.frame(10), shapes[10], shapes)
    return next(iter(Reconstructed("x", 1.0, recorder, material, switches).pictures([30])))


def test_switches_change_what_a_reconstructor_is_given(cache: ClipCache) -> None:
    recorder = Recorder()
    for switches in (Switches(), Switches(voice=Voice.SILENCE), Switches(voice=Voice.SHUFFLED)):
        shown_by(cache, recorder, switches)
    own, silence, shuffled = recorder.mels
    assert np.all(silence == -1)
    assert not np.array_equal(own, shuffled)
    assert recorder.shapes[0] is not None
    assert recorder.shapes[0][0, 0] == 30


def test_without_consistency_the_network_has_the_last_word(cache: ClipCache) -> None:
    assert np.all(shown_by(cache, Recorder(), Switches(consistency=False)) == 128)
    assert not np.all(shown_by(cache, Recorder(), Switches()) == 128)


def test_hints_cost_bytes_and_come_near_to_the_shapes() -> None:
    shapes = drawn_shapes()
    moved = shapes + np.linspace(0, 6, FRAMES, dtype=np.float32)[:, None, None]
    coded, exact = CodedHints().send(moved, shapes[0], 5), ExactHints().send(moved, shapes[0], 5)
    assert 0 < coded.bytes_a_packet <= 6
    assert exact.bytes_a_packet == 0
    assert np.isfinite(coded.shapes).all()
    assert np.abs(coded.shapes - moved).mean() < np.abs(shapes - moved).mean()


def test_hints_of_slots_without_a_face_are_held() -> None:
    shapes = drawn_shapes()
    shapes[7] += 3
    shapes[8:] = np.nan
    shapes[:2] = np.nan
    told = ExactHints().send(shapes, shapes[2], 5).shapes
    assert np.array_equal(told[0], shapes[2])
    assert np.array_equal(told[-1], shapes[7])


def test_a_clip_without_any_face_has_no_hints_and_is_judged_all_the_same() -> None:
    unknown = np.full((5, 70, 2), np.nan, np.float32)
    assert np.isnan(ExactHints().send(unknown, np.zeros((70, 2), np.float32), 5).shapes).all()


def test_svt_av1_shows_every_picture_again_at_a_low_rate(cache: ClipCache) -> None:
    small = [np.ascontiguousarray(cache.frame(n)[::4, ::4]) for n in range(0, FRAMES, 5)]
    try:
        video = code(small, 5, find_codec("svt-av1"), 63)
    except RuntimeError as error:
        pytest.skip(str(error))
    assert len(video.pictures) == len(small)
    assert 0 < video.kbps < 5
    assert np.mean((video.pictures[-1].astype(np.float32) - small[-1]) ** 2) < 400


def test_the_page_and_the_figures_are_written(cache: ClipCache, tmp_path: Path) -> None:

    judges = Judges(find_face, "drawn", lambda _: None)
    subject = Subject("grey", "recorder", "none", Recorder())
    table = measure_table(
        cache, [subject], judges, TableOptions(pictures_every=5, ablations=True), lambda _: None
    )
    data, page = write_table(table, tmp_path)
    written = json.loads(data.read_text(encoding="utf-8"))
    assert [row["name"] for row in written["at_5"]][:3] == ["grey", "bicubic", "identity repeated"]
    assert {row["name"] for row in written["at_25"]} == {"grey", "bicubic"}
    assert written["ablations"][0]["row"]["figures"]["psnr_db"]["clips"] == 1
    assert written["conditions"]["landmarks_every"] == 1
    text = page.read_text(encoding="utf-8")
    assert all(bar.name in text for bar in table.bars)


def test_too_few_clips_and_odd_sampling_are_refused(cache: ClipCache) -> None:

    judges, subject = (
        Judges(find_face, "drawn", lambda _: None),
        Subject("grey", "recorder", "none", Recorder()),
    )
    with pytest.raises(ValueError, match="no clip"):
        measure_table(cache, [subject], judges, TableOptions(clips=0), lambda _: None)
    with pytest.raises(ValueError, match="every N"):
        measure_table(cache, [subject], judges, TableOptions(pictures_every=0), lambda _: None)
