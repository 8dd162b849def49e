"""Consistency, warping and the checks on weights."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models import checkpoint
from models.checkpoint import WeightsError, export_weights, load_compact, shipped_weights
from models.compact import Compact
from models.compact_parts import CompactDimensions
from models.consistency import consistency_error, correct, downsample, upsample
from models.warping import (
    KeyPoints,
    heat_difference,
    identity_grid,
    invert,
    local_motions,
    resize_flow,
    soft_key_points,
    warp,
)


def smooth(size: int = 256) -> torch.Tensor:
    """A gentle picture away from 0 and 1."""
    return 0.5 + 0.2 * upsample(torch.rand(3, 8, 8) - 0.5, size)


def test_downsampling_is_the_mean_of_blocks() -> None:
    picture = torch.rand(3, 256, 256)
    assert torch.allclose(downsample(picture, 8), picture.reshape(3, 8, 32, 8, 32).mean((2, 4)), atol=1e-6)


def test_upsampling_is_torch_bicubic() -> None:
    small = torch.rand(2, 3, 8, 8)
    expected = torch.nn.functional.interpolate(small, size=(64, 64), mode="bicubic", align_corners=False)
    assert torch.allclose(upsample(small, 64), expected, atol=1e-6)


def test_each_correction_brings_a_picture_nearer_to_what_was_received() -> None:
    torch.manual_seed(0)
    picture, received = smooth(), downsample(smooth(), 8)
    errors = [consistency_error(correct(picture, received, 1.0, n), received) for n in range(4)]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < 0.25 * errors[0]


def test_weight_zero_changes_nothing_and_the_result_stays_in_range() -> None:
    picture, received = smooth(), torch.ones(3, 8, 8)
    assert torch.equal(correct(picture, received, 0.0, 2), picture)
    bright = correct(picture, received * 2, 1.0, 2)
    assert float(bright.max()) <= 1.0


def test_correction_works_on_single_pictures_and_batches_alike() -> None:
    pictures, received = torch.stack((smooth(), smooth())), torch.rand(2, 3, 8, 8)
    one = correct(pictures[1], received[1], 0.8, 1)
    assert torch.allclose(correct(pictures, received, 0.8, 1)[1], one, atol=1e-6)


def test_equal_key_points_move_nothing() -> None:
    heat, jacobian = torch.randn(2, 10, 32, 32) * 3, torch.randn(2, 40, 32, 32)
    points = soft_key_points(heat, jacobian)
    motions = local_motions(points, points, 32)
    grid = identity_grid(32, heat)
    assert motions.shape == (2, 11, 32, 32, 2)
    assert torch.allclose(motions, grid.expand_as(motions), atol=1e-5)
    assert not heat_difference(points, points, 32).any()


def test_a_peak_in_a_heat_map_is_found_where_it_is() -> None:
    heat = torch.zeros(1, 1, 32, 32)
    heat[0, 0, 8, 24] = 50.0
    position = soft_key_points(heat, torch.zeros(1, 4, 32, 32)).position
    assert torch.allclose(position[0, 0], identity_grid(32, heat)[8, 24], atol=1e-4)


def test_a_moved_point_fetches_from_where_it_was() -> None:
    still = torch.eye(2).expand(1, 1, 2, 2)
    source, driving = (KeyPoints(torch.tensor([[[x, 0.0]]]), still) for x in (0.0, 0.5))
    motion = local_motions(source, driving, 32)[0, 1]
    assert torch.allclose(
        motion - identity_grid(32, motion), torch.tensor([-0.5, 0.0]).expand(32, 32, 2), atol=1e-6
    )


def test_closed_form_inverse_is_the_inverse() -> None:
    matrix = torch.eye(2) + 0.4 * torch.tanh(torch.randn(50, 2, 2))
    assert torch.allclose(invert(matrix) @ matrix, torch.eye(2).expand(50, 2, 2), atol=1e-4)


def test_warping_by_the_own_grid_changes_nothing_at_any_size_of_flow() -> None:
    picture = torch.rand(1, 3, 64, 64)
    flow = resize_flow(identity_grid(16, picture)[None], 64)
    assert torch.allclose(warp(picture, flow), picture, atol=1e-4)


def test_exported_weights_come_back_with_their_dimensions_and_data(tmp_path: Path) -> None:
    network = Compact(CompactDimensions(key_points=7))
    export_weights(network, tmp_path / "w.safetensors", ["p001_00"])
    loaded = load_compact(tmp_path / "w.safetensors")
    assert loaded.dimensions.key_points == 7
    assert all(
        torch.allclose(a, b, atol=1e-3)
        for a, b in zip(network.parameters(), loaded.parameters(), strict=True)
    )


def test_missing_weights_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights at"):
        load_compact(tmp_path / "none.safetensors")


def test_a_damaged_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        load_compact(tmp_path / "w.safetensors")


def test_weights_of_another_shape_are_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    export_weights(Compact(CompactDimensions()), path, [])
    other = {name: value.half() for name, value in Compact(CompactDimensions(at_8=64)).state_dict().items()}
    metadata = {"network": "compact", "dimensions": json.dumps(CompactDimensions().__dict__), "data": "[]"}
    save_file(other, path, metadata)
    with pytest.raises(WeightsError, match="another shape"):
        load_compact(path)


def test_weights_of_another_network_are_a_clear_error(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "w.safetensors", {"network": "landmarks"})
    with pytest.raises(WeightsError, match="'landmarks', not of 'compact'"):
        load_compact(tmp_path / "w.safetensors")


def test_weights_that_differ_from_their_card_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "weights_folder", lambda: tmp_path)
    with pytest.raises(WeightsError, match="are missing"):
        shipped_weights("compact")
    (tmp_path / "compact.safetensors").write_bytes(b"something else")
    (tmp_path / "compact.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(WeightsError, match="SHA-256 differs"):
        shipped_weights("compact")


def test_the_shipped_weights_fit_their_card_and_stay_small() -> None:
    path = shipped_weights("compact")
    assert path.stat().st_size <= 5_000_000
    assert isinstance(load_compact(path), Compact)
