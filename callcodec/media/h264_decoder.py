"""FFmpeg's H.264 decoder, fed with access units, and what it says beside the pictures: motion vectors and QP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import av
import av.error
import numpy as np
from av.packet import Packet
from av.sidedata.encparams import VideoEncParams
from av.sidedata.motionvectors import MotionVectors
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from callcodec.media.container import MAX_PIXELS

VECTOR = np.dtype(
    [
        ("past", np.bool_),  # whether it points into an earlier picture in the order of display
        ("left", np.int32),
        ("top", np.int32),
        ("width", np.int32),
        ("height", np.int32),
        ("x", np.float32),  # in pixels, from the block to where the other picture has it
        ("y", np.float32),
    ]
)
Plane = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class FfmpegPicture:
    """A decoded picture. ``planes``: 4:2:0, luma (H, W), chroma (⌈H/2⌉, ⌈W/2⌉); ``tag``: of its access unit."""

    planes: tuple[Plane, Plane, Plane]
    tag: int | None
    vectors: NDArray[np.void] | None
    """(n,) of ``VECTOR``, one a block and reference picture; None where the picture has none"""
    qp: NDArray[np.uint8] | None
    """(⌈H/16⌉, ⌈W/16⌉) of macroblocks"""
    bidirectional: bool
    """a B picture, which others are seldom predicted from"""


class FfmpegH264Decoder:
    """Decodes access units in Annex B form. Errors of the stream are concealed by FFmpeg or cost their picture."""

    def __init__(self) -> None:
        self._context = av.CodecContext.create("h264", "r")
        self._context.thread_count = 1  # more would hold back a picture a thread
        self._context.options = {
            "flags2": "+export_mvs",
            "export_side_data": "venc_params",
            "max_pixels": str(MAX_PIXELS),
        }

    def decode(self, access_unit: bytes, tag: int) -> list[FfmpegPicture]:
        """Pictures that are complete now, in the order of display."""
        if not access_unit:
            return []  # it would drain the decoder
        packet = Packet(access_unit)
        packet.pts = packet.dts = tag
        return self._decode(packet)

    def flush(self) -> list[FfmpegPicture]:
        """What it held back."""
        return self._decode(None)

    def _decode(self, packet: Packet[Any] | None) -> list[FfmpegPicture]:
        try:
            return [_described(frame) for frame in self._context.decode(packet)]
        except av.error.FFmpegError:
            return []


def planes_420(frame: VideoFrame) -> tuple[Plane, Plane, Plane]:
    """A frame's planes in 8-bit 4:2:0, copied; its range and its matrix stay as they are."""
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = frame.reformat(format="yuv420p", threads=1)
    y, u, v = (
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(-1, plane.line_size)[: plane.height, : plane.width]
        .copy()
        for plane in frame.planes
    )
    return y, u, v


def _described(frame: VideoFrame) -> FfmpegPicture:
    side_data = cast(Any, frame.side_data)
    vectors = side_data.get(SideDataType.MOTION_VECTORS)
    parameters = side_data.get(SideDataType.VIDEO_ENC_PARAMS)
    return FfmpegPicture(
        planes_420(frame),
        frame.pts,
        _vectors(vectors) if isinstance(vectors, MotionVectors) else None,
        _qp(parameters) if isinstance(parameters, VideoEncParams) else None,
        frame.pict_type == PictureType.B,
    )


def _vectors(side_data: MotionVectors) -> NDArray[np.void]:
    raw = side_data.to_ndarray()
    vectors = np.zeros(len(raw), VECTOR)
    scale = np.maximum(raw["motion_scale"], 1).astype(np.float32)
    vectors["past"] = raw["source"] < 0
    vectors["width"], vectors["height"] = raw["w"], raw["h"]
    # FFmpeg names a block by its middle.
    vectors["left"] = raw["dst_x"].astype(np.int32) - raw["w"] // 2
    vectors["top"] = raw["dst_y"].astype(np.int32) - raw["h"] // 2
    vectors["x"], vectors["y"] = raw["motion_x"] / scale, raw["motion_y"] / scale
    return vectors


def _qp(parameters: VideoEncParams) -> NDArray[np.uint8]:
    return np.asarray(np.clip(parameters.qp_map(), 0, 51), np.uint8)
