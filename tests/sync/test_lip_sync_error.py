"""LSE-D and LSE-C: given where the network can tell, refused with the reason where it cannot."""

from pathlib import Path

import numpy as np
import pytest
import torch

from callcodec.speech.mel import log_mel
from models.checkpoint import WeightsError, shipped_weights
from models.sync import LEAST_ACCURACY, accuracy_of, lip_sync_error, load_sync_network
from models.sync_network import SyncNetwork
from models.training.clip_folder import decode_clip
from tests.faces import frontal_shape
from tests.sync.test_loss import SMALL

RGB = np.random.default_rng(0).integers(0, 255, (60, 256, 256, 3), np.uint8)
LANDMARKS = np.repeat(frontal_shape()[None, :68], 60, 0)
MEL = np.random.default_rng(1).uniform(-1, 1, (80, 240)).astype(np.float32)


def network(accuracy: float) -> SyncNetwork:
    torch.manual_seed(0)
    made = SyncNetwork(SMALL).eval()
    made.accuracy[:] = accuracy
    return made


def test_a_network_that_can_tell_gives_distance_and_confidence() -> None:
    found = lip_sync_error(RGB, LANDMARKS, MEL, network(0.8))
    assert found.reason == ""
    assert found.distance is not None
    assert 0 <= found.distance <= 2
    assert found.confidence is not None
    assert found.confidence >= 0
    assert found.offset in range(-15, 16)


def test_a_network_that_cannot_tell_gives_none_and_says_so() -> None:
    found = lip_sync_error(RGB, LANDMARKS, MEL, network(0.74))
    assert (found.distance, found.confidence, found.offset) == (None, None, None)
    assert found.reason == "the network tells in sync from shifted in 74% of seconds, 75% are needed"


def test_a_short_clip_has_no_lip_sync_error() -> None:
    assert "34 pictures, 35 are needed" in lip_sync_error(RGB[:34], LANDMARKS[:34], MEL, network(1)).reason


def test_a_clip_without_a_face_has_no_lip_sync_error() -> None:
    lost = LANDMARKS.copy()
    lost[:31] = np.nan
    assert "a face was found in 48% of the pictures" in lip_sync_error(RGB, lost, MEL, network(1)).reason


def test_a_face_that_is_lost_for_a_moment_is_taken_to_be_where_it_was() -> None:
    lost = LANDMARKS.copy()
    lost[10:13] = np.nan
    assert lip_sync_error(RGB, lost, MEL, network(1)) == lip_sync_error(RGB, LANDMARKS, MEL, network(1))


def test_arrays_that_do_not_belong_together_are_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"landmarks \(n, 68, 2\), not"):
        lip_sync_error(RGB, LANDMARKS[:59], MEL, network(1))
    with pytest.raises(ValueError, match=r"a log-mel of \(80, m\)"):
        lip_sync_error(RGB, LANDMARKS, MEL.T, network(1))


def test_an_unknown_name_and_the_weights_of_another_network_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="sync, sync_judge"):
        load_sync_network("syncnet")
    with pytest.raises(WeightsError, match="'compact'"):
        load_sync_network("sync", shipped_weights("compact"))


@pytest.mark.parametrize("name", ["sync", "sync_judge"])
def test_shipped_weights_can_tell_a_second_in_sync_from_a_shifted_one(name: str) -> None:
    assert accuracy_of(load_sync_network(name)).pairs_of_a_second >= LEAST_ACCURACY


def test_the_judge_hears_that_a_real_speaker_was_shifted(clips: Path) -> None:
    frames, voice = decode_clip(clips / "val" / "p089_00.mp4")
    rgb, pcm = np.stack(frames[:75]), voice[: 75 * 640]
    landmarks = np.load(clips / "val" / "p089_00.landmarks.npy").astype(np.float32)[:75]
    mel = log_mel(pcm)
    own = lip_sync_error(rgb, landmarks, mel)
    late = lip_sync_error(
        rgb, landmarks, np.pad(mel, ((0, 0), (4 * 8, 0)), constant_values=-1)[:, : mel.shape[1]]
    )
    assert own.offset is not None
    assert late.offset is not None
    assert abs(own.offset) <= 1
    assert abs(late.offset - own.offset - 8) <= 1
