"""Streams for the tests: made by x264, decoded by FFmpeg for comparison, and changed bit by bit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from callcodec.h264.bitstream import stop_bit_position
from callcodec.h264.nal import NalType, NalUnit, parse_nal_unit, split_annex_b
from callcodec.h264.parameter_sets import PictureParameters, SequenceParameters, parse_pps, parse_sps
from callcodec.h264.slice_header import SLICE_P, SliceHeader, parse_slice_header

Image = NDArray[np.uint8]


def moving_scene(count: int, width: int, height: int, noise: int = 4, seed: int = 0) -> list[Image]:
    """``count`` RGB pictures with smooth texture, global motion, one patch that moves alone, and noise."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    frames = []
    for index in range(count):
        x, y = columns + 1.7 * index, rows + 2.5 * np.sin(0.4 * index)
        waves = [np.sin(x / 7 + y / 19), np.cos(x / 13 - y / 5), np.sin((x + y) / 9) * np.cos(x / 31)]
        image = 128 + 90 * np.stack(waves, axis=2)
        patch = image[height // 3 : height // 3 + 24, (5 * index) % width :][:, :24]
        patch[...] = 255 - patch[::-1]
        image += generator.integers(-noise, noise + 1, image.shape)
        frames.append(np.clip(image, 0, 255).astype(np.uint8))
    return frames


def pure_noise(count: int, width: int, height: int) -> list[Image]:
    """What no encoder can predict."""
    generator = np.random.default_rng(1)
    return [generator.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def x264(frames: list[Image], parameters: str = "", kbps: int | None = None, **options: str) -> bytes:
    """A Constrained Baseline stream (or what ``options`` ask for) with x264's own ``parameters``."""
    height, width = frames[0].shape[:2]
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25, 1)
    context.options = {"profile": "baseline", "x264-params": f"log=-1:threads=1:{parameters}", **options}
    if kbps is not None:
        context.bit_rate = kbps * 1000
    packets = []
    for index, image in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts = index
        packets += context.encode(frame)
    packets += context.encode(None)
    return b"".join(bytes(packet) for packet in packets)


def ffmpeg_frames(stream: bytes, **options: str) -> list[av.VideoFrame]:
    """The frames that FFmpeg decodes from an Annex B stream."""
    context: Any = av.CodecContext.create("h264", "r")
    context.thread_count = 1
    context.options = options
    frames: list[av.VideoFrame] = []
    for packet in [*context.parse(stream), *context.parse(b"")]:
        frames += context.decode(packet)
    return [*frames, *context.decode(None)]


def planes_of(frame: av.VideoFrame) -> list[Image]:
    """Y, U, V of a frame without line padding."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]


class BitWriter:
    """Collects bits, most significant first."""

    def __init__(self, bits: str = "") -> None:
        self.bits = bits

    def fixed(self, count: int, value: int) -> None:
        """u(n)."""
        self.bits += format(value, f"0{count}b") if count else ""

    def unsigned(self, *values: int) -> None:
        """ue(v) of each value."""
        for value in values:
            code = format(value + 1, "b")
            self.bits += "0" * (len(code) - 1) + code

    def signed(self, *values: int) -> None:
        """se(v) of each value."""
        self.unsigned(*(2 * value - 1 if value > 0 else -2 * value for value in values))

    def align(self) -> None:
        """Zero bits up to the next byte."""
        self.bits += "0" * (-len(self.bits) % 8)

    def payload(self) -> bytes:
        """The raw byte sequence payload, with trailing bits."""
        bits = self.bits + "1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


def nal_unit(reference_idc: int, kind: int, payload: bytes) -> bytes:
    """A NAL unit with start code and emulation prevention."""
    escaped = bytearray()
    zeros = 0
    for byte in payload:
        if zeros == 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes([reference_idc << 5 | kind]) + bytes(escaped)


def write_sps(sps: SequenceParameters) -> bytes:
    """A sequence parameter set; pic_order_cnt_type 1 counts two a picture."""
    writer = BitWriter()
    writer.fixed(24, 66 << 16 | 0xC0 << 8 | 40)
    writer.unsigned(sps.id, sps.frame_num_bits - 4, sps.poc_type)
    if sps.poc_type == 0:
        writer.unsigned(sps.poc_lsb_bits - 4)
    elif sps.poc_type == 1:
        writer.fixed(1, int(sps.delta_poc_always_zero))
        writer.signed(0, 0)
        writer.unsigned(1)
        writer.signed(2)
    writer.unsigned(sps.most_references)
    writer.fixed(1, int(sps.gaps_allowed))
    writer.unsigned(sps.width_macroblocks - 1, sps.height_macroblocks - 1)
    writer.fixed(3, 0b111)
    crop = sps.crop
    right = sps.width_macroblocks * 16 - crop.left - crop.width
    bottom = sps.height_macroblocks * 16 - crop.top - crop.height
    writer.unsigned(crop.left // 2, right // 2, crop.top // 2, bottom // 2)
    writer.fixed(1, 0)
    return nal_unit(3, NalType.SPS, writer.payload())


def write_pps(pps: PictureParameters) -> bytes:
    """A picture parameter set; of slice groups, interleaved, dispersed and box-out ones."""
    writer = BitWriter()
    writer.unsigned(pps.id, pps.sequence_id)
    writer.fixed(2, int(pps.bottom_field_order_present))
    writer.unsigned(0 if pps.groups is None else pps.groups.count - 1)
    if pps.groups is not None:
        writer.unsigned(pps.groups.map_type)
        writer.unsigned(*(run - 1 for run in pps.groups.run_lengths))
        if pps.groups.map_type in (3, 4, 5):
            writer.fixed(1, int(pps.groups.direction))
            writer.unsigned(pps.groups.change_rate - 1)
    writer.unsigned(pps.default_references - 1, 0)
    writer.fixed(3, 0)
    writer.signed(pps.initial_qp - 26, 0, pps.chroma_qp_offset)
    writer.fixed(1, int(pps.deblocking_control))
    writer.fixed(1, int(pps.constrained_intra))
    writer.fixed(1, int(pps.redundant_pictures))
    return nal_unit(3, NalType.PPS, writer.payload())


def write_slice(  # noqa: PLR0912
    header: SliceHeader, sps: SequenceParameters, pps: PictureParameters, slice_data: str
) -> bytes:
    """A slice NAL unit of ``header`` and the bits of its slice data."""
    writer = BitWriter()
    writer.unsigned(header.first_macroblock, header.type, pps.id)
    writer.fixed(sps.frame_num_bits, header.frame_num)
    if header.is_idr:
        writer.unsigned(header.idr_picture_id)
    if sps.poc_type == 0:
        writer.fixed(sps.poc_lsb_bits, header.poc[0])
    if pps.redundant_pictures:
        writer.unsigned(header.redundant_picture_count)
    if header.type == SLICE_P:
        writer.fixed(1, 1)
        writer.unsigned(header.references - 1)
        writer.fixed(1, int(bool(header.modifications)))
        if header.modifications:
            for operation, operand in header.modifications:
                writer.unsigned(operation, operand)
            writer.unsigned(3)
    if header.reference_idc and header.is_idr:
        writer.fixed(2, int(header.long_term_reference))
    elif header.reference_idc:
        writer.fixed(1, int(header.marking is not None))
        for command in header.marking or ():
            writer.unsigned(command.operation)
            operands = {5: 0, 3: 2}.get(command.operation, 1)
            writer.unsigned(*(command.first, command.second)[:operands])
        if header.marking is not None:
            writer.unsigned(0)
    writer.signed(header.qp - pps.initial_qp)
    if pps.deblocking_control:
        writer.unsigned(header.filter_idc)
        if header.filter_idc != 1:
            writer.signed(header.alpha_offset // 2, header.beta_offset // 2)
    if pps.groups is not None and pps.groups.map_type in (3, 4, 5):
        units = -(-sps.macroblocks // pps.groups.change_rate)
        writer.fixed(units.bit_length(), header.group_change_cycle)
    writer.bits += slice_data
    kind = NalType.IDR_SLICE if header.is_idr else NalType.SLICE
    return nal_unit(header.reference_idc, kind, writer.payload())


@dataclass(frozen=True)
class CodedSlice:
    """A slice taken apart: its header and the bits of its macroblocks."""

    header: SliceHeader
    data: str


def take_apart(stream: bytes) -> tuple[SequenceParameters, PictureParameters, list[CodedSlice]]:
    """The parameter sets and slices of a stream with one of each parameter set."""
    units = [parse_nal_unit(unit) for unit in split_annex_b(stream)]
    sps = next(parse_sps(unit.payload) for unit in units if unit.type == NalType.SPS)
    pps = next(parse_pps(unit.payload) for unit in units if unit.type == NalType.PPS)
    slices = [_slice(unit, sps, pps) for unit in units if unit.type in (NalType.SLICE, NalType.IDR_SLICE)]
    return sps, pps, slices


def _slice(unit: NalUnit, sps: SequenceParameters, pps: PictureParameters) -> CodedSlice:
    header = parse_slice_header(unit, sps, pps)
    bits = format(int.from_bytes(unit.payload, "big"), f"0{8 * len(unit.payload)}b")
    return CodedSlice(header, bits[header.data_position : stop_bit_position(unit.payload)])


def rewritten(
    stream: bytes,
    edit: Callable[[int, SliceHeader], SliceHeader],
    edit_sps: Callable[[SequenceParameters], SequenceParameters] = lambda sps: sps,
    edit_pps: Callable[[PictureParameters], PictureParameters] = lambda pps: pps,
) -> bytes:
    """``stream`` with other headers over the same macroblock bits; ``edit`` gets the number of the slice."""
    sps, pps, slices = take_apart(stream)
    sps, pps = edit_sps(sps), edit_pps(pps)
    return b"".join(_joined(sps, pps, slices, edit))


def _joined(
    sps: SequenceParameters,
    pps: PictureParameters,
    slices: list[CodedSlice],
    edit: Callable[[int, SliceHeader], SliceHeader],
) -> Iterator[bytes]:
    yield write_sps(sps)
    yield write_pps(pps)
    for number, coded in enumerate(slices):
        yield write_slice(edit(number, coded.header), sps, pps, coded.data)
