"""Back projection: exact against loops, only what lies outside of an interval changes."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from models.restoration.back_projection import (
    HALF_STEP,
    BackProjected,
    BackProjection,
    Interval,
    Intervals,
    Quantised,
    back_projected,
    from_blocks,
    inverse_transform,
    quantised_tensors,
    shipped_intervals,
    to_blocks,
    transform,
    write_intervals,
)
from models.restoration.restorer import CodecMaps, FacePicture, FacePlanes, Hearing
from tests.restoration.drawn import stream

ASYMMETRIC = Intervals(Interval(-0.3, 0.6, 0.4), Interval(-0.1, 0.8, 0.7), 1.5)
NORMS = (2.0, math.sqrt(2.5), 2.0, math.sqrt(2.5))
ROWS = ((1, 1, 1, 1), (1, 0.5, -0.5, -1), (1, -1, -1, 1), (0.5, -1, 1, -0.5))


@pytest.fixture(scope="module")
def streamed() -> tuple[list[FacePicture], list[FacePicture]]:
    return stream(4, 40.0)


def maps_of(picture: FacePicture) -> CodecMaps:
    assert picture.codec is not None
    return picture.codec


def basis(frequency: int, position: int) -> float:
    return ROWS[frequency][position] / NORMS[frequency]


def projected_block(
    luma: list[list[float]],
    prediction: list[list[float]],
    coefficients: list[list[float]],
    steps: list[list[float]],
    one: Interval,
    zero: float,
) -> list[list[float]]:
    """One block, sample by sample and coefficient by coefficient."""
    out = [row.copy() for row in luma]
    for v in range(4):
        for h in range(4):
            value = sum(
                (luma[y][x] - prediction[y][x]) * basis(v, y) * basis(h, x)
                for y in range(4)
                for x in range(4)
            )
            c, step = coefficients[v][h], steps[v][h]
            if math.isinf(step):
                continue
            if c == 0:
                low, high = -zero * step, zero * step
            elif c > 0:
                low, high = c + one.low * step, c + one.high * step
            else:
                low, high = c - one.high * step, c - one.low * step
            change = min(max(value, low), high) - value
            for y in range(4):
                for x in range(4):
                    out[y][x] += change * basis(v, y) * basis(h, x)
    return out


def test_it_is_what_loops_over_samples_and_coefficients_give() -> None:
    random = np.random.default_rng(3)
    h, w = 3, 2
    luma, prediction = random.uniform(0, 255, (2, 1, 4 * h, 4 * w))
    step = random.uniform(2, 40, (1, h, w, 4, 4))
    step[0, 0, 0, 0, 0] = np.inf
    levels = random.integers(-2, 3, (1, h, w, 4, 4)) * random.integers(0, 2, (1, h, w, 4, 4))
    coefficients = np.where(np.isinf(step), 7.0, levels * np.where(np.isinf(step), 1.0, step))
    skipped, intra = random.random((2, 1, h, w)) < 0.4
    intra[:, 0], skipped[:, 0] = True, False
    arrays = (coefficients, step, skipped, intra)
    quantised = Quantised(*(torch.from_numpy(array) for array in arrays))
    found = BackProjection(ASYMMETRIC)(torch.from_numpy(luma), torch.from_numpy(prediction), quantised)[0]
    for row in range(h):
        for column in range(w):
            at = (slice(4 * row, 4 * row + 4), slice(4 * column, 4 * column + 4))
            one = ASYMMETRIC.intra if intra[0, row, column] else ASYMMETRIC.inter
            expected = projected_block(
                luma[0][at].tolist(),
                prediction[0][at].tolist(),
                coefficients[0, row, column].tolist(),
                step[0, row, column].tolist(),
                one,
                ASYMMETRIC.skipped if skipped[0, row, column] else one.zero,
            )
            np.testing.assert_allclose(found[at].numpy(), expected, atol=1e-9)


def test_the_transform_is_orthonormal_and_comes_back() -> None:
    blocks = torch.randn(5, 4, 4, dtype=torch.float64)
    there = transform(blocks)
    torch.testing.assert_close(there.square().sum(), blocks.square().sum())
    torch.testing.assert_close(inverse_transform(there), blocks)
    plane = torch.randn(2, 8, 12)
    torch.testing.assert_close(from_blocks(to_blocks(plane)), plane)


def test_what_lies_inside_keeps_its_samples(streamed: tuple[list[FacePicture], list[FacePicture]]) -> None:
    maps = maps_of(streamed[1][2])
    decoded = np.clip(maps.prediction + maps.residue, 0, 255).astype(np.uint8)
    assert np.array_equal(back_projected(decoded, maps, BackProjection(HALF_STEP)), decoded)


def test_what_lies_outside_comes_to_the_border_of_its_interval(
    streamed: tuple[list[FacePicture], list[FacePicture]],
) -> None:
    maps = maps_of(streamed[1][2])
    quantised = quantised_tensors(maps)
    assert quantised is not None
    projection = BackProjection(ASYMMETRIC)
    prediction = torch.from_numpy(maps.prediction.astype(np.float32))[None]
    noisy = prediction + 60 * torch.randn(prediction.shape, generator=torch.Generator().manual_seed(1))
    low, high = projection.bounds(quantised)
    of_result = transform(to_blocks(projection(noisy, prediction, quantised) - prediction))
    assert bool(((of_result >= low - 1e-2) & (of_result <= high + 1e-2)).all())
    clipped = transform(to_blocks(noisy - prediction)).maximum(low).minimum(high)
    torch.testing.assert_close(of_result, clipped, atol=1e-2, rtol=0)


def test_projecting_twice_changes_nothing_more(streamed: tuple[list[FacePicture], list[FacePicture]]) -> None:
    maps = maps_of(streamed[1][3])
    quantised = quantised_tensors(maps)
    assert quantised is not None
    projection = BackProjection(HALF_STEP)
    prediction = torch.from_numpy(maps.prediction.astype(np.float32))[None]
    once = projection(prediction + 30, prediction, quantised)
    torch.testing.assert_close(projection(once, prediction, quantised), once, atol=1e-3, rtol=0)


def test_samples_of_i_pcm_are_taken_as_they_are(
    streamed: tuple[list[FacePicture], list[FacePicture]],
) -> None:
    maps = maps_of(streamed[1][2])
    assert maps.quantised is not None
    step = maps.quantised.step.copy()
    step[:4, :4] = 0.0
    coefficients = maps.quantised.coefficients.copy()
    coefficients[:4, :4] = 0.0
    prediction, residue = maps.prediction.copy(), maps.residue.copy()
    prediction[:16, :16], residue[:16, :16] = 0, 77
    quantised = type(maps.quantised)(coefficients, step, maps.quantised.skipped)
    changed = CodecMaps(
        prediction, residue, maps.motion, maps.intra, maps.qp, maps.edges, maps.coded, quantised
    )
    out = back_projected(np.full((256, 256), 130, np.uint8), changed, BackProjection(HALF_STEP))
    assert (out[:16, :16] == 77).all()


def test_gradients_pass_where_nothing_is_clipped() -> None:
    quantised = Quantised(
        torch.zeros(1, 1, 2, 4, 4),
        torch.tensor([1e6, 1e-6]).reshape(1, 1, 2, 1, 1).expand(1, 1, 2, 4, 4),
        torch.zeros(1, 1, 2, dtype=torch.bool),
        torch.zeros(1, 1, 2, dtype=torch.bool),
    )
    luma = torch.full((1, 4, 8), 9.0, requires_grad=True)
    BackProjection(HALF_STEP)(luma, torch.zeros(1, 4, 8), quantised).sum().backward()
    assert luma.grad is not None
    torch.testing.assert_close(luma.grad[0, :, :4], torch.ones(4, 4))
    torch.testing.assert_close(luma.grad[0, :, 4:], torch.zeros(4, 4), atol=1e-5, rtol=0)


class Darker:
    """A restorer that does harm."""

    name, side, before, after = "darker", 256, 0, 0

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:  # noqa: ARG002
        planes = window[0].planes
        return FacePlanes((planes.y * 0.8).astype(np.uint8), planes.u, planes.v)


def test_a_restorer_that_strays_is_held_near_the_original() -> None:
    original, decoded = (pictures[2] for pictures in stream(3, 600.0))

    def error(planes: FacePlanes) -> float:
        return float(np.mean((planes.y.astype(float) - original.planes.y) ** 2))

    alone = Darker().restore([decoded], Hearing())
    held = BackProjected(Darker(), shipped_intervals()["any"]).restore([decoded], Hearing())
    assert error(held) < 0.5 * error(alone)


def test_without_coefficients_pictures_pass_as_they_are(
    streamed: tuple[list[FacePicture], list[FacePicture]],
) -> None:
    unread = FacePicture(streamed[1][2].planes)
    held = BackProjected(Darker(), HALF_STEP).restore([unread], Hearing())
    assert np.array_equal(held.y, Darker().restore([unread], Hearing()).y)


def test_the_table_has_every_encoder_and_one_that_holds_for_all(tmp_path: Path) -> None:
    table = shipped_intervals()
    assert {"x264", "openh264", "any"} <= set(table)
    for one in table.values():
        assert table["any"].inter.low <= one.inter.low <= 0 <= one.inter.high <= table["any"].inter.high
    write_intervals(tmp_path / "t.json", {"x": ASYMMETRIC}, ["clip"])
    assert json.loads((tmp_path / "t.json").read_text())["intervals"]["x"]["skipped"] == 1.5


@pytest.mark.parametrize("numbers", [(0.5, -0.5, 1.0), (-0.5, 0.5, -1.0)])
def test_an_interval_that_holds_nothing_is_refused(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        Interval(*numbers)
