"""Streams written macroblock by macroblock, with what x264 never writes: I_PCM next to anything, slice groups."""

from dataclasses import dataclass, field

import numpy as np

from callcodec.h264.parameter_sets import Crop, PictureParameters, SequenceParameters, SliceGroups
from callcodec.h264.slice_header import SLICE_I, SLICE_P, SliceHeader
from tests.h264.streams import BitWriter, Image

PCM_COUNT = 16
EMPTY_BLOCK = {0: "1", 1: "1", 2: "11", 3: "11", 4: "1111", 5: "1111", 6: "1111", 7: "1111"}
EMPTY_FIXED = "000011"  # coeff_token of no coefficient for nC >= 8


def sequence(width: int, height: int) -> SequenceParameters:
    """A plain sequence parameter set of ``width`` × ``height`` macroblocks."""
    return SequenceParameters(
        id=0,
        profile_idc=66,
        frame_num_bits=8,
        poc_type=2,
        most_references=1,
        width_macroblocks=width,
        height_macroblocks=height,
        crop=Crop(0, 0, 16 * width, 16 * height),
    )


def picture_parameters(
    groups: SliceGroups | None = None, constrained_intra: bool = False, chroma_qp_offset: int = 0
) -> PictureParameters:
    """A plain picture parameter set."""
    return PictureParameters(
        0, 0, False, groups, 1, 26, chroma_qp_offset, True, constrained_intra, False, None
    )


def slice_header(number: int, first_macroblock: int = 0, **changes: int) -> SliceHeader:
    """The header of a slice of picture ``number``: I and IDR for picture 0, P later."""
    return SliceHeader(
        first_macroblock=first_macroblock,
        type=SLICE_P if number else SLICE_I,
        picture_parameters_id=0,
        frame_num=number,
        is_idr=number == 0,
        reference_idc=1,
        idr_picture_id=0,
        poc=(0, 0, 0, 0),
        redundant_picture_count=0,
        references=1,
        modifications=(),
        no_output_of_prior=False,
        long_term_reference=False,
        marking=None,
        qp=changes.get("qp", 30),
        filter_idc=changes.get("filter_idc", 0),
        alpha_offset=changes.get("alpha_offset", 0),
        beta_offset=changes.get("beta_offset", 0),
        group_change_cycle=changes.get("group_change_cycle", 0),
        data_position=0,
    )


def write_pcm(writer: BitWriter, samples: bytes, is_p: bool) -> None:
    """An I_PCM macroblock: 256 luma, 64 Cb and 64 Cr samples. The alignment counts from the NAL unit's beginning."""
    writer.unsigned(25 + (5 if is_p else 0))
    writer.align()
    for sample in samples:
        writer.fixed(8, sample)


def pcm_samples(planes: tuple[Image, Image, Image], column: int, row: int) -> bytes:
    """The samples of one macroblock."""
    y, u, v = planes
    luma = y[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
    chroma = (plane[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] for plane in (u, v))
    return luma.tobytes() + b"".join(plane.tobytes() for plane in chroma)


@dataclass
class RandomMacroblocks:
    """Random macroblocks of one slice over a picture ``width`` macroblocks wide."""

    writer: BitWriter
    generator: np.random.Generator
    width: int
    is_p: bool
    counts: dict[int, int] = field(default_factory=dict)
    skipped: int = 0
    qp_change: int = 0

    def add(self, address: int) -> None:
        """One macroblock of a random kind."""
        kind = self.generator.integers(0, 4 if self.is_p else 2)
        if kind == 3:
            self.skipped += 1
            self.counts[address] = 0
            return
        if self.is_p:
            self.writer.unsigned(self.skipped)
            self.skipped = 0
        if kind == 0:
            write_pcm(self.writer, self.generator.integers(0, 256, 384, dtype=np.uint8).tobytes(), self.is_p)
            self.counts[address] = PCM_COUNT
        elif kind == 1:
            self._intra_16x16(address)
        else:
            self._inter_16x16(address)

    def end(self) -> None:
        """The skipped macroblocks at the end of the slice."""
        if self.skipped:
            self.writer.unsigned(self.skipped)

    def _intra_16x16(self, address: int) -> None:
        """DC prediction, no coefficients, another QP."""
        self.writer.unsigned(3 + (5 if self.is_p else 0))
        self.writer.unsigned(0)
        delta = int(self.generator.integers(-3, 4))
        self.qp_change += delta
        self.writer.signed(delta)
        left = self.counts.get(address - 1) if address % self.width else None
        above = self.counts.get(address - self.width)
        known = [count for count in (left, above) if count is not None]
        context = (sum(known) + 1) // 2 if len(known) == 2 else sum(known)
        self.writer.bits += EMPTY_BLOCK.get(context, EMPTY_FIXED)
        self.counts[address] = 0

    def _inter_16x16(self, address: int) -> None:
        """Random motion, no coefficients."""
        self.writer.unsigned(0)
        self.writer.signed(*(int(step) for step in self.generator.integers(-40, 41, 2)))
        self.writer.unsigned(0)
        self.counts[address] = 0
