"""Pictures of what the stream says: motion, partitions, QP and residue, as cropped RGB images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.picture import CodecInformation

Image = NDArray[np.uint8]

FULL_COLOUR_QUARTER_SAMPLES = 64.0  # motion of 16 samples or more has full brightness
LARGEST_QP = 51
# By MacroblockType: Intra warm, Inter cold, skipped grey
TYPE_COLOURS = np.array(
    [
        [230, 80, 60],
        [240, 170, 60],
        [250, 240, 90],
        [60, 120, 230],
        [60, 180, 220],
        [70, 210, 170],
        [110, 220, 90],
        [90, 90, 90],
    ],
    np.float32,
)


def motion_map(codec: CodecInformation) -> Image:
    """Hue is the direction of motion, brightness its length; Intra and still blocks are black."""
    motion = codec.motion.astype(np.float32)
    length = np.hypot(motion[..., 0], motion[..., 1]) / FULL_COLOUR_QUARTER_SAMPLES
    angle = np.arctan2(motion[..., 1], motion[..., 0])
    shifts = np.array([0.0, 2 * np.pi / 3, 4 * np.pi / 3], np.float32)
    hue = 0.5 + 0.5 * np.cos(angle[..., None] - shifts)
    return _cropped(codec, _enlarged(255 * hue * np.minimum(length, 1.0)[..., None], 4))


def partition_map(codec: CodecInformation) -> Image:
    """Macroblock types as colours over the luma, with the borders of macroblocks and partitions."""
    colours = _enlarged(TYPE_COLOURS[codec.macroblock_type], 16).astype(np.float32)
    luma = codec.before_deblocking.y.astype(np.float32)
    image = 0.5 * colours + 0.5 * luma[..., None]
    name = _enlarged(codec.partition, 4).astype(np.int32)
    rows, columns = np.indices(name.shape)
    upper_left = (name == np.roll(name, 1, axis=0), name == np.roll(name, 1, axis=1))
    border = (rows % 16 == 0) | (columns % 16 == 0) | ~upper_left[0] | ~upper_left[1]
    image[border] *= 0.35
    return _cropped(codec, image)


def qp_map(codec: CodecInformation) -> Image:
    """QP of each macroblock: black 0, white 51."""
    grey = codec.qp.astype(np.float32) * (255.0 / LARGEST_QP)
    return _cropped(codec, _enlarged(np.repeat(grey[..., None], 3, axis=2), 16))


def residue_map(codec: CodecInformation) -> Image:
    """Luma residue around mid-grey."""
    grey = codec.residue.y.astype(np.float32) + 128
    return _cropped(codec, np.repeat(grey[..., None], 3, axis=2))


MAPS = {"motion": motion_map, "partition": partition_map, "qp": qp_map, "residue": residue_map}


def _enlarged(blocks: NDArray[Any], size: int) -> NDArray[Any]:
    """Repeat each block value ``size`` × ``size`` times."""
    return blocks.repeat(size, axis=0).repeat(size, axis=1)


def _cropped(codec: CodecInformation, image: NDArray[Any]) -> Image:
    crop = codec.crop
    cut = image[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    clipped: Image = np.clip(cut, 0, 255).astype(np.uint8)
    return clipped
