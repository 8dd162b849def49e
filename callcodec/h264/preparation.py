"""Machine code before the first picture: Numba compiles once for a machine, then loads what it kept."""

from callcodec.h264.compiled import is_compiled
from callcodec.h264.deblock import deblock_picture
from callcodec.h264.reader import read_pictures
from callcodec.h264.reconstruct import reconstruct_slice
from callcodec.h264.slice_data import parse_slice_data

# Parameter sets and one grey macroblock. Which macroblocks a picture has does not matter: types compile, not branches.
SMALLEST_STREAM = bytes.fromhex("000000016742c02895a7fd0000000168ce3c800000000125b80411c9e0")


def will_compile() -> bool:
    """Whether the first picture must wait until Numba has compiled the decoder, about half a minute."""
    return not all(
        is_compiled(function) for function in (parse_slice_data, reconstruct_slice, deblock_picture)
    )


def prepare() -> None:
    """Compile the decoder, or load it (about half a second), so that a call's first picture need not wait."""
    for _ in read_pictures(SMALLEST_STREAM):
        pass
