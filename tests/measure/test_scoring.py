"""What counts in a score, and against what."""

from pathlib import Path

import numpy as np
import pytest

from callcodec.call.log import CaptureNote, EndLog, FaceNote, PlayNote, ShowNote
from callcodec.measure.metrics.structure import ssim
from callcodec.measure.quality import QualityMeter, psnr_db
from callcodec.measure.scoring import KeptFrames, face_delays_s, latency, quality, scored_slots
from callcodec.media.frame_store import FrameStore, FrameStoreWriter

DELAY_S = 0.32


def logs(pictures: int, delay_s: float = DELAY_S) -> tuple[EndLog, EndLog]:
    """A call in which slot i shows what was captured ``delay_s`` before it; faces are every fifth picture."""
    near, far = EndLog(), EndLog()
    near.events["started"] = 100.0
    for i in range(pictures):
        face = i // 5 if i % 5 == 0 else None
        near.captures.append(CaptureNote(i, i * 0.04, 100 + i * 0.04, face))
        if face is not None:
            far.faces.append(FaceNote(256 + face, i * 0.04, 100.1 + i * 0.04))
        far.shows.append(ShowNote(i, 100 + i * 0.04 + delay_s, "reconstructing", i * 0.04, 0.01, True, 0.02))
        far.plays.append(PlayNote(100 + i * 0.04 + delay_s, i * 0.04, 640))
    return near, far


def test_the_delay_is_measured_by_frame_number() -> None:
    assert face_delays_s(*logs(50)) == pytest.approx([DELAY_S] * 10)


def test_picture_and_voice_are_compared_on_one_clock() -> None:
    near, far = logs(50)
    far.plays = [PlayNote(note.wall_s - 0.03, note.media_time_s, note.samples) for note in far.plays]
    report = latency(near, far)
    assert report.glass_to_glass_p50_ms == pytest.approx(320)
    assert report.voice_ms == pytest.approx(290)
    assert report.audio_visual_offset_ms == pytest.approx(30)


def test_a_slot_is_held_against_what_was_captured_one_delay_earlier() -> None:
    near, far = logs(50)
    slots = scored_slots(near, far, DELAY_S)
    assert [(show.slot, index) for show, _, index in slots] == [(i, i) for i in range(50)]


def test_only_slots_after_the_first_reconstructed_picture_count_frozen_ones_too() -> None:
    near, far = logs(50)
    states = ["low resolution"] * 10 + ["reconstructing"] * 10 + ["frozen"] * 30
    far.shows = [
        ShowNote(n.slot, n.wall_s, state, n.media_time_s, 0.0, n.fresh, n.made_in_s)
        for n, state in zip(far.shows, states, strict=True)
    ]
    assert [show.slot for show, _, _ in scored_slots(near, far, DELAY_S)] == list(range(10, 50))


def test_the_second_around_the_identity_image_is_left_out() -> None:
    near, far = logs(75)
    near.events["identity_media_time"] = 1.0
    scored = {index for _, _, index in scored_slots(near, far, DELAY_S)}
    assert scored == {i for i in range(75) if abs(i * 0.04 - 1.0) > 0.5 + 1e-9}


def test_a_perfect_picture_scores_better_than_its_baselines(tmp_path: Path) -> None:
    near, far = logs(6)
    generator = np.random.default_rng(4)
    stores = []
    for name, size in (("captured", 256), ("shown", 256), ("lowres", 8)):
        with FrameStoreWriter(tmp_path / name, size, size) as store:
            for i in range(6):
                generator = np.random.default_rng(i)
                store.append(generator.integers(0, 256, (size, size, 3), dtype=np.uint8))
        stores.append(FrameStore(tmp_path / name))
    report = quality(near, far, KeptFrames(stores[0], stores[1], stores[2], stores[0][0]))
    assert report.slots_scored == 6
    assert report.psnr_db == float("inf")
    assert report.ssim == pytest.approx(1.0)
    assert report.bicubic_psnr_db is not None
    assert report.bicubic_psnr_db < 15
    assert report.identity_copy_psnr_db is not None
    assert report.identity_copy_psnr_db < 20


def test_the_error_is_pooled_over_the_clip_before_the_logarithm() -> None:
    meter = QualityMeter()
    original = np.full((64, 64, 3), 100, np.uint8)
    meter.add(original, original)
    meter.add(original + 10, original)
    assert meter.psnr_db == pytest.approx(10 * np.log10(255**2 / 50))


def test_psnr_and_ssim_have_their_textbook_values() -> None:
    assert psnr_db(255.0**2) == 0
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert ssim(picture, picture) == pytest.approx(1.0)
    assert ssim(picture, 255 - picture) < 0
