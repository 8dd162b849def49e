"""Fits mmsd's last convolution by least squares: what gradient steps need hours for, where only minutes are there.

The residual is linear in that layer's weights, so that their best values follow from one linear system. Every picture
counts by the inverse of its bicubic enlargement's squared error: a decibel is one in good and bad pictures.

``python -m models.training.restoration.mmsd_last_layer --data CLIPS --weights FILE --out FILE``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.checkpoint import WeightsError, export_weights
from models.restoration.enlarging import enlarged
from models.restoration.mmsd import NEIGHBOURS, Mmsd
from models.restoration.mmsd_restorer import NETWORK, load_mmsd
from models.training.cache import DataError, open_cache
from models.training.restoration.mmsd_data import MmsdSample, SmallFaces

PLACES = 512  # of a picture that are looked at, half of them in the face's box
CELL = 4  # pixels of the enlarged picture along a side of what one place becomes
RIDGE = 1e-4  # of each weight's own share in the system
FLOOR = 3e-5  # of a squared error in 0..1
CRF = (10, 42)


@torch.no_grad()
def fit_last_layer(network: Mmsd, samples: Iterable[MmsdSample], seed: int = 0) -> None:
    """Set the weights of ``network.leave``, everything else as it is."""
    network.eval()
    unknown = network.leave.in_channels * 9 + 1
    products = torch.zeros(unknown, unknown, dtype=torch.float64)
    moments = torch.zeros(unknown, network.leave.out_channels, dtype=torch.float64)
    random = np.random.default_rng(seed)
    seen: list[Tensor] = []
    hook = network.leave.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].float()))
    for sample in samples:
        shown = sample.pictures / 255.0
        network(shown, sample.voice, sample.emotion)
        residual = sample.target / 255.0 - enlarged(shown[:, NEIGHBOURS])
        for features, wanted, face in zip(seen.pop(), residual, sample.face, strict=True):
            y, x = _places(random, face / CELL, *wanted.shape[-2:])
            rows = _neighbourhoods(features, y, x)
            weight = 1 / (wanted.square().mean() + FLOOR)
            products += (weight * (rows.T @ rows)).double()
            moments += (weight * (rows.T @ wanted[:, y, x].T)).double()
    hook.remove()
    products += torch.diag(RIDGE * products.diagonal() + 1e-9 * products.diagonal().mean())
    solved = torch.linalg.solve(products, moments).T.float()
    network.leave.weight.copy_(solved[:, :-1].reshape(network.leave.weight.shape))
    assert network.leave.bias is not None
    network.leave.bias.copy_(solved[:, -1])


def _places(random: np.random.Generator, face: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Rows and columns, (PLACES,) each."""
    x0, y0, x1, y1 = (int(edge) for edge in face)
    boxes = [(0, height, 0, width), (y0, max(y1, y0 + 1), x0, max(x1, x0 + 1))]
    if x1 <= x0:
        boxes[1] = boxes[0]
    y = np.concatenate([random.integers(top, bottom, PLACES // 2) for top, bottom, _, _ in boxes])
    x = np.concatenate([random.integers(left, right, PLACES // 2) for _, _, left, right in boxes])
    return torch.from_numpy(y), torch.from_numpy(x)


def _neighbourhoods(features: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """(C, h, w) → (places, 9 C + 1): what a 3×3 convolution with a bias multiplies at each place."""
    padded = F.pad(features, (1, 1, 1, 1))
    taps = torch.stack([padded[:, y + dy, x + dx] for dy in range(3) for dx in range(3)], 1)  # (C, 9, places)
    return torch.cat((taps.flatten(0, 1), torch.ones(1, len(y))), 0).T


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and export; 2 for what cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m models.training.restoration.mmsd_last_layer", description=__doc__
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv and train/")
    parser.add_argument("--weights", type=Path, required=True, help="safetensors to begin with")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=200, metavar="N", help="stretches of four pictures")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec")
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    try:
        network = load_mmsd(args.weights)
        dataset = SmallFaces(open_cache(args.data, "train", args.cache), CRF, None, seed=1000)
    except (WeightsError, DataError) as error:
        print(error, file=sys.stderr)
        return 2
    fit_last_layer(network, (dataset[number] for number in range(args.samples)))
    export_weights(network, args.out, [clip.name for clip in dataset.sharp.clips], NETWORK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
