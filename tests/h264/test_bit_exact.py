"""Decoded pictures are FFmpeg's, sample by sample."""

from dataclasses import replace

import pytest

from tests.h264.comparison import assert_same_as_ffmpeg
from tests.h264.streams import moving_scene, pure_noise, rewritten, x264


@pytest.mark.parametrize("kbps", [40, 60, 100, 200, 400])
def test_call_bitrates(kbps: int) -> None:
    assert_same_as_ffmpeg(x264(moving_scene(10, 256, 256), kbps=kbps, tune="zerolatency"))


@pytest.mark.parametrize("qp", [1, 4, 9, 16, 23, 30, 37, 44, 51])
def test_every_strength_of_quantisation(qp: int) -> None:
    assert_same_as_ffmpeg(x264(moving_scene(4, 112, 96), f"qp={qp}"))


@pytest.mark.parametrize("qp", [1, 12, 30])
def test_noise(qp: int) -> None:
    assert_same_as_ffmpeg(x264(pure_noise(4, 64, 64), f"qp={qp}"))


@pytest.mark.parametrize(
    "parameters",
    [
        "no-deblock=1",
        "deblock=6,6",
        "deblock=-6,-6",
        "deblock=3,-2",
        "chroma-qp-offset=-12",
        "chroma-qp-offset=12",
        "constrained-intra=1",
        "intra-refresh=1:keyint=6",
        "keyint=1",
        "partitions=all:me=umh:subme=9",
        "slices=2",
        "slices=3",
        "slices=4:ref=2",
        "slice-max-size=200",
        "ref=2",
        "ref=8:mixed-refs=1",
        "weightp=0:aq-mode=2",
    ],
)
def test_tools_of_the_encoder(parameters: str) -> None:
    assert_same_as_ffmpeg(x264(moving_scene(10, 128, 112), f"qp=28:keyint=50:{parameters}"))


@pytest.mark.parametrize(
    ("width", "height"), [(16, 16), (18, 34), (50, 30), (250, 130), (16, 200), (326, 182)]
)
def test_odd_sizes_are_cropped(width: int, height: int) -> None:
    pictures = assert_same_as_ffmpeg(x264(moving_scene(4, width, height), "qp=30"))
    assert pictures[0].frame.y.shape == (height, width)


@pytest.mark.parametrize("poc_type", [0, 1, 2])
def test_every_way_to_count_output_order(poc_type: int) -> None:
    stream = rewritten(
        x264(moving_scene(6, 64, 64), "qp=30:keyint=50"),
        lambda number, header: replace(header, poc=(2 * number, 0, 0, 0)),
        lambda sps: replace(sps, poc_type=poc_type, poc_lsb_bits=8, delta_poc_always_zero=True),
    )
    assert_same_as_ffmpeg(stream)


@pytest.mark.parametrize("idc", [0, 1, 2])
def test_deblocking_of_slice_borders(idc: int) -> None:
    stream = rewritten(
        x264(moving_scene(5, 96, 96), "qp=34:slices=3:keyint=50"),
        lambda number, header: replace(
            header,
            filter_idc=idc if number % 2 else 2,
            alpha_offset=2 * (number % 5) - 4,
            beta_offset=4 - 2 * (number % 4),
        ),
    )
    assert_same_as_ffmpeg(stream)
