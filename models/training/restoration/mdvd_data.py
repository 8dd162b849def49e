"""Training samples of mdvd: a call's encoder on the fly, the stream read as the receiver reads it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callcodec.h264.reader import Reader
from callcodec.media.compression import decode_i420, encode_i420
from callcodec.speech.mfcc import mfcc
from models.restoration.codec_maps import codec_maps
from models.restoration.restorer import BLOCKS, VOICE_SHAPE, VOICE_STEPS, FacePicture, FacePlanes
from models.restoration.tensors import codec_tensors, neighbour_motion
from models.training.cache import LANDMARKS, PICTURE, ClipCache
from models.training.data import LEFT_RIGHT, voice_window
from models.training.restoration.i420_store import SharpClips
from models.training.task import RandomSamples

TARGETS = 8  # pictures that are taken from one encoded stretch
CROP = 32  # blocks along the side of a training picture
LOWEST_KBPS, MIDDLE_KBPS, HIGHEST_KBPS = 12.0, 45.0, 160.0
LOW_RATES = 0.75  # share of stretches below the middle: there, small sharp clips decode at 22 to 32 dB
OF_HEVC, UNREAD, CAUSAL, UNHEARD, UNFOUND = 0.15, 0.1, 0.25, 0.15, 0.1  # shares of stretches or pictures


class MdvdSample(NamedTuple):
    """TARGETS parts of pictures of one stretch, or a batch of such."""

    frames: Tensor  # (K, 5, 24, 32, 32) uint8, decoded, packed
    picture: Tensor  # (K, 32, 32, 32) float32: prediction and residue
    maps: Tensor  # (K, 8, 32, 32) float32
    motion: Tensor  # (K, 4, 2, 32, 32) float32, pixels
    voice: Tensor  # (K, 21, 13) float32, NaN where nobody is heard
    landmarks: Tensor  # (K, 68, 2) float32 in pixels, as a detector would have found them; NaN: not found
    true_landmarks: Tensor  # (K, 68, 2) float32, NaN where unknown
    origin: Tensor  # (K, 2) float32: x and y of the part's first block
    target: Tensor  # (K, 24, 32, 32) uint8, before the codec


class DecodedFaces(RandomSamples[MdvdSample]):
    """Endless random stretches of sharp clips, encoded at a random rate."""

    def __init__(self, cache: ClipCache, seed: int) -> None:
        super().__init__(seed)
        self.sharp = SharpClips(cache)
        self.voices = [self.sharp.cache.mel(i) for i in range(len(self.sharp.clips))]
        weights = np.array([min(clip.frames, 500) ** 0.6 for clip in self.sharp.clips])
        self.weights = weights / weights.sum()

    def sample(self, random: np.random.Generator) -> MdvdSample:
        """Draw a clip, a stretch of it, an encoder and a rate; take parts of its decoded pictures."""
        number = int(random.choice(len(self.weights), p=self.weights))
        clip = self.sharp.clips[number]
        count = min(int(random.integers(12, 64)), clip.frames)
        first = int(random.integers(0, clip.frames - count + 1))
        flipped = bool(random.random() < 0.5)
        original = coloured(self.sharp.pictures(number, first, count), flipped, random)
        window = decoded(original, random)
        voice = VoiceWindows(self.voices[number], clip.has_voice and clip.lip_sync != "no")
        times = random.choice(count, TARGETS, replace=count < TARGETS)
        parts = []
        for time in times:
            points = self.sharp.cache.landmarks(clip.first_frame + first + int(time))
            if flipped:
                points = mirrored(points)
            heard = voice(first + int(time)) if random.random() > UNHEARD else unheard()
            parts.append(_part(original, window, int(time), points, heard, random))
        return MdvdSample(*(torch.stack(column) for column in zip(*parts, strict=True)))


def coloured(pictures: NDArray[np.uint8], flipped: bool, random: np.random.Generator) -> NDArray[np.uint8]:
    """I420 pictures with another contrast and colour, mirrored where ``flipped``."""
    y, u, v = planes_of(pictures)
    if flipped:
        y, u, v = y[..., ::-1], u[..., ::-1], v[..., ::-1]
    gain, shift = random.uniform(0.8, 1.1), random.uniform(-8, 14)
    luma = np.clip((np.arange(256) - 16) * gain + 16 + shift, 16, 235).round().astype(np.uint8)
    tables = [
        np.clip((np.arange(256) - 128) * random.uniform(0.7, 1.2) + 128 + random.uniform(-5, 5), 16, 240)
        .round()
        .astype(np.uint8)
        for _ in range(2)
    ]
    flat = (luma[y], tables[0][u], tables[1][v])
    return np.concatenate([plane.reshape(len(pictures), -1) for plane in flat], 1).reshape(pictures.shape)


def planes_of(i420: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Luma (n, H, W) and chroma (n, H/2, W/2) of I420 pictures (n, 3H/2, W)."""
    height, width = i420.shape[1] * 2 // 3, i420.shape[2]
    chroma = i420[:, height:].reshape(len(i420), 2, height // 2, width // 2)
    return i420[:, :height], chroma[:, 0], chroma[:, 1]


def decoded(original: NDArray[np.uint8], random: np.random.Generator) -> list[FacePicture]:
    """The pictures (n, 384, 256) after an encoder and a rate drawn from those of a call."""
    span = (LOWEST_KBPS, MIDDLE_KBPS) if random.random() < LOW_RATES else (MIDDLE_KBPS, HIGHEST_KBPS)
    kbps = float(np.exp(random.uniform(*np.log(span))))
    if random.random() < OF_HEVC:
        packets = encode_i420(list(original), "hevc", kbps=max(kbps, 5.0) * 0.6, preset="ultrafast")
        return face_pictures(np.stack(list(decode_i420(packets, "hevc"))))
    preset = str(random.choice(["ultrafast", "veryfast", "medium"]))
    packets = encode_i420(list(original), kbps=kbps, preset=preset)
    if random.random() < UNREAD:
        return face_pictures(np.stack(list(decode_i420(packets))))
    return read(packets)


def read(packets: list[bytes]) -> list[FacePicture]:
    """H.264 pictures with all that the stream says of them."""
    reader = Reader()
    pictures = []
    for packet in packets:
        for picture in reader.decode_access_unit(packet):
            codec = None if picture.codec is None else codec_maps(picture.codec, picture.number)
            pictures.append(FacePicture(FacePlanes(*picture.frame), codec))
    return pictures


def face_pictures(i420: NDArray[np.uint8]) -> list[FacePicture]:
    """I420 pictures of which the stream says nothing."""
    return [FacePicture(FacePlanes(y, u, v)) for y, u, v in zip(*planes_of(i420), strict=True)]


class VoiceWindows:
    """MFCC around any picture of a clip."""

    def __init__(self, mel: NDArray[np.float32], heard: bool) -> None:
        self.mel = mel if heard else mel[:, :0]

    def __call__(self, time: int) -> NDArray[np.float32]:
        """(21, 13) around picture ``time``; NaN where the clip has no voice."""
        if not self.mel.shape[1]:
            return unheard()
        window = voice_window(self.mel, time, -(VOICE_STEPS // 2), VOICE_STEPS)
        return np.ascontiguousarray(mfcc(window).T)


def unheard() -> NDArray[np.float32]:
    """The window of a picture without a voice."""
    return np.full(VOICE_SHAPE, np.nan, np.float32)


def mirrored(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Landmarks of the mirrored picture."""
    return (np.array([PICTURE - 1, 0], np.float32) + points * np.array([-1, 1], np.float32))[LEFT_RIGHT]


def noisy(points: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Landmarks as a detector finds them in a badly decoded picture: as a whole, by outline and each for itself."""
    spoilt = random.exponential(1.0)
    together = random.normal(0, 0.7, (1, 2))
    own = random.normal(0, 0.6, (LANDMARKS, 2))
    groups = np.repeat(random.normal(0, 0.9, (8, 2)), [17, 5, 5, 9, 6, 6, 12, 8], 0)
    return (points + spoilt * (together + groups + own)).astype(np.float32)


def window_of(pictures: list[FacePicture], time: int, causal: bool) -> list[FacePicture]:
    """The five pictures around ``time``; without the later ones where ``causal``, the nearest at the ends."""
    last = time if causal else len(pictures) - 1
    return [pictures[min(max(time + k, 0), last)] for k in range(-2, 3)]


def packed(planes: FacePlanes, y: int, x: int) -> NDArray[np.uint8]:
    """(24, CROP, CROP): the part from block (y, x) on."""
    parts = []
    for plane, block in ((planes.y, 4), (planes.u, 2), (planes.v, 2)):
        cut = plane[block * y : block * (y + CROP), block * x : block * (x + CROP)]
        parts.append(cut.reshape(CROP, block, CROP, block).transpose(1, 3, 0, 2).reshape(-1, CROP, CROP))
    return np.concatenate(parts)


def _part(
    original: NDArray[np.uint8],
    pictures: list[FacePicture],
    time: int,
    points: NDArray[np.float32],
    voice: NDArray[np.float32],
    random: np.random.Generator,
) -> tuple[Tensor, ...]:
    """One part of one picture; most parts have a landmark in their middle half."""
    y, x = _place(points, random)
    window = window_of(pictures, time, bool(random.random() < CAUSAL))
    motion = neighbour_motion(window, 2)[..., y : y + CROP, x : x + CROP]
    picture, maps = (t[:, y : y + CROP, x : x + CROP] for t in codec_tensors(window[2].codec))
    found = noisy(points, random) if random.random() > UNFOUND else np.full_like(points, np.nan)
    own = FacePlanes(*(plane[0] for plane in planes_of(original[time : time + 1])))
    return (
        torch.from_numpy(np.stack([packed(one.planes, y, x) for one in window])),
        picture.clone(),
        maps.clone(),
        torch.from_numpy(np.ascontiguousarray(motion)),
        torch.from_numpy(voice),
        torch.from_numpy(found.astype(np.float32)),
        torch.from_numpy(points.astype(np.float32)),
        torch.tensor([x, y], dtype=torch.float32),
        torch.from_numpy(packed(own, y, x)),
    )


def _place(points: NDArray[np.float32], random: np.random.Generator) -> tuple[int, int]:
    """First block (row, column) of a part."""
    most = BLOCKS - CROP
    if np.isnan(points).any() or random.random() < 0.25:
        return int(random.integers(0, most + 1)), int(random.integers(0, most + 1))
    x, y = points[int(random.integers(0, len(points)))] / 4
    shift = random.uniform(CROP / 4, 3 * CROP / 4, 2)
    return int(np.clip(y - shift[0], 0, most)), int(np.clip(x - shift[1], 0, most))
