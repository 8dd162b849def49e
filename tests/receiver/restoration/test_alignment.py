"""The square of a face: found by landmarks, still while the face moves a little, copied where it can be."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.face.detect import Face
from models.restoration.restorer import CodecMaps, QuantisedBlocks
from receiver.restoration.alignment import Alignment, aligned, transformed
from receiver.restoration.blending import blend, open_sides, soft_mask
from receiver.restoration.framing import Framing, Pose, pose_of_face, pose_of_landmarks
from receiver.restoration.maps import aligned_maps, borders, partition_names
from receiver.restoration.pictures import Region
from tests.faces import frontal_shape
from tests.h264.streams import moving_scene
from tests.receiver.restoration.streams import access_units, decoded, planes_of

TURNED = Alignment(300.0, 150.0, 200.0, math.radians(15))


def smooth_scene(width: int = 640, height: int = 360) -> NDArray[np.uint8]:
    scene = np.zeros((height, width, 3), np.uint8)
    scene[...] = moving_scene(1, width, height, noise=0)[0]
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 3), np.uint8)


@pytest.mark.parametrize("roll", [-40.0, 0.0, 25.0])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.2])
def test_landmarks_say_place_size_and_turn(roll: float, scale: float) -> None:
    upright = pose_of_landmarks(frontal_shape()[:68])
    placed = Alignment(400.0, 310.0, 256.0 * scale, math.radians(roll))
    pose = pose_of_landmarks(placed.into_picture(frontal_shape()[:68]))
    centre = placed.into_picture(np.array([upright.x, upright.y]))
    assert (pose.x, pose.y) == pytest.approx(tuple(centre), abs=1e-3)
    assert pose.side == pytest.approx(upright.side * scale, rel=1e-4)
    assert pose.roll == pytest.approx(math.radians(roll) + upright.roll, abs=1e-4)


def test_a_face_of_the_training_clips_has_their_square() -> None:
    pose = pose_of_landmarks(frontal_shape()[:68])
    assert pose.side == pytest.approx(256, rel=0.15)
    assert (pose.x, pose.y) == pytest.approx((128, 128), abs=16)


def test_the_square_of_a_large_upright_face_is_copied_from_the_grid() -> None:
    planes = planes_of(smooth_scene())
    alignment = Framing(Pose(301.7, 163.2, 271.0, math.radians(4)), 640, 360).alignment
    assert alignment.corner == (172, 36)
    square = aligned(planes, alignment)
    assert np.array_equal(square.y, planes.y[36:292, 172:428])
    assert np.array_equal(square.u, planes.u[18:146, 86:214])


@pytest.mark.parametrize("pose", [Pose(300, 180, 120, 0), Pose(300, 180, 256, 0.5), Pose(300, 180, 350, 0)])
def test_another_size_or_turn_is_resampled(pose: Pose) -> None:
    assert Framing(pose, 640, 360).alignment.corner is None


def test_a_square_reaches_over_no_edge() -> None:
    for pose in (Pose(20, 30, 256, 0), Pose(630, 350, 120, 0), Pose(0, 0, 900, 0)):
        alignment = Framing(pose, 640, 360).alignment
        half = alignment.side / 2
        assert half <= alignment.centre_x <= 640 - half
        assert half <= alignment.centre_y <= 360 - half


def test_a_square_picture_full_of_a_face_is_taken_whole() -> None:
    assert Framing(Pose(250, 260, 450, 0), 512, 512).alignment == Alignment(256, 256, 512)


def test_a_face_that_nods_does_not_move_its_square() -> None:
    framing = Framing(Pose(300, 180, 150, 0), 640, 360)
    before = framing.alignment
    for step in range(60):
        framing.see(
            Pose(300 + 6 * math.sin(step), 180 + 8 * math.sin(step / 2), 150, 0.05 * math.sin(step / 3))
        )
    assert framing.alignment == before


def test_a_face_that_walks_away_is_followed_smoothly() -> None:
    framing = Framing(Pose(200, 180, 150, 0), 640, 360)
    faces = [200 + min(2 * step, 200) for step in range(150)]
    places = []
    for face in faces:
        framing.see(Pose(face, 180, 150, 0))
        places.append(framing.alignment.centre_x)
    steps = np.diff(places)
    assert steps.min() >= 0
    assert steps.max() <= 3
    assert np.abs(np.subtract(places, faces)).max() < 0.3 * 150
    assert places[-1] == pytest.approx(400, abs=0.11 * 150)


def test_first_squares_lie_as_crops_do() -> None:
    assert pose_of_face(Face(100, 100, 100)) == Pose(150, 153, 180, 0)


def test_resampling_follows_the_matrix() -> None:
    planes = planes_of(smooth_scene())
    square = aligned(planes, TURNED)
    points = np.array([(40.5, 60.5), (128.5, 128.5), (200.5, 90.5)])
    for (x, y), (source_x, source_y) in zip(points, TURNED.into_picture(points), strict=True):
        expected = cv2.getRectSubPix(planes.y, (1, 1), (source_x - 0.5, source_y - 0.5))[0, 0]
        assert abs(int(square.y[int(y), int(x)]) - int(expected)) <= 3


def test_there_and_back_is_where_it_was() -> None:
    points = np.random.default_rng(0).uniform(0, 256, (20, 2))
    np.testing.assert_allclose(TURNED.into_square(TURNED.into_picture(points)), points, atol=1e-9)
    np.testing.assert_allclose(
        transformed(TURNED.matrix(64), points / 4), TURNED.into_picture(points), atol=1e-9
    )


def test_nothing_outside_the_square_changes_and_what_is_inside_has_no_seam() -> None:
    planes = planes_of(smooth_scene())
    square = aligned(planes, TURNED)
    brighter = type(square)(np.clip(square.y.astype(int) + 15, 0, 255).astype(np.uint8), square.u, square.v)
    out = blend(planes, TURNED, square, brighter, 1.0)
    rows, columns = np.indices(planes.y.shape)
    in_square = TURNED.into_square(np.stack((columns + 0.5, rows + 0.5), -1))
    outside = ((in_square < -2) | (in_square > 258)).any(-1)
    assert np.array_equal(out.y[outside], planes.y[outside])
    assert np.array_equal(out.u, planes.u)
    change = out.y.astype(int) - planes.y
    well_inside = ((in_square > 40) & (in_square < 216)).all(-1)
    assert np.median(change[well_inside]) == 15
    assert max(np.abs(np.diff(change, axis=0)).max(), np.abs(np.diff(change, axis=1)).max()) <= 3


def test_a_restorer_that_changes_nothing_leaves_every_sample() -> None:
    planes = planes_of(smooth_scene())
    for alignment in (TURNED, Alignment(300, 180, 300), Alignment(300, 164, 256)):
        square = aligned(planes, alignment)
        out = blend(planes, alignment, square, square, 1.0)
        assert all(np.array_equal(a, b) for a, b in zip(out, planes, strict=True))


def test_a_whole_picture_takes_every_sample_of_the_restored_one() -> None:
    planes = planes_of(smooth_scene(256, 256))
    whole = Alignment(128, 128, 256)
    square = aligned(planes, whole)
    other = type(square)(255 - square.y, 255 - square.u, 255 - square.v)
    out = blend(planes, whole, square, other, 1.0)
    assert np.array_equal(out.y, other.y)
    assert np.array_equal(out.v, other.v)
    assert np.array_equal(blend(planes, whole, square, other, 0.0).y, planes.y)


def test_the_mask_fades_only_where_there_is_picture_beyond() -> None:
    assert open_sides(Alignment(128, 180, 256), 640, 360) == (False, True, True, True)
    assert open_sides(Alignment(128, 128, 256), 256, 256) == (False, False, False, False)
    mask = soft_mask((False, True, True, True))
    assert mask[128, 0] == 1
    assert mask[0, 128] == 0 == mask[-1, 128] == mask[128, -1]


def test_partitions_survive_their_names() -> None:
    edges = np.zeros((2, 8, 8), bool)
    edges[0, :, ::4] = edges[1, ::4] = True
    edges[0, 0:4, 2] = True
    edges[1, 6, 4:8] = True
    assert np.array_equal(borders(partition_names(edges)), edges)


class Known:
    """Maps of a whole picture."""

    def __init__(self, maps: CodecMaps) -> None:
        self.maps = maps

    def around(self, region: Region) -> tuple[CodecMaps, Region]:  # noqa: ARG002
        height, width = self.maps.prediction.shape
        return self.maps, Region(0, 0, width, height)


def flat_maps(height: int, width: int, motion: tuple[float, float]) -> CodecMaps:
    h, w = height // 4, width // 4
    columns = np.broadcast_to(np.arange(width) % 256, (height, width))
    quantised = QuantisedBlocks(
        np.zeros((h, w, 4, 4), np.float32), np.ones((h, w, 4, 4), np.float32), np.zeros((h, w), bool)
    )
    return CodecMaps(
        prediction=columns.astype(np.uint8),
        residue=np.zeros((height, width), np.int16),
        motion=np.full((h, w, 2), motion, np.float32),
        intra=np.zeros((h, w), bool),
        qp=np.broadcast_to(np.arange(w, dtype=np.float32), (h, w)),
        edges=np.zeros((2, h, w), bool),
        coded=np.zeros((h, w), bool),
        quantised=quantised,
    )


def test_on_the_grid_the_maps_are_the_streams_own() -> None:
    picture = decoded(access_units(moving_scene(2, 320, 288)))[1]
    assert picture.knowledge is not None
    alignment = Alignment(172, 140, 256)
    maps = aligned_maps(picture.knowledge, alignment, alignment)
    square = aligned(picture.planes, alignment)
    assert maps.prediction.shape == (256, 256)
    assert maps.quantised is not None
    before_deblocking = np.clip(maps.prediction + maps.residue, 0, 255)
    assert np.abs(before_deblocking - square.y.astype(int)).mean() < 4


def test_motion_turns_and_grows_with_the_square() -> None:
    maps = aligned_maps(Known(flat_maps(360, 640, (8.0, 0.0))), TURNED, TURNED)
    grows = 256 / 200
    expected = (8 * grows * math.cos(math.radians(15)), -8 * grows * math.sin(math.radians(15)))
    np.testing.assert_allclose(maps.motion, np.broadcast_to(expected, maps.motion.shape), atol=1e-4)
    assert maps.quantised is None


def test_motion_counts_how_the_square_moved() -> None:
    here, before = Alignment(300, 164, 256), Alignment(296, 164, 256)
    maps = aligned_maps(Known(flat_maps(360, 640, (1.0, 2.0))), here, before)
    np.testing.assert_allclose(maps.motion[10, 10], (5.0, 2.0), atol=1e-4)


def test_blocks_and_samples_come_from_the_same_place() -> None:
    maps = aligned_maps(
        Known(flat_maps(200, 256, (0.0, 0.0))), Alignment(100, 90, 128), Alignment(100, 90, 128)
    )
    columns = maps.prediction.reshape(64, 4, 64, 4).mean((1, 3))
    np.testing.assert_allclose(columns, 4 * maps.qp + 1.5, atol=2.1)
