"""Sequence and picture parameter sets (clauses 7.3.2.1, 7.3.2.2, 7.4.2)."""

from dataclasses import dataclass

from callcodec.h264.bitstream import BitReader, stop_bit_position
from callcodec.h264.errors import DamagedStream

# Level 5.1 allows 36864 macroblocks a picture, none wider or higher than sqrt(8 * 36864) (Table A-1, A.3.1).
MOST_MACROBLOCKS = 36864
LONGEST_SIDE_MACROBLOCKS = 543
MOST_REFERENCES = 16
MOST_SLICE_GROUPS = 8
PROFILE_NAMES = {
    100: "High",
    110: "High 10",
    122: "High 4:2:2",
    244: "High 4:4:4 Predictive",
    44: "CAVLC 4:4:4",
}
HIGH_SYNTAX = frozenset(PROFILE_NAMES) | {83, 86, 118, 128, 138, 139, 134, 135}


@dataclass(frozen=True)
class Crop:
    """What is shown of the coded picture, in luma samples (clause 7.4.2.1.1)."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class SequenceParameters:
    """seq_parameter_set_data(); ``unsupported`` says what in it lies outside Constrained Baseline."""

    id: int
    profile_idc: int
    unsupported: str | None = None
    frame_num_bits: int = 4
    poc_type: int = 0
    poc_lsb_bits: int = 4
    delta_poc_always_zero: bool = False
    most_references: int = 0
    gaps_allowed: bool = False
    width_macroblocks: int = 1
    height_macroblocks: int = 1
    crop: Crop = Crop(0, 0, 16, 16)

    @property
    def macroblocks(self) -> int:
        """PicSizeInMbs."""
        return self.width_macroblocks * self.height_macroblocks


@dataclass(frozen=True)
class SliceGroups:
    """How macroblocks belong to slice groups (flexible macroblock ordering, clause 7.4.2.2)."""

    count: int
    map_type: int
    run_lengths: tuple[int, ...] = ()
    rectangles: tuple[tuple[int, int], ...] = ()
    direction: bool = False
    change_rate: int = 1
    identifiers: tuple[int, ...] = ()


@dataclass(frozen=True)
class PictureParameters:
    """pic_parameter_set_rbsp()."""

    id: int
    sequence_id: int
    bottom_field_order_present: bool
    groups: SliceGroups | None
    default_references: int
    initial_qp: int
    chroma_qp_offset: int
    deblocking_control: bool
    constrained_intra: bool
    redundant_pictures: bool
    unsupported: str | None


def parse_sps(payload: bytes) -> SequenceParameters:
    """A sequence parameter set. DamagedStream where it breaks off or exceeds a limit."""
    reader = BitReader(payload)
    profile_idc = reader.bits(8)
    reader.bits(16)  # constraint flags and level_idc: the tools in use decide, not the label
    identity = reader.unsigned(31, "seq_parameter_set_id")
    if profile_idc in HIGH_SYNTAX:
        name = PROFILE_NAMES.get(profile_idc, f"profile {profile_idc}")
        return SequenceParameters(
            identity, profile_idc, f"the stream is H.264 {name}, and only Constrained Baseline is read"
        )
    frame_num_bits = reader.unsigned(12, "log2_max_frame_num_minus4") + 4
    poc_type = reader.unsigned(2, "pic_order_cnt_type")
    poc_lsb_bits, delta_always_zero = 4, False
    if poc_type == 0:
        poc_lsb_bits = reader.unsigned(12, "log2_max_pic_order_cnt_lsb_minus4") + 4
    elif poc_type == 1:
        delta_always_zero = reader.flag()
        for name in ("offset_for_non_ref_pic", "offset_for_top_to_bottom_field"):
            reader.signed(-(1 << 31), 1 << 31, name)
        for _ in range(reader.unsigned(255, "num_ref_frames_in_pic_order_cnt_cycle")):
            reader.signed(-(1 << 31), 1 << 31, "offset_for_ref_frame")
    most_references = reader.unsigned(MOST_REFERENCES, "max_num_ref_frames")
    gaps_allowed = reader.flag()
    width = reader.unsigned(1 << 16, "pic_width_in_mbs_minus1") + 1
    height = reader.unsigned(1 << 16, "pic_height_in_map_units_minus1") + 1
    if width * height > MOST_MACROBLOCKS or max(width, height) > LONGEST_SIDE_MACROBLOCKS:
        return SequenceParameters(
            identity,
            profile_idc,
            f"the stream's pictures of {width * 16}x{height * 16} are larger than level 5.1 allows",
        )
    if not reader.flag():
        return SequenceParameters(
            identity, profile_idc, "the stream is interlaced, and only progressive pictures are read"
        )
    reader.flag()  # direct_8x8_inference_flag concerns B slices
    crop = _parse_crop(reader, width * 16, height * 16)
    return SequenceParameters(
        id=identity,
        profile_idc=profile_idc,
        frame_num_bits=frame_num_bits,
        poc_type=poc_type,
        poc_lsb_bits=poc_lsb_bits,
        delta_poc_always_zero=delta_always_zero,
        most_references=most_references,
        gaps_allowed=gaps_allowed,
        width_macroblocks=width,
        height_macroblocks=height,
        crop=crop,
    )


def _parse_crop(reader: BitReader, width: int, height: int) -> Crop:
    """frame_cropping: offsets count in pairs of luma samples for 4:2:0 frames."""
    if not reader.flag():
        return Crop(0, 0, width, height)
    left, right, top, bottom = (
        2 * reader.unsigned(1 << 14, f"frame_crop offset {side}") for side in range(4)
    )
    if left + right >= width or top + bottom >= height:
        raise DamagedStream("frame cropping leaves nothing of the picture")
    return Crop(left, top, width - left - right, height - top - bottom)


def parse_pps(payload: bytes) -> PictureParameters:
    """A picture parameter set. DamagedStream where it breaks off or exceeds a limit."""
    reader = BitReader(payload)
    end = stop_bit_position(payload)
    identity = reader.unsigned(255, "pic_parameter_set_id")
    sequence_id = reader.unsigned(31, "seq_parameter_set_id")
    cabac = reader.flag()
    bottom_field_order_present = reader.flag()
    group_count = reader.unsigned(MOST_SLICE_GROUPS - 1, "num_slice_groups_minus1") + 1
    groups = _parse_slice_groups(reader, group_count) if group_count > 1 else None
    default_references = reader.unsigned(31, "num_ref_idx_l0_default_active_minus1") + 1
    reader.unsigned(31, "num_ref_idx_l1_default_active_minus1")
    weighted = reader.flag()
    reader.bits(2)  # weighted_bipred_idc concerns B slices
    initial_qp = 26 + reader.signed(-26, 25, "pic_init_qp_minus26")
    reader.signed(-26, 25, "pic_init_qs_minus26")
    chroma_qp_offset = reader.signed(-12, 12, "chroma_qp_index_offset")
    deblocking_control, constrained_intra, redundant = reader.flag(), reader.flag(), reader.flag()
    unsupported = None
    if cabac:
        unsupported = "the stream is coded with CABAC, and only CAVLC is read"
    elif weighted:
        unsupported = "the stream uses weighted prediction, which Constrained Baseline does not have"
    elif reader.position < end:
        unsupported = (
            "the stream has the picture parameters of a High profile, and only Constrained Baseline is read"
        )
    return PictureParameters(
        identity,
        sequence_id,
        bottom_field_order_present,
        groups,
        default_references,
        initial_qp,
        chroma_qp_offset,
        deblocking_control,
        constrained_intra,
        redundant,
        unsupported,
    )


def _parse_slice_groups(reader: BitReader, count: int) -> SliceGroups:
    map_type = reader.unsigned(6, "slice_group_map_type")
    last = MOST_MACROBLOCKS - 1
    if map_type == 0:
        runs = tuple(reader.unsigned(last, "run_length_minus1") + 1 for _ in range(count))
        return SliceGroups(count, map_type, run_lengths=runs)
    if map_type == 2:
        corners = tuple(
            (reader.unsigned(last, "top_left"), reader.unsigned(last, "bottom_right"))
            for _ in range(count - 1)
        )
        return SliceGroups(count, map_type, rectangles=corners)
    if map_type in (3, 4, 5):
        direction = reader.flag()
        rate = reader.unsigned(last, "slice_group_change_rate_minus1") + 1
        return SliceGroups(count, map_type, direction=direction, change_rate=rate)
    if map_type == 6:
        units = reader.unsigned(last, "pic_size_in_map_units_minus1") + 1
        bits = (count - 1).bit_length()
        return SliceGroups(count, map_type, identifiers=tuple(reader.bits(bits) for _ in range(units)))
    return SliceGroups(count, map_type)
