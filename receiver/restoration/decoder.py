"""From access units of H.264 to pictures with what their stream knows: our reader, and FFmpeg where it gives up."""

from __future__ import annotations

from callcodec.h264.errors import UnsupportedStream
from callcodec.h264.nal import NalType, split_annex_b
from callcodec.h264.picture import Picture
from callcodec.h264.preparation import prepare
from callcodec.h264.reader import Reader
from callcodec.h264.state import Planes
from callcodec.media.h264_decoder import FfmpegH264Decoder, FfmpegPicture
from receiver.restoration.ffmpeg_knowledge import PictureSuccession
from receiver.restoration.pictures import DecodedPicture
from receiver.restoration.reader_knowledge import ReaderKnowledge

REMEMBERED_TIMES = 64  # access units whose time is kept: more than a decoder may hold back
NAL_TYPE = 0x1F


class H264Decoder:
    """Decodes one stream, access unit by access unit. No exception leaves it, whatever the bytes are.

    A stream that the reader understands gives its pictures at once, with all that it knows. From damage until the
    next IDR picture they are FFmpeg's, concealed, and nothing is known of them. A stream that the reader refuses
    (``limitation`` says why) gives FFmpeg's pictures in the order of display, with motion vectors and QP, until new
    sequence parameters come.
    """

    def __init__(self) -> None:
        """Loads the reader's machine code, or compiles it, which takes half a minute once for a machine."""
        prepare()
        self._reader: Reader | None = Reader()
        self._fallback = FfmpegH264Decoder()
        self._refused: set[bytes] = set()
        self._times_s: dict[int, float] = {}
        self._next_tag = 0
        self._read_until = (
            -1
        )  # access units whose picture the reader gave: FFmpeg may come later with the same
        self._shown: DecodedPicture | None = None
        self._succession = PictureSuccession()
        self.limitation: str | None = None

    def decode(self, access_unit: bytes, time_s: float) -> list[DecodedPicture]:
        """The pictures that are complete after this access unit (Annex B), mostly one. ``time_s``: its media time."""
        given = self._begin_anew(access_unit) if self._reader is None else []
        tag = self._next_tag
        self._next_tag += 1
        self._times_s[tag] = time_s
        while len(self._times_s) > REMEMBERED_TIMES:
            del self._times_s[next(iter(self._times_s))]
        concealed = self._fallback.decode(access_unit, tag)
        pictures = self._read(access_unit)
        if pictures is None:
            return given + self._from_ffmpeg(concealed)
        return given + self._from_reader(pictures, concealed, tag, time_s)

    def flush(self) -> list[DecodedPicture]:
        """What was held back, at the end of a stream."""
        held_back = self._fallback.flush()
        return self._from_ffmpeg(held_back) if self._reader is None else []

    def _begin_anew(self, access_unit: bytes) -> list[DecodedPicture]:
        """Try to read again where new sequence parameters come; returns what was held back of the stream before."""
        parameters = _sequence_parameters(access_unit)
        if not parameters or parameters <= self._refused:
            return []
        held_back = self._from_ffmpeg(self._fallback.flush())
        self._reader, self._fallback, self.limitation = Reader(), FfmpegH264Decoder(), None
        return held_back

    def _read(self, access_unit: bytes) -> list[Picture] | None:
        """What the reader makes of it; None where it refuses the stream."""
        if self._reader is None:
            return None
        try:
            return list(self._reader.decode_access_unit(access_unit))
        except UnsupportedStream as error:
            self._reader, self.limitation = None, str(error)
            self._refused = _sequence_parameters(access_unit)
            return None

    def _from_reader(
        self, pictures: list[Picture], concealed: list[FfmpegPicture], tag: int, time_s: float
    ) -> list[DecodedPicture]:
        """One picture for each of the reader's, FFmpeg's in place of those that are damaged."""
        guesses = [picture.planes for picture in concealed if picture.tag == tag]
        given = self._from_ffmpeg([one for one in concealed if one.tag != tag or not pictures])
        for picture in pictures:
            if picture.damage is None and picture.codec is not None:
                knowledge = ReaderKnowledge(picture.codec, picture.number)
                given.append(DecodedPicture(picture.frame, time_s, knowledge))
            elif guesses:
                given.append(DecodedPicture(Planes(*guesses[-1]), time_s, None, picture.damage))
            elif self._shown is not None:
                given.append(DecodedPicture(self._shown.planes, time_s, None, picture.damage))
        if given:
            self._shown, self._read_until = given[-1], tag
        return given

    def _from_ffmpeg(self, pictures: list[FfmpegPicture]) -> list[DecodedPicture]:
        """FFmpeg's pictures, but for those that the reader gave already."""
        given = []
        for picture in pictures:
            if picture.tag is not None and picture.tag > self._read_until and picture.tag in self._times_s:
                knowledge = self._succession.knowledge_of(picture)
                given.append(DecodedPicture(Planes(*picture.planes), self._times_s[picture.tag], knowledge))
        return given


def _sequence_parameters(access_unit: bytes) -> set[bytes]:
    """The sequence parameter sets of an access unit, as they stand there."""
    return {unit for unit in split_annex_b(access_unit) if unit and unit[0] & NAL_TYPE == NalType.SPS}
