"""Samples for the landmark network: pictures, clean and spoiled as calls spoil them, their voice and their points."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.landmark_network import CROP, PICTURE, SMALL
from models.training.cache import ClipCache
from models.training.data import LEFT_RIGHT, voice_window
from models.training.degraded import DegradedClips
from models.training.landmark_geometry import BLINK_SHARE, eye_openings, similarity
from models.training.spoiling import bend, hide, scramble, spoil
from models.training.task import RandomSamples

MARGIN = 0.08  # of the crop, around the mean face


class LandmarkSample(NamedTuple):
    """One picture, or a batch of them."""

    small: Tensor  # (3, 64, 64) uint8, the whole picture
    crop: Tensor  # (3, 112, 112) uint8, the face about upright
    points: Tensor  # (68, 2) float32 in pixels of the 256×256 picture
    points_in_crop: Tensor  # (68, 2) float32 in pixels of the crop
    face: Tensor  # () float32, 1, or 0 where there is no face in the picture
    mel: Tensor  # (80, 20) float32
    heard: Tensor  # () float32, 1 where the voice goes with the picture


class LandmarkFaces(RandomSamples[LandmarkSample]):
    """Endless random samples of a cache; ``degraded`` are the same pictures after H.264."""

    def __init__(
        self, cache: ClipCache, degraded: DegradedClips | None, mean_shape: NDArray[np.float32], seed: int
    ) -> None:
        super().__init__(seed)
        self.cache, self.degraded, self.mean_shape = cache, degraded, mean_shape
        self.mels = [cache.mel(i) for i in range(len(cache.clips))]
        weights = np.array([min(clip.frames, 500) ** 0.6 for clip in cache.clips])
        self.weights = weights / weights.sum()
        self.usable, self.blinks = zip(
            *(_usable_and_blinks(cache, i) for i in range(len(cache.clips))), strict=True
        )
        self.weights = self.weights * [len(frames) > 0 for frames in self.usable]
        self.weights /= self.weights.sum()

    def sample(self, random: np.random.Generator) -> LandmarkSample:
        """Draw a picture, move it, spoil it, and cut its face out about where the finder would."""
        number = int(random.choice(len(self.weights), p=self.weights))
        clip = self.cache.clips[number]
        # Blinks are rare, and what eyelids are judged by.
        rare = len(self.blinks[number]) > 0 and random.random() < 0.2
        time = int(random.choice(self.blinks[number] if rare else self.usable[number]))
        source: ClipCache | DegradedClips = self.cache
        if self.degraded is not None and random.random() < 0.3:
            source = self.degraded
        picture = source.frame(clip.first_frame + time)
        points = self.cache.landmarks(clip.first_frame + time)
        picture, points = _moved(picture, points, random)
        if random.random() < 0.2:
            picture, points = bend(picture, points, random)
        if random.random() < 0.2:
            picture = hide(picture, random)
        picture = spoil(picture, random)
        face = random.random() >= 0.05
        if not face:
            picture = scramble(picture, random)
        affine = _about(similarity(self.mean_shape, points), random)
        crop = cv2.warpAffine(
            picture, affine, (CROP, CROP), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        small = cv2.resize(picture, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
        inverse = np.linalg.inv(affine[:, :2])
        heard = clip.lip_sync == "yes" and random.random() < 0.6
        return LandmarkSample(
            small=torch.from_numpy(small.transpose(2, 0, 1).copy()),
            crop=torch.from_numpy(np.asarray(crop).transpose(2, 0, 1).copy()),
            points=torch.from_numpy(points.astype(np.float32)),
            points_in_crop=torch.from_numpy(((points - affine[:, 2]) @ inverse.T).astype(np.float32)),
            face=torch.tensor(float(face)),
            mel=torch.from_numpy(_voice(voice_window(self.mels[number], time), random)),
            heard=torch.tensor(float(heard)),
        )


def mean_face(cache: ClipCache) -> NDArray[np.float32]:
    """(68, 2): the upright, symmetric mean of a cache's faces, filling the crop up to its margin."""
    faces = []
    for i, clip in enumerate(cache.clips):
        usable, _ = _usable_and_blinks(cache, i)
        faces += [cache.landmarks(clip.first_frame + int(t)) for t in usable[::10]]
    stack = np.stack(faces).astype(np.float64)
    stack = np.concatenate((stack, (np.array([PICTURE - 1, 0]) + stack * (-1, 1))[:, LEFT_RIGHT]))
    stack -= stack.mean(1, keepdims=True)
    stack /= np.sqrt(np.square(stack).sum((1, 2), keepdims=True))
    mean = stack.mean(0)
    for _ in range(5):
        turned = np.stack([_laid_onto(mean, face) for face in stack])
        mean = turned.mean(0) / np.sqrt(np.square(turned.mean(0)).sum())
    low, high = mean.min(0), mean.max(0)
    scale = CROP * (1 - 2 * MARGIN) / (high - low).max()
    return np.asarray((mean - (low + high) / 2) * scale + (CROP - 1) / 2, np.float32)


def _usable_and_blinks(cache: ClipCache, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frames of a clip with a face, and those of them in a blink."""
    clip = cache.clips[number]
    points = np.stack([cache.landmarks(clip.first_frame + t) for t in range(clip.frames)])
    usable = np.flatnonzero(~np.isnan(points).any((1, 2)))
    openings = eye_openings(points[usable])
    median = np.median(openings) if len(usable) else 0.0
    return usable, usable[openings < BLINK_SHARE * median]


def _laid_onto(shape: NDArray[np.float64], face: NDArray[np.float64]) -> NDArray[np.float64]:
    affine = similarity(face, shape)
    return np.asarray(face @ affine[:, :2].T + affine[:, 2])


def _moved(
    picture: NDArray[np.uint8], points: NDArray[np.float32], random: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Turned, zoomed, shifted and flipped, as cameras and crops differ."""
    middle = (PICTURE - 1) / 2
    degrees = float(np.clip(random.normal(0, 11), -35, 35))
    zoom = float(np.exp(random.normal(0, 0.14)))
    affine = np.asarray(cv2.getRotationMatrix2D((middle, middle), degrees, zoom), np.float64)
    affine[:, 2] += random.normal(0, 0.06, 2) * PICTURE
    border = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT, cv2.BORDER_CONSTANT)[int(random.integers(0, 3))]
    moved = np.asarray(cv2.warpAffine(picture, affine, (PICTURE, PICTURE), borderMode=border), np.uint8)
    points = (points @ affine[:, :2].T + affine[:, 2]).astype(np.float32)
    if random.random() < 0.5:
        moved = np.ascontiguousarray(moved[:, ::-1])
        points = (np.array([PICTURE - 1, 0]) + points * np.array([-1, 1]))[LEFT_RIGHT].astype(np.float32)
    return moved, points


def _about(affine: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """The crop as an inexact finder would lay it: turned by degrees, some per cent off in size and place."""
    middle = (CROP - 1) / 2
    degrees, zoom = float(random.normal(0, 4)), float(np.exp(random.normal(0, 0.05)))
    wobble = np.asarray(cv2.getRotationMatrix2D((middle, middle), degrees, zoom), np.float64)
    wobble[:, 2] += random.normal(0, 0.025, 2) * CROP
    both = np.vstack((affine, (0, 0, 1))) @ np.vstack((wobble, (0, 0, 1)))
    return np.asarray(both[:2])


def _voice(mel: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Louder or softer, and with a little noise: other microphones."""
    louder = mel + np.float32(random.normal(0, 0.08)) + random.normal(0, 0.03, mel.shape).astype(np.float32)
    return np.asarray(np.maximum(louder, -1.0), np.float32)
