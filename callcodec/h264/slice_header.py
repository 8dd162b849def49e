"""Slice headers, with list modification and reference marking (clauses 7.3.3, 7.4.3)."""

from dataclasses import dataclass

from callcodec.h264.bitstream import BitReader
from callcodec.h264.errors import DamagedStream, UnsupportedStream
from callcodec.h264.nal import NalType, NalUnit
from callcodec.h264.parameter_sets import PictureParameters, SequenceParameters

MOST_COMMANDS = 66  # two for each of 33 pictures: more cannot mean anything
SLICE_P, SLICE_I = 0, 2
SLICE_NAMES = {1: "B slices", 3: "SP slices", 4: "SI slices"}


@dataclass(frozen=True)
class MarkingCommand:
    """memory_management_control_operation 1 to 6 with its up to two operands (Table 7-9)."""

    operation: int
    first: int = 0
    second: int = 0


@dataclass(frozen=True)
class SliceHeader:
    """slice_header(); ``data_position`` is the bit at which slice_data() begins in the payload."""

    first_macroblock: int
    type: int
    picture_parameters_id: int
    frame_num: int
    is_idr: bool
    reference_idc: int
    idr_picture_id: int
    poc: tuple[int, int, int, int]
    redundant_picture_count: int
    references: int
    modifications: tuple[tuple[int, int], ...]
    no_output_of_prior: bool
    long_term_reference: bool
    marking: tuple[MarkingCommand, ...] | None
    qp: int
    filter_idc: int
    alpha_offset: int
    beta_offset: int
    group_change_cycle: int
    data_position: int

    def begins_new_picture(self, previous: "SliceHeader") -> bool:
        """Whether this slice belongs to another primary picture than ``previous`` (clause 7.4.1.2.4)."""
        return (
            self.frame_num != previous.frame_num
            or self.picture_parameters_id != previous.picture_parameters_id
            or (self.reference_idc == 0) != (previous.reference_idc == 0)
            or self.is_idr != previous.is_idr
            or self.idr_picture_id != previous.idr_picture_id
            or self.poc != previous.poc
        )


def picture_parameters_id(unit: NalUnit) -> int:
    """Which picture parameter set a slice uses; it must be known before the rest can be read."""
    reader = BitReader(unit.payload)
    reader.unsigned((1 << 32) - 2, "first_mb_in_slice")
    reader.unsigned(9, "slice_type")
    return reader.unsigned(255, "pic_parameter_set_id")


def parse_slice_header(unit: NalUnit, sps: SequenceParameters, pps: PictureParameters) -> SliceHeader:
    """A slice header. DamagedStream for what breaks the syntax, UnsupportedStream for B, SP and SI slices."""
    reader = BitReader(unit.payload)
    first = reader.unsigned(sps.macroblocks - 1, "first_mb_in_slice")
    kind = reader.unsigned(9, "slice_type") % 5
    if kind in SLICE_NAMES:
        raise UnsupportedStream(f"the stream has {SLICE_NAMES[kind]}, and only I and P slices are read")
    reader.unsigned(255, "pic_parameter_set_id")
    frame_num = reader.bits(sps.frame_num_bits)
    is_idr = unit.type == NalType.IDR_SLICE
    if is_idr and kind != SLICE_I:
        raise DamagedStream("an IDR picture has a P slice")
    idr_picture_id = reader.unsigned(65535, "idr_pic_id") if is_idr else -1
    poc = _parse_poc(reader, sps, pps)
    redundant = reader.unsigned(127, "redundant_pic_cnt") if pps.redundant_pictures else 0
    references = 0
    modifications: tuple[tuple[int, int], ...] = ()
    if kind == SLICE_P:
        references = pps.default_references
        if reader.flag():
            references = reader.unsigned(31, "num_ref_idx_l0_active_minus1") + 1
        modifications = _parse_modifications(reader)
    no_output, long_term, marking = False, False, None
    if unit.reference_idc:
        if is_idr:
            no_output, long_term = reader.flag(), reader.flag()
        elif reader.flag():
            marking = _parse_marking(reader)
    qp = pps.initial_qp + reader.signed(-51, 51, "slice_qp_delta")
    if not 0 <= qp <= 51:
        raise DamagedStream(f"the slice's QP is {qp}")
    filter_idc = alpha = beta = 0
    if pps.deblocking_control:
        filter_idc = reader.unsigned(2, "disable_deblocking_filter_idc")
        if filter_idc != 1:
            alpha = 2 * reader.signed(-6, 6, "slice_alpha_c0_offset_div2")
            beta = 2 * reader.signed(-6, 6, "slice_beta_offset_div2")
    cycle = 0
    if pps.groups is not None and pps.groups.map_type in (3, 4, 5):
        # Ceil(Log2(PicSizeInMapUnits / SliceGroupChangeRate + 1)) bits (clause 7.4.3)
        cycle = reader.bits((-(-sps.macroblocks // pps.groups.change_rate)).bit_length())
    return SliceHeader(
        first_macroblock=first,
        type=kind,
        picture_parameters_id=pps.id,
        frame_num=frame_num,
        is_idr=is_idr,
        reference_idc=unit.reference_idc,
        idr_picture_id=idr_picture_id,
        poc=poc,
        redundant_picture_count=redundant,
        references=references,
        modifications=modifications,
        no_output_of_prior=no_output,
        long_term_reference=long_term,
        marking=marking,
        qp=qp,
        filter_idc=filter_idc,
        alpha_offset=alpha,
        beta_offset=beta,
        group_change_cycle=cycle,
        data_position=reader.position,
    )


def _parse_poc(
    reader: BitReader, sps: SequenceParameters, pps: PictureParameters
) -> tuple[int, int, int, int]:
    """pic_order_cnt_lsb, delta_pic_order_cnt_bottom, delta_pic_order_cnt[0] and [1]."""
    limit = 1 << 31
    lsb = bottom = first = second = 0
    if sps.poc_type == 0:
        lsb = reader.bits(sps.poc_lsb_bits)
        if pps.bottom_field_order_present:
            bottom = reader.signed(-limit, limit, "delta_pic_order_cnt_bottom")
    elif sps.poc_type == 1 and not sps.delta_poc_always_zero:
        first = reader.signed(-limit, limit, "delta_pic_order_cnt[0]")
        if pps.bottom_field_order_present:
            second = reader.signed(-limit, limit, "delta_pic_order_cnt[1]")
    return lsb, bottom, first, second


def _parse_modifications(reader: BitReader) -> tuple[tuple[int, int], ...]:
    """ref_pic_list_modification(): pairs of modification_of_pic_nums_idc and its operand (clause 7.3.3.1)."""
    found: list[tuple[int, int]] = []
    if not reader.flag():
        return ()
    while (operation := reader.unsigned(3, "modification_of_pic_nums_idc")) != 3:
        if len(found) == MOST_COMMANDS:
            raise DamagedStream("the reference list is modified without end")
        found.append((operation, reader.unsigned(1 << 17, "picture number of a list modification")))
    return tuple(found)


def _parse_marking(reader: BitReader) -> tuple[MarkingCommand, ...]:
    """Adaptive dec_ref_pic_marking() (clause 7.3.3.3)."""
    found: list[MarkingCommand] = []
    while operation := reader.unsigned(6, "memory_management_control_operation"):
        if len(found) == MOST_COMMANDS:
            raise DamagedStream("reference marking goes on without end")
        first = reader.unsigned(1 << 17, "operand of reference marking") if operation != 5 else 0
        second = reader.unsigned(1 << 17, "operand of reference marking") if operation == 3 else 0
        found.append(MarkingCommand(operation, first, second))
    return tuple(found)
