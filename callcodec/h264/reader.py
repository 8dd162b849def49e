"""From NAL units to pictures: parameter sets, picture boundaries, references, damage and resynchronisation."""

from collections.abc import Iterable, Iterator

import numpy as np

from callcodec.h264.decoding import PictureDecoding
from callcodec.h264.dpb import ReferencePictures
from callcodec.h264.errors import DamagedStream, UnsupportedStream
from callcodec.h264.nal import NalType, NalUnit, parse_nal_unit, split_annex_b
from callcodec.h264.parameter_sets import (
    Crop,
    PictureParameters,
    SequenceParameters,
    parse_pps,
    parse_sps,
)
from callcodec.h264.picture import Picture
from callcodec.h264.slice_header import (
    SLICE_I,
    SLICE_P,
    SliceHeader,
    parse_slice_header,
    picture_parameters_id,
)
from callcodec.h264.state import Planes, new_scratch

SLICE_TYPES = (NalType.SLICE, NalType.IDR_SLICE)
DATA_PARTITIONS = (NalType.PARTITION_A, NalType.PARTITION_B, NalType.PARTITION_C)
# NAL units that stand only before the first slice of a picture (clause 7.4.1.2.3). SEI and the prefixes of scalable
# streams do too, but encoders put them between slices.
PICTURE_BOUNDARIES = frozenset(
    {NalType.SPS, NalType.PPS, NalType.DELIMITER, NalType.END_OF_SEQUENCE, NalType.END_OF_STREAM}
)
GREY = 128
NEVER_STARTED = "the stream does not begin with an IDR picture"


class Reader:
    """Decodes Constrained Baseline H.264 (and flexible macroblock ordering) picture by picture.

    The only exception that leaves it is UnsupportedStream. After damage, pictures are reported as damaged until the
    next IDR picture.
    """

    def __init__(self) -> None:
        self._sequence_parameters: dict[int, SequenceParameters] = {}
        self._picture_parameters: dict[int, PictureParameters] = {}
        self._active: SequenceParameters | None = None
        self._references = ReferencePictures(1, 4)
        self._stored = Planes(*(np.zeros((1, 1, 1), np.uint8) for _ in range(3)))
        self._slot_numbers = np.full(1, -1, np.int32)
        self._scratch = new_scratch()
        self._previous_frame_num = 0
        self._lost: str | None = NEVER_STARTED
        self._header: SliceHeader | None = None
        self._decoding: PictureDecoding | None = None
        self._fault: str | None = None
        self._number = 0
        self._last_frame: Planes | None = None

    def decode(self, data: bytes) -> Iterator[Picture]:
        """Pictures that whole NAL units of an Annex B stream complete; the last one waits for what follows it."""
        return self.decode_units(split_annex_b(data))

    def decode_access_unit(self, data: bytes) -> Iterator[Picture]:
        """Pictures of one whole access unit in Annex B form: a call's way, without waiting for the next one."""
        yield from self.decode(data)
        yield from self.flush()

    def decode_units(self, units: Iterable[bytes]) -> Iterator[Picture]:
        """Pictures that NAL units, without start codes, complete. UnsupportedStream for another profile's tools."""
        for data in units:
            try:
                unit = parse_nal_unit(data)
                if unit.type in PICTURE_BOUNDARIES:
                    yield from self.flush()
                if unit.type == NalType.SPS:
                    sps = parse_sps(unit.payload)
                    self._sequence_parameters[sps.id] = sps
                elif unit.type == NalType.PPS:
                    pps = parse_pps(unit.payload)
                    self._picture_parameters[pps.id] = pps
                elif unit.type in DATA_PARTITIONS:
                    raise UnsupportedStream(
                        "the stream has data partitions, which belong to the Extended profile"
                    )
                elif unit.type in SLICE_TYPES:
                    yield from self._take_slice(unit)
            except DamagedStream as damage:
                self._fault = self._fault or str(damage)

    def flush(self) -> Iterator[Picture]:
        """The picture whose slices have arrived so far, as the last of its access unit."""
        if self._header is None and self._fault is None:
            return
        header, decoding, fault = self._header, self._decoding, self._fault or self._lost
        self._header = self._decoding = self._fault = None
        if decoding is not None and fault is None and (missing := decoding.missing_macroblocks()):
            fault = f"{missing} of its macroblocks are missing"
        if decoding is not None and fault is None:
            yield self._finish(decoding)
            return
        fault = fault or "it has no slices"
        if self._lost != NEVER_STARTED:
            self._lost = self._lost or f"a picture before it was damaged ({fault})"
        frame = self._last_frame or self._grey()
        if frame is not None:
            yield self._picture(header, frame, None, fault)

    def _take_slice(self, unit: NalUnit) -> Iterator[Picture]:
        pps = self._picture_parameters.get(picture_parameters_id(unit))
        sps = None if pps is None else self._sequence_parameters.get(pps.sequence_id)
        if pps is None or sps is None:
            raise DamagedStream("a slice uses parameter sets that have not come")
        for parameters in (sps, pps):
            if parameters.unsupported:
                raise UnsupportedStream(parameters.unsupported)
        if self._active is not None and unit.type != NalType.IDR_SLICE:
            # A new sequence parameter set takes effect at an IDR picture only (clause 7.4.1.2.1).
            if pps.sequence_id != self._active.id:
                raise DamagedStream("a picture changes the sequence parameters without being an IDR picture")
            sps = self._active
        header = parse_slice_header(unit, sps, pps)
        if header.redundant_picture_count:
            return  # a copy for decoders that lost the primary slice
        if self._header is None or header.begins_new_picture(self._header):
            if self._header is not None or header.first_macroblock == 0:
                yield from self.flush()
            self._begin(header, sps, pps)
        if self._decoding is not None and self._fault is None:
            slots = self._references.reference_list(header) if header.type == SLICE_P else []
            self._decoding.add_slice(header, unit.payload, slots, self._stored)

    def _begin(self, header: SliceHeader, sps: SequenceParameters, pps: PictureParameters) -> None:
        """Start a picture: activate parameters, infer the frames of a gap, choose where to store it."""
        self._header = header
        starts_here = self._active is None and header.type == SLICE_I
        if header.is_idr or starts_here:
            self._activate(sps)
            self._previous_frame_num = header.frame_num
        if self._lost is not None:
            return
        self._fill_gap(header, sps)
        self._decoding = PictureDecoding(header, sps, pps, self._references.free_slot(), self._scratch)

    def _activate(self, sps: SequenceParameters) -> None:
        """Make ``sps`` the active one, with room for its references."""
        self._lost = None
        if sps != self._active:
            slots = max(sps.most_references, 1) + 1
            height, width = 16 * sps.height_macroblocks, 16 * sps.width_macroblocks
            self._stored = Planes(
                np.zeros((slots, height, width), np.uint8),
                np.zeros((slots, height // 2, width // 2), np.uint8),
                np.zeros((slots, height // 2, width // 2), np.uint8),
            )
            self._slot_numbers = np.full(slots + 1, -1, np.int32)
            self._references = ReferencePictures(sps.most_references, sps.frame_num_bits)
            self._active = sps
            self._last_frame = None
        self._references.clear()

    def _fill_gap(self, header: SliceHeader, sps: SequenceParameters) -> None:
        """Frames that frame_num skips: implied where the stream may leave them out, lost otherwise (8.2.5.2)."""
        following = (self._previous_frame_num + 1) % (1 << sps.frame_num_bits)
        if header.is_idr or header.frame_num in (self._previous_frame_num, following):
            return
        if not sps.gaps_allowed:
            raise DamagedStream("pictures before it are missing")
        self._references.fill_gap(self._previous_frame_num, header.frame_num)

    def _finish(self, decoding: PictureDecoding) -> Picture:
        """Deblock and store a complete picture, and mark it for reference."""
        header, slot = decoding.first, decoding.slot
        stored = Planes(self._stored.y[slot], self._stored.u[slot], self._stored.v[slot])
        decoding.deblock_into(stored)
        codec = decoding.codec_information(self._slot_numbers)
        self._slot_numbers[slot] = self._number
        self._last_frame = _cropped(stored, codec.crop)
        if header.reference_idc:
            try:
                restarts = self._references.mark(header, slot)
                self._previous_frame_num = 0 if restarts else header.frame_num
            except DamagedStream as damage:
                self._lost = f"a picture before it was damaged ({damage})"
        names = "".join(
            name for kind, name in ((SLICE_I, "I"), (SLICE_P, "P")) if kind in decoding.slice_types
        )
        picture = Picture(
            number=self._number,
            frame=self._last_frame,
            slice_type=names,
            slices=decoding.slices,
            is_idr=header.is_idr,
            is_reference=header.reference_idc != 0,
            frame_num=header.frame_num,
            damage=None,
            codec=codec,
        )
        self._number += 1
        return picture

    def _grey(self) -> Planes | None:
        """A grey picture to show before anything was decoded; None while not even its size is known."""
        sps = self._active or next(iter(self._sequence_parameters.values()), None)
        if sps is None or sps.unsupported:
            return None
        height, width = sps.crop.height, sps.crop.width
        grey = np.broadcast_to(np.uint8(GREY), (height, width))
        chroma = np.broadcast_to(np.uint8(GREY), (height // 2, width // 2))
        return Planes(grey, chroma, chroma)

    def _picture(self, header: SliceHeader | None, frame: Planes, codec: None, damage: str) -> Picture:
        """A damaged picture."""
        is_p = header is None or header.type == SLICE_P
        picture = Picture(
            number=self._number,
            frame=frame,
            slice_type="P" if is_p else "I",
            slices=0,
            is_idr=header is not None and header.is_idr,
            is_reference=header is None or header.reference_idc != 0,
            frame_num=0 if header is None else header.frame_num,
            damage=damage,
            codec=codec,
        )
        self._number += 1
        return picture


def read_pictures(data: bytes) -> Iterator[Picture]:
    """Every picture of an Annex B stream, in decoding order. UnsupportedStream for another profile's tools."""
    reader = Reader()
    yield from reader.decode(data)
    yield from reader.flush()


def _cropped(planes: Planes, crop: Crop) -> Planes:
    """A read-only copy of what is shown."""
    left, top = crop.left // 2, crop.top // 2
    width, height = crop.width // 2, crop.height // 2
    cut = Planes(
        planes.y[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width].copy(),
        planes.u[top : top + height, left : left + width].copy(),
        planes.v[top : top + height, left : left + width].copy(),
    )
    for plane in cut:
        plane.flags.writeable = False
    return cut
