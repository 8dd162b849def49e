"""Restores a video file, and measures what that gained where the original is at hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

from callcodec.h264.state import Planes
from callcodec.measure.quality import QualityMeter
from callcodec.media.restored_movie import RestoredMovie
from callcodec.media.video_file import VideoFile
from models.restoration.restorer import Restorer
from receiver.restoration.decoder import H264Decoder
from receiver.restoration.hearing import recorded
from receiver.restoration.pictures import DecodedPicture, RestoredPicture, to_rgb
from receiver.restoration.stream import StreamRestorer

SAME_DB = 100.0
"""What stands for the PSNR of equal pictures, which JSON cannot say."""


@dataclass(frozen=True)
class Quality:
    """Against the original, over RGB: PSNR of the pooled error, mean SSIM."""

    psnr_db: float
    ssim: float


@dataclass(frozen=True)
class RestorationReport:
    """What became of a file."""

    restorer: str
    pictures: int
    with_faces: int
    """pictures in which at least one face was restored"""
    damaged: int
    """pictures that could not be decoded as they were sent"""
    refitted: int
    """pictures that had another size than the first one, to which they were scaled: an MP4 has one size"""
    limitation: str | None
    """why the stream's coefficients could not be read; None where they were, or where there are none"""
    frames_per_second: float
    """of decoding and restoring, without writing the result"""
    before: Quality | None
    after: Quality | None


def restore_file(
    source: VideoFile,
    out: Path,
    restorer: Restorer,
    *,
    emotion: int | None = None,
    causal: bool = False,
    reference: VideoFile | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> RestorationReport:
    """Restore ``source`` into the MP4 ``out``. ``progress`` is told the number of pictures done.

    Raises ValueError, of which ClipError is one, with a sentence about what cannot be read, written or compared.
    """
    pcm = source.voice()
    stream = StreamRestorer(
        restorer, voice=None if pcm is None else recorded(pcm), emotion=emotion, causal=causal
    )
    comparison = None if reference is None else _Comparison(reference)
    decoding = _Decoding(source)
    restored = _Timed(_restored(stream, decoding.pictures()))
    first = next(restored, None)
    if first is None:
        raise ValueError(f"{source.path} holds no picture that can be restored")
    height, width = first.planes.y.shape
    count = with_faces = refitted = 0
    with RestoredMovie(out, source, width, height, _metadata(stream)) as movie:
        for picture in itertools.chain((first,), restored):
            if picture.planes.y.shape != (height, width):
                picture = _fitted(picture, width, height)  # noqa: PLW2901
                refitted += 1
            movie.write(picture.planes, picture.time_s)
            if comparison is not None:
                comparison.add(picture)
            count += 1
            with_faces += picture.faces > 0
            progress(count)
    return RestorationReport(
        restorer=stream.restorer_name,
        pictures=count,
        with_faces=with_faces,
        damaged=decoding.damaged,
        refitted=refitted,
        limitation=decoding.limitation,
        frames_per_second=count / max(restored.seconds, 1e-9),
        before=None if comparison is None else comparison.before,
        after=None if comparison is None else comparison.after,
    )


def _fitted(picture: RestoredPicture, width: int, height: int) -> RestoredPicture:
    """The same picture in another size."""

    def scaled(planes: Planes) -> Planes:
        chroma = (-(-width // 2), -(-height // 2))
        sizes = ((width, height), chroma, chroma)
        return Planes(
            *(
                np.asarray(cv2.resize(plane, size), np.uint8)
                for plane, size in zip(planes, sizes, strict=True)
            )
        )

    return replace(picture, planes=scaled(picture.planes), decoded=scaled(picture.decoded))


def _metadata(stream: StreamRestorer) -> dict[str, str]:
    if stream.restorer_name == "none":
        return {"comment": "decoded by callcodec, not restored"}
    made_by = f"callcodec {version('callcodec')}, {stream.restorer_name}"
    return {"comment": f"restored by {made_by}: faces in this video are computed from a compressed one"}


def _restored(stream: StreamRestorer, pictures: Iterator[DecodedPicture]) -> Iterator[RestoredPicture]:
    for picture in pictures:
        yield from stream.push(picture)
    yield from stream.flush()


class _Timed(Iterator[RestoredPicture]):
    """The same pictures, and how long their making took."""

    def __init__(self, pictures: Iterator[RestoredPicture]) -> None:
        self._pictures = pictures
        self.seconds = 0.0

    def __next__(self) -> RestoredPicture:
        began = perf_counter()
        try:
            return next(self._pictures)
        finally:
            self.seconds += perf_counter() - began


class _Decoding:
    """The pictures of a file, with what its stream knows where it is H.264."""

    def __init__(self, source: VideoFile) -> None:
        self._source = source
        self._decoder = H264Decoder() if source.codec == "h264" else None
        self.damaged = 0

    @property
    def limitation(self) -> str | None:
        """Why the stream could not be read."""
        return None if self._decoder is None else self._decoder.limitation

    def pictures(self) -> Iterator[DecodedPicture]:
        """In the order of display."""
        decoder = self._decoder
        if decoder is None:
            for planes, time_s in self._source.pictures():
                yield DecodedPicture(Planes(*planes), time_s)
            return
        for access_unit, time_s in self._source.access_units():
            yield from self._upright(decoder.decode(access_unit, time_s))
        yield from self._upright(decoder.flush())

    def _upright(self, pictures: list[DecodedPicture]) -> Iterator[DecodedPicture]:
        for picture in pictures:
            self.damaged += picture.damage is not None
            planes = self._source.upright((picture.planes.y, picture.planes.u, picture.planes.v))
            # What the stream knows stands on the grid of the stored picture.
            knowledge = picture.knowledge if planes[0] is picture.planes.y else None
            yield DecodedPicture(Planes(*planes), picture.time_s, knowledge, picture.damage)


class _Comparison:
    """Restored and decoded pictures against those of the original, which are counted from the first one on."""

    def __init__(self, reference: VideoFile) -> None:
        self._reference = reference
        self._originals = reference.pictures()
        self._before, self._after = QualityMeter(), QualityMeter()

    def add(self, picture: RestoredPicture) -> None:
        """The next picture. ValueError where the original has none, or one of another size."""
        original = next(self._originals, None)
        if original is None:
            raise ValueError(
                f"the reference {self._reference.path} has {self._after.pictures} pictures, fewer than the video"
            )
        truth = to_rgb(Planes(*original[0]))
        shown, decoded = to_rgb(picture.planes), to_rgb(picture.decoded)
        if truth.shape != shown.shape:
            raise ValueError(
                f"the reference {self._reference.path} has pictures of {truth.shape[1]}x{truth.shape[0]}, the "
                f"restored ones have {shown.shape[1]}x{shown.shape[0]}"
            )
        self._before.add(decoded, truth)
        self._after.add(shown, truth)

    @property
    def before(self) -> Quality:
        """Of the decoded pictures."""
        return _quality(self._before)

    @property
    def after(self) -> Quality:
        """Of the restored ones."""
        return _quality(self._after)


def _quality(meter: QualityMeter) -> Quality:
    psnr_db = meter.psnr_db
    return Quality(
        SAME_DB if psnr_db is None or math.isinf(psnr_db) else psnr_db,
        1.0 if meter.ssim is None else meter.ssim,
    )
