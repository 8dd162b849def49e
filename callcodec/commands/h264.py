"""``callcodec h264``: what a Constrained Baseline H.264 stream says about each of its pictures."""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callcodec.h264.picture import Picture

# A start code and a NAL unit header; MPEG-1 and -2 have start codes too, with the top bit behind them set.
ANNEX_B_BEGINNING = re.compile(rb"\x00{2,}\x01[\x00-\x7f]")
COLUMNS = {
    "slice_header": "header",
    "macroblock_type": "type",
    "prediction": "predict",
    "motion": "motion",
    "coded_block_pattern": "pattern",
    "qp": "qp",
    "luma": "luma",
    "chroma": "chroma",
    "pcm": "pcm",
}


def add_parser(subparsers: Any) -> None:
    """Add ``h264`` to the command line."""
    parser = subparsers.add_parser(
        "h264",
        help="show what an H.264 stream says: motion, partitions, QP, residue",
        description="Reads Constrained Baseline H.264, raw (Annex B) or in any container, and prints one row a "
        "picture: type, slices, QP range, bits by syntax element and coded blocks.",
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a raw .h264 stream, an MP4, an MKV and the like"
    )
    parser.add_argument(
        "--yuv", type=Path, metavar="OUT", help="write the pictures as raw I420, cropped, in decoding order"
    )
    parser.add_argument(
        "--maps", type=Path, metavar="DIR", help="draw motion, partitions, QP and residue as PNG"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT and the pictures in DIR")


def run(arguments: argparse.Namespace) -> int:
    """Read the stream; 0 when every picture was read, damaged ones included."""
    from callcodec.h264.errors import UnsupportedStream
    from callcodec.h264.preparation import prepare, will_compile

    path: Path = arguments.file
    _check_outputs(arguments.yuv, arguments.maps, arguments.overwrite)
    units = access_units(path)
    if will_compile():
        print("compiling the H.264 reader, once; this takes about half a minute", file=sys.stderr)
        prepare()
    count = damaged = 0
    with ExitStack() as stack:
        yuv = None
        if arguments.yuv is not None:
            partial = arguments.yuv.with_name(arguments.yuv.name + ".part")
            stack.callback(partial.unlink, missing_ok=True)
            yuv = stack.enter_context(partial.open("wb"))
        try:
            for picture in _pictures(units):
                if count == 0:
                    print(_heading())
                print(_row(picture))
                count += 1
                damaged += picture.damage is not None
                if yuv is not None:
                    yuv.write(b"".join(plane.tobytes() for plane in picture.frame))
                if arguments.maps is not None:
                    _draw(picture, arguments.maps)
        except UnsupportedStream as error:
            raise UnsupportedStream(f"{path}: {error}") from error
        if count == 0:
            raise ValueError(f"{path} holds no H.264 picture")
        if yuv is not None:
            yuv.close()
            partial.replace(arguments.yuv)
    if damaged:
        print(f"{damaged} of {count} pictures are damaged", file=sys.stderr)
    return 0


def access_units(path: Path) -> Iterator[bytes]:
    """Parts of the stream in Annex B form; ValueError with a sentence where ``path`` is no H.264 video."""
    if path.is_file():
        with path.open("rb") as file:
            if ANNEX_B_BEGINNING.match(file.read(64)):
                return iter([path.read_bytes()])
    return _demuxed(path)


def _demuxed(path: Path) -> Iterator[bytes]:
    """Access units of the video track of a container."""
    import av
    from av.bitstream import BitStreamFilterContext

    from callcodec.media.container import open_container, picture_stream

    try:
        with open_container(path) as container:
            stream = picture_stream(container, path)
            codec = stream.codec_context.name
            if codec != "h264":
                raise ValueError(f"{path} holds {codec} video, not H.264")
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
            for packet in container.demux(stream):
                yield from (bytes(part) for part in to_annex_b.filter(packet))
    except av.FFmpegError as error:
        raise ValueError(f"{path} cannot be read as a video: {error.strerror}") from error


def _pictures(units: Iterator[bytes]) -> "Iterator[Picture]":
    from callcodec.h264.reader import Reader

    reader = Reader()
    for data in units:
        yield from reader.decode(data)
    yield from reader.flush()


def _check_outputs(yuv: Path | None, maps: Path | None, overwrite: bool) -> None:
    """Refuse to replace anything unless told to; make the folder for the maps."""
    if yuv is not None and yuv.exists() and not overwrite:
        raise ValueError(f"{yuv} exists already; --overwrite replaces it")
    if maps is not None:
        if maps.exists() and not maps.is_dir():
            raise ValueError(f"{maps} is a file, not a folder")
        if maps.is_dir() and any(maps.iterdir()) and not overwrite:
            raise ValueError(f"{maps} is not empty; --overwrite replaces pictures in it")
        maps.mkdir(parents=True, exist_ok=True)


def _heading() -> str:
    groups = "".join(f"{name:>9}" for name in COLUMNS.values())
    return f"picture type slices     QP{groups}   blocks    (bits by syntax element, coded 4x4 blocks)"


def _row(picture: "Picture") -> str:
    """One line of the table."""
    from callcodec.h264.picture import BitCounts

    start = f"{picture.number:7d} {('IDR' if picture.is_idr else picture.slice_type):>4} {picture.slices:6d}"
    codec = picture.codec
    if codec is None:
        return f"{start}  damaged: {picture.damage}"
    by_name = dict(zip((field.name for field in fields(BitCounts)), astuple(codec.bits), strict=True))
    groups = "".join(f"{by_name[name]:9d}" for name in COLUMNS)
    blocks = int((codec.nonzero > 0).sum()) + int((codec.nonzero_chroma > 0).sum())
    qp = f"{codec.qp.min()}-{codec.qp.max()}"
    return f"{start} {qp:>6}{groups}{blocks:9d}"


def _draw(picture: "Picture", folder: Path) -> None:
    """Write the maps of one picture; a damaged one has none."""
    import cv2

    from callcodec.h264.maps import MAPS

    if picture.codec is None:
        return
    for name, draw in MAPS.items():
        target = folder / f"{picture.number:06d}_{name}.png"
        if not cv2.imwrite(str(target), draw(picture.codec)[..., ::-1].copy()):
            raise OSError(f"{target} cannot be written")
