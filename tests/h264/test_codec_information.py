"""What the reader says beside the picture: prediction and residue, motion, QP, levels, bits."""

import struct
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type

from callcodec.h264.bitstream import stop_bit_position
from callcodec.h264.maps import MAPS
from callcodec.h264.nal import NalType, parse_nal_unit, split_annex_b
from callcodec.h264.picture import CodecInformation, MacroblockType, Picture
from callcodec.h264.reader import read_pictures
from tests.h264.streams import ffmpeg_frames, moving_scene, x264


@pytest.fixture(scope="module")
def stream() -> bytes:
    """All partition sizes, four references, two slices and changing QP."""
    parameters = "crf=26:ref=4:slices=2:partitions=all:me=umh:subme=9:keyint=100:mixed-refs=1"
    return x264(moving_scene(12, 144, 112), parameters)


@pytest.fixture(scope="module")
def pictures(stream: bytes) -> list[Picture]:
    return list(read_pictures(stream))


def codecs(pictures: list[Picture]) -> Iterator[CodecInformation]:
    """Codec information of pictures that must all have it."""
    for picture in pictures:
        assert picture.codec is not None
        yield picture.codec


def test_prediction_and_residue_give_the_picture_before_deblocking(pictures: list[Picture]) -> None:
    for codec in codecs(pictures):
        for p, e, sample in zip(codec.prediction, codec.residue, codec.before_deblocking, strict=True):
            assert np.array_equal(np.clip(p.astype(np.int32) + e, 0, 255), sample)


def test_without_deblocking_that_is_the_decoded_picture() -> None:
    for picture in read_pictures(x264(moving_scene(3, 64, 48), "qp=30:no-deblock=1")):
        assert picture.codec is not None
        assert np.array_equal(picture.codec.before_deblocking.y, picture.frame.y)


def side_data(frame: av.VideoFrame, kind: Type) -> Any:
    """What FFmpeg exports of ``kind``, or None."""
    container: Any = frame.side_data
    return container.get(kind)


def test_motion_is_what_ffmpeg_exports(stream: bytes, pictures: list[Picture]) -> None:
    compared = 0
    for codec, frame in zip(codecs(pictures), ffmpeg_frames(stream, flags2="+export_mvs"), strict=True):
        exported = side_data(frame, Type.MOTION_VECTORS)
        for vector in [] if exported is None else exported.to_ndarray():
            column = (vector["dst_x"] - vector["w"] // 2) // 4
            row = (vector["dst_y"] - vector["h"] // 2) // 4
            assert codec.motion[row, column].tolist() == [vector["motion_x"], vector["motion_y"]]
            assert codec.reference_index[row, column] >= 0
            compared += 1
    assert compared > 200


def test_qp_is_what_ffmpeg_exports(stream: bytes, pictures: list[Picture]) -> None:
    frames = ffmpeg_frames(stream, export_side_data="venc_params")
    for codec, frame in zip(codecs(pictures), frames, strict=True):
        exported = side_data(frame, Type.VIDEO_ENC_PARAMS)
        assert exported is not None
        assert qp_of(bytes(exported), codec.qp.shape).tolist() == codec.qp.tolist()


def qp_of(data: bytes, shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """QP by macroblock from FFmpeg's AVVideoEncParams and AVVideoBlockParams."""
    count, offset, size, _, base = struct.unpack_from("<IxxxxQQii", data)
    found = np.zeros(shape, np.int64)
    for index in range(count):
        x, y, _, _, delta = struct.unpack_from("<iiiii", data, offset + index * size)
        found[y // 16, x // 16] = base + delta
    return found


def test_references_name_earlier_pictures(pictures: list[Picture]) -> None:
    for picture, codec in zip(pictures, codecs(pictures), strict=True):
        inter = codec.reference_index >= 0
        assert (codec.reference_picture[~inter] == -1).all()
        assert (codec.reference_picture[inter] < picture.number).all()
        assert (codec.reference_picture[inter] >= 0).all()
    assert max(codec.reference_index.max() for codec in codecs(pictures)) > 0


def test_nonzero_counts_are_those_of_the_levels(pictures: list[Picture]) -> None:
    for codec in codecs(pictures):
        rows, columns = codec.qp.shape
        counted = (codec.levels[:, :, :16] != 0).sum(axis=(3, 4)).reshape(rows, columns, 4, 4)
        assert np.array_equal(counted.transpose(0, 2, 1, 3).reshape(4 * rows, 4 * columns), codec.nonzero)


def test_coefficients_are_scaled_levels(pictures: list[Picture]) -> None:
    step = np.array([10, 11, 13, 14, 16, 18])  # normAdjust of frequency 0 (clause 8.5.9)
    for codec in codecs(pictures):
        dc_apart = codec.macroblock_type == MacroblockType.I_16X16
        luma, levels = codec.coefficients[:, :, :16, 0, 0], codec.levels[:, :, :16, 0, 0]
        scale = step[codec.qp % 6] << (codec.qp // 6)
        assert np.array_equal(luma[~dc_apart], (levels * scale[..., None])[~dc_apart])


def test_partitions_have_one_motion_vector(pictures: list[Picture]) -> None:
    for codec in codecs(pictures):
        rows, columns = np.indices(codec.partition.shape)
        first_rows, first_columns = (
            rows // 4 * 4 + codec.partition // 4,
            columns // 4 * 4 + codec.partition % 4,
        )
        assert np.array_equal(codec.motion, codec.motion[first_rows, first_columns])
        assert np.array_equal(codec.reference_index, codec.reference_index[first_rows, first_columns])
        whole = np.isin(codec.macroblock_type, [MacroblockType.P_16X16, MacroblockType.P_SKIP])
        assert (codec.partition[whole.repeat(4, 0).repeat(4, 1)] == 0).all()


def test_every_bit_is_counted(stream: bytes, pictures: list[Picture]) -> None:
    counted = sum(sum(vars(codec.bits).values()) for codec in codecs(pictures))
    units = [parse_nal_unit(unit) for unit in split_annex_b(stream)]
    slices = [unit.payload for unit in units if unit.type in (NalType.SLICE, NalType.IDR_SLICE)]
    assert counted == sum(stop_bit_position(payload) for payload in slices)


def test_maps_are_as_large_as_the_picture(pictures: list[Picture]) -> None:
    for draw in MAPS.values():
        for codec in codecs(pictures[:2]):
            assert draw(codec).shape == (112, 144, 3)
            assert draw(codec).dtype == np.uint8


def test_frames_are_read_only(pictures: list[Picture]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        pictures[0].frame.y[0, 0] = 0
