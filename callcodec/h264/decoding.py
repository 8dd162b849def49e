"""One picture while its slices arrive."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.bits import PADDING
from callcodec.h264.bitstream import stop_bit_position
from callcodec.h264.deblock import deblock_picture
from callcodec.h264.dpb import NO_SLOT
from callcodec.h264.errors import DamagedStream
from callcodec.h264.parameter_sets import PictureParameters, SequenceParameters
from callcodec.h264.picture import BitCounts, CodecInformation
from callcodec.h264.reconstruct import reconstruct_slice
from callcodec.h264.slice_data import parse_slice_data
from callcodec.h264.slice_groups import following_addresses, group_map
from callcodec.h264.slice_header import SLICE_P, SliceHeader
from callcodec.h264.state import (
    BITS_HEADER,
    COEFFICIENT_BLOCKS,
    FAULTS,
    LEVEL_BLOCKS,
    NO_SLICE,
    OK,
    PATTERN,
    QP,
    SLICE,
    TYPE,
    Planes,
    Scratch,
    new_planes,
    new_syntax_state,
)

LONGEST_LIST = 33


class PictureDecoding:
    """Parses and reconstructs the slices of one picture into new arrays."""

    def __init__(
        self, first: SliceHeader, sps: SequenceParameters, pps: PictureParameters, slot: int, scratch: Scratch
    ) -> None:
        self.first = first
        self.slot = slot
        self.slice_types: set[int] = set()
        self.slices = 0
        self._sps, self._pps, self._scratch = sps, pps, scratch
        width, height = sps.width_macroblocks, sps.height_macroblocks
        self._state = new_syntax_state(width, height)
        self._prediction = new_planes(width, height, np.uint8)
        self._residue = new_planes(width, height, np.int16)
        self._before = new_planes(width, height, np.uint8)
        groups = None if pps.groups is None else group_map(pps.groups, sps, first.group_change_cycle)
        self._following = following_addresses(sps.macroblocks, groups)

    def add_slice(
        self, header: SliceHeader, payload: bytes, reference_slots: list[int], references: Planes
    ) -> None:
        """Parse and reconstruct one slice; ``references`` planes are (slots, H, W). DamagedStream if it is broken."""
        end = stop_bit_position(payload)
        if end <= header.data_position:
            raise DamagedStream("a slice has no macroblocks")
        values = self._values(header)
        slots = np.full(LONGEST_LIST, NO_SLOT, np.int8)
        slots[: len(reference_slots)] = reference_slots
        self._state.bits[BITS_HEADER] += header.data_position
        self.slices += 1
        self.slice_types.add(header.type)
        parsed = np.zeros(1, np.int64)
        data = np.frombuffer(payload + bytes(PADDING), np.uint8)
        fault = parse_slice_data(
            data, header.data_position, end, values, slots, self._following, self._state, parsed
        )
        if fault == OK:
            fault = reconstruct_slice(
                values,
                self._following,
                int(parsed[0]),
                self._state,
                references,
                self._prediction,
                self._residue,
                self._before,
                self._scratch,
            )
        if fault != OK:
            raise DamagedStream(FAULTS[fault])

    def _values(self, header: SliceHeader) -> NDArray[np.int64]:
        return np.array(
            [
                header.first_macroblock,
                header.type == SLICE_P,
                self.slices,
                header.qp,
                header.references,
                self._pps.chroma_qp_offset,
                self._pps.constrained_intra,
                self._sps.width_macroblocks,
                self._sps.macroblocks,
                header.filter_idc,
                header.alpha_offset,
                header.beta_offset,
            ],
            np.int64,
        )

    def missing_macroblocks(self) -> int:
        """How many macroblocks no slice has brought."""
        return int(np.count_nonzero(self._state.info[:, SLICE] == NO_SLICE))

    def deblock_into(self, frame: Planes) -> None:
        """Write the decoded picture, uncropped, into ``frame``."""
        for target, source in zip(frame, self._before, strict=True):
            target[...] = source
        deblock_picture(self._state, self._sps.width_macroblocks, self._pps.chroma_qp_offset, frame)

    def codec_information(self, numbers: NDArray[np.int32]) -> CodecInformation:
        """Everything but the decoded picture; ``numbers`` maps slots to picture numbers, its last entry is -1."""
        state = self._state
        size = (self._sps.height_macroblocks, self._sps.width_macroblocks)
        kinds, patterns, qp = (
            state.info[:, column].astype(np.uint8).reshape(size) for column in (TYPE, PATTERN, QP)
        )
        return CodecInformation(
            before_deblocking=self._before,
            prediction=self._prediction,
            residue=self._residue,
            motion=state.motion,
            reference_index=state.reference,
            reference_picture=numbers[state.reference_slot],
            macroblock_type=kinds,
            partition=state.partition,
            coded_block_pattern=patterns,
            nonzero=state.nonzero,
            nonzero_chroma=state.nonzero_chroma,
            qp=qp,
            coefficients=state.coefficients.reshape(*size, COEFFICIENT_BLOCKS, 4, 4),
            levels=state.levels.reshape(*size, LEVEL_BLOCKS, 4, 4),
            bits=BitCounts(*(int(count) for count in state.bits)),
            crop=self._sps.crop,
        )
