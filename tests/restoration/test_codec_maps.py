"""The maps are what the stream says, on the grid of the picture's blocks."""

from dataclasses import replace

import numpy as np
import pytest

from callcodec.h264.reader import read_pictures
from callcodec.media.compression import encode_i420
from models.restoration.codec_maps import COEFFICIENT_SCALE, NORMS, codec_maps
from models.restoration.restorer import CodecMaps, FacePicture
from models.restoration.tensors import codec_tensors, neighbour_motion
from tests.restoration.drawn import drawn_face, i420, stream


@pytest.fixture(scope="module")
def decoded() -> list[FacePicture]:
    return stream(6, 60.0)[1]


def maps_of(picture: FacePicture) -> CodecMaps:
    assert picture.codec is not None
    return picture.codec


def test_coefficients_in_the_orthonormal_scale_are_the_residue(decoded: list[FacePicture]) -> None:
    basis = np.array([[1, 1, 1, 1], [1, 0.5, -0.5, -1], [1, -1, -1, 1], [0.5, -1, 1, -0.5]]) / NORMS[:, None]
    np.testing.assert_allclose(basis @ basis.T, np.eye(4), atol=1e-12)
    for maps in map(maps_of, decoded):
        assert maps.quantised is not None
        residue = np.einsum("hwij,ik,jl->hwkl", maps.quantised.coefficients, basis, basis)
        residue = residue.transpose(0, 2, 1, 3).reshape(256, 256)
        assert np.abs(residue - maps.residue).max() <= 0.5 + 1e-4  # the standard rounds it


def test_coefficients_are_whole_steps(decoded: list[FacePicture]) -> None:
    quantised = maps_of(decoded[3]).quantised
    assert quantised is not None
    known = np.isfinite(quantised.step)
    levels = quantised.coefficients[known] / quantised.step[known]
    assert np.abs(levels).max() >= 1
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)


def test_the_step_doubles_every_six_qp() -> None:
    quantised = [maps_of(picture).quantised for picture in stream(2, 400.0)[1] + stream(2, 20.0)[1]]
    qps = [maps_of(picture).qp for picture in stream(2, 400.0)[1] + stream(2, 20.0)[1]]
    for blocks, qp in zip(quantised, qps, strict=True):
        assert blocks is not None
        # 0.625 at QP 0 in an orthonormal transform, doubling every six (clause 8.5.9)
        step, wanted = blocks.step[..., 1, 1], 0.625 * 2 ** (qp / 6)
        np.testing.assert_allclose(step, wanted, rtol=0.15)
    assert COEFFICIENT_SCALE[0, 0] == pytest.approx(1 / 16)


def test_prediction_and_residue_are_the_picture_before_deblocking() -> None:
    packets = encode_i420(i420([drawn_face(k) for k in range(3)]), kbps=60)
    for picture in read_pictures(b"".join(packets)):
        assert picture.codec is not None
        maps = codec_maps(picture.codec, picture.number)
        shown = np.clip(maps.prediction + maps.residue, 0, 255)
        np.testing.assert_array_equal(shown, picture.codec.before_deblocking.y)


def test_motion_points_into_the_previous_picture(decoded: list[FacePicture]) -> None:
    maps = maps_of(decoded[4])
    middle = maps.motion[24:40, 24:40]
    assert np.median(middle[..., 0]) == pytest.approx(-2.0, abs=0.5)  # the face went to the right by 2 pixels
    assert np.median(middle[..., 1]) == pytest.approx(0.0, abs=0.25)


def test_an_older_reference_counts_for_its_distance() -> None:
    picture = list(read_pictures(b"".join(encode_i420(i420([drawn_face(k) for k in range(3)]), kbps=60))))[-1]
    assert picture.codec is not None
    near = codec_maps(picture.codec, picture.number)
    far = codec_maps(
        replace(picture.codec, reference_picture=picture.codec.reference_picture - 1), picture.number
    )
    np.testing.assert_allclose(far.motion * 2, near.motion, atol=1e-6)


def test_an_intra_picture_has_no_motion(decoded: list[FacePicture]) -> None:
    first = maps_of(decoded[0])
    assert first.intra.all()
    assert not first.motion.any()


def test_every_macroblock_begins_a_partition(decoded: list[FacePicture]) -> None:
    for maps in map(maps_of, decoded):
        assert maps.edges[0][:, ::4].all()
        assert maps.edges[1][::4].all()


def test_motion_to_neighbours_adds_up_and_turns_round(decoded: list[FacePicture]) -> None:
    window = decoded[1:6]
    motion = neighbour_motion(window, 2)
    steps = [maps_of(picture).motion.transpose(2, 0, 1) for picture in window]
    np.testing.assert_allclose(motion[1], steps[2])
    np.testing.assert_allclose(motion[0], steps[1] + steps[2])
    np.testing.assert_allclose(motion[2], -steps[3])
    np.testing.assert_allclose(motion[3], -steps[3] - steps[4])


def test_a_picture_that_stands_in_for_another_does_not_move(decoded: list[FacePicture]) -> None:
    causal = [*decoded[1:4], decoded[3], decoded[3]]
    assert not neighbour_motion(causal, 2)[2:].any()


def test_nothing_known_is_zeros() -> None:
    picture, maps = codec_tensors(None)
    assert not picture.any()
    assert not maps.any()
