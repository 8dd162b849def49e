"""Fits the model of natural faces: python -m callcodec.measure.naturalness_fit --cache FOLDER."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from callcodec.measure.metrics.naturalness import SHARP_SHARE, TABLE, PatchModel, patch_features
from models.training.cache import ClipCache
from models.training.restoration.i420_store import SharpClips

PICTURES = 12  # of each clip


def fit(cache: ClipCache, pictures: int = PICTURES) -> PatchModel:
    """Of the sharp patches of sharp clips, as many pictures of each clip. Raises DataError where there are none."""
    sharp = SharpClips(cache)
    found = []
    for number, clip in enumerate(sharp.clips):
        for time in np.linspace(0, clip.frames - 1, min(pictures, clip.frames)).astype(int):
            i420 = sharp.pictures(number, int(time), 1)[0]
            features, contrast = patch_features(i420[: i420.shape[1]])
            found.append(features[contrast >= SHARP_SHARE * contrast.max()])
    return PatchModel.of(np.concatenate(found))


def main() -> None:
    """Write the table beside the metric."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--cache", type=Path, required=True, help="of the training clips, see callcodec train"
    )
    arguments = parser.parse_args()
    model = fit(ClipCache(arguments.cache))
    path = Path(__file__).parent / "metrics" / TABLE
    np.savez(path, mean=model.mean.astype(np.float32), covariance=model.covariance.astype(np.float32))
    print(path)


if __name__ == "__main__":
    main()
