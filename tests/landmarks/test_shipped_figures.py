"""The shipped landmark weights hold what their card says, on people who did not train."""

import csv
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from callcodec.media.clip import open_clip
from callcodec.media.compression import through_h264
from callcodec.speech.mel import log_mel
from models.landmarks import NetworkDetector, load_landmark_network
from models.training.data import voice_window
from models.training.landmark_evaluate import ClipFigures, compare

FRAMES, EVERY = 60, 5  # of each clip


@pytest.mark.slow
def test_points_and_mouths_of_validation_clips_are_as_right_as_the_card_says(clips: Path) -> None:
    with (clips / "val.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["lip_sync"] == "yes"]
    detector = NetworkDetector(load_landmark_network())
    clean: list[ClipFigures] = []
    coded: list[ClipFigures] = []
    for row in rows:
        path = clips / "val" / f"{row['clip']}.mp4"
        clip = open_clip(path)
        frames = [frame.rgb for frame in islice(clip.frames(), FRAMES)]
        pcm = clip.audio()
        assert pcm is not None
        mel = log_mel(pcm)
        truth = np.load(path.with_suffix("").with_suffix(".landmarks.npy")).astype(np.float32)
        times = range(0, len(frames), EVERY)
        pictures = {False: frames, True: list(through_h264(frames, 60, preset="veryfast"))}
        for h264, figures in ((False, clean), (True, coded)):
            found = np.stack([detector.detect(pictures[h264][t], voice_window(mel, t)) for t in times])
            figures.append(compare(row["clip"], found, truth[list(times)]))
    assert np.mean([figure.error for figure in clean]) <= 0.034
    assert np.mean([figure.error for figure in coded]) <= 0.037
    assert np.nanmedian([figure.mouth_correlation for figure in clean]) >= 0.9
