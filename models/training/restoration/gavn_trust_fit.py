"""Fits how far gavn's residual is followed: python -m models.training.restoration.gavn_trust_fit --data DIR IN OUT."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from models.checkpoint import export_weights
from models.restoration.gavn import Gavn
from models.restoration.gavn_restorer import load_gavn, packed_planes, scaled
from models.training.cache import ClipCache, open_cache
from models.training.restoration.degradations import Degradation, Pictures
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.mdvd_data import face_pictures

PENALTY = 3e-3  # of squared weights beside the share of the error that is left
CONDITIONS = (
    *(Degradation("compression", crf) for crf in (20, 28, 35, 45)),
    *(Degradation("blur", kernel) for kernel in (15, 21, 25)),
    *(Degradation("low_resolution", factor) for factor in (1.5, 2.0, 2.5, 3.0, 4.0, 8.0)),
)


def fit(network: Gavn, cache: ClipCache, every: int) -> None:
    """Into ``network``: by least squares on every ``every``-th sharp clip under CONDITIONS, errors counted relative to
    the input's."""
    sharp, window = SharpClips(cache), network.dimensions.window
    rows, wanted, weights = [], [], []
    for number in range(0, len(sharp.clips), every):
        clip = sharp.clips[number]
        clean = sharp.pictures(number, max((clip.frames - window) // 2, 0), min(window, clip.frames))
        for degradation in CONDITIONS:
            own, added, missing = _residual(network, clean, degradation(clean))
            rows.append(network.trust.spectrum(own)[0].numpy())
            power = float(added.square().sum())
            wanted.append(float((added * missing).sum()) / max(power, 1e-9))
            weights.append(power / max(float(missing.square().sum()), 1e-9))
    x = np.concatenate((np.stack(rows), np.ones((len(rows), 1))), 1)
    w = np.clip(np.array(weights), 0, 5)[:, None]
    target = np.clip(np.array(wanted), 0, 1)[:, None]
    keep = np.diag([PENALTY * len(x)] * (x.shape[1] - 1) + [0.0])
    solved = np.linalg.solve(x.T @ (w * x) + keep, x.T @ (w * target))[:, 0]
    with torch.no_grad():
        network.trust.share.weight.copy_(torch.from_numpy(solved[None, :-1]))
        network.trust.share.bias.fill_(float(solved[-1]))


def _residual(network: Gavn, clean: Pictures, degraded: Pictures) -> tuple[Tensor, Tensor, Tensor]:
    """(luma in grey levels, what the network adds, what is missing) of the middle picture."""
    middle, window = len(clean) // 2, network.dimensions.window
    places = [min(max(middle + k, 0), len(clean) - 1) for k in range(-(window // 2), window // 2 + 1)]
    packed = [packed_planes(picture.planes) for picture in face_pictures(degraded[places])]
    pictures = scaled(torch.from_numpy(np.stack(packed)))
    own = pictures[window // 2][None]
    with torch.inference_mode():
        features = network.features(pictures)
        each = [type(features)(*level) for level in zip(*(f.chunk(window) for f in features), strict=True)]
        silence = torch.zeros(1, 21, 13)
        temporal, coarse = network.from_neighbours(own, each, [window // 2])
        added = coarse + network.from_within(own, temporal, silence, torch.zeros(1))[1]
    target = scaled(torch.from_numpy(packed_planes(face_pictures(clean[middle][None])[0].planes)))[None]
    luma = torch.from_numpy(np.ascontiguousarray(degraded[middle][None, : clean.shape[2]])).float()
    return luma, added.clone(), target - own


def main() -> None:
    """Write the weights anew, with what was fitted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv and train/")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec")
    parser.add_argument("--every", type=int, default=2, help="fit on every Nth sharp clip")
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with safe_open(arguments.weights, framework="pt") as file:
        clips = json.loads(file.metadata()["data"])
    network = load_gavn(arguments.weights)
    fit(network, open_cache(arguments.data, "train", arguments.cache), arguments.every)
    export_weights(network, arguments.out, clips, "gavn")
    print(network.trust.share.weight.tolist(), float(network.trust.share.bias))


if __name__ == "__main__":
    main()
