"""From a media time to the picture that is shown then: interpolate, reconstruct, correct. One at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.face.shape import Shape
from callcodec.media.timeline import SLOT_S
from callcodec.speech.mel import mel_window
from callcodec.transport.worker import Worker
from models.consistency import consistency_error, correct
from models.identity_check import animated, identity_error
from models.reconstructor import Reconstructor
from receiver.expression import ExpressionTimeline
from receiver.identity import PICTURE_SIZE
from receiver.identity_check import IdentityCheck
from receiver.interpolation import Interpolated, Interpolator
from receiver.video_work import VideoPicture

WINDOW_FRAMES = 5
VOICE_SPAN_S = 0.15  # the voice window reaches 100 ms to both sides, and its filters a little further
# RMS errors of the network's 8×8 pictures on val, before correction, in units of full scale.
NETWORK_LUMA_ERROR, NETWORK_CHROMA_ERROR = 0.0215, 0.0105


@dataclass(frozen=True)
class Prepared:
    """A finished picture. ``picture``: (256, 256, 3) uint8, or larger from a track. ``lowres``: (S, S, 3) uint8 that it
    was made from.

    ``wrong_identity``: it is only enlarged, because the identity image is somebody else's. ``note``: why a picture of
    an H.264 track (``is_video``) is not restored.
    """

    media_time_s: float
    picture: NDArray[np.uint8]
    lowres: NDArray[np.uint8]
    reconstructed: bool
    wrong_identity: bool
    age_s: float
    consistency_error: float
    seconds: float
    is_video: bool = False
    note: str | None = None

    @classmethod
    def of_video(cls, picture: VideoPicture) -> "Prepared":
        """A picture of an H.264 track; ``lowres`` is what was decoded, ``reconstructed`` whether it was restored."""
        return cls(
            media_time_s=picture.media_time_s,
            picture=picture.shown,
            lowres=picture.decoded,
            reconstructed=picture.restored,
            wrong_identity=False,
            age_s=0.0,
            consistency_error=0.0,
            seconds=picture.seconds,
            is_video=True,
            note=picture.note,
        )


class PictureMaker:
    """Turns media times into pictures with the newest identity; the worker may run it in a thread."""

    def __init__(
        self,
        interpolator: Interpolator,
        reconstructor: Reconstructor,
        consistency_iterations: int,
        worker: Worker,
        identity_check: IdentityCheck | None = None,
        find_shape: Callable[[NDArray[np.uint8]], Shape | None] | None = None,
    ) -> None:
        """find_shape: where landmarks and irises of an identity image are; without it no shape is ever known."""
        self.expressions = ExpressionTimeline()
        self._find_shape = find_shape
        self.interpolator = interpolator
        self._reconstructor = reconstructor
        self._iterations = consistency_iterations
        self._worker = worker
        self._identity_check = identity_check or IdentityCheck()
        self._busy = False
        self._waiting: Callable[[], None] | None = None
        self._has_identity = False
        self.skipped = 0

    @property
    def has_identity(self) -> bool:
        """Whether pictures are reconstructed; enlarged until then."""
        return self._has_identity

    def set_identity(self, picture: NDArray[np.uint8], tag: int) -> None:
        """Use a (256, 256, 3) RGB identity image from the next picture on; its features are computed once, here.

        tag: by which hints know it (callcodec.wire.hints).
        """

        def use() -> Shape | None:
            shape = None if self._find_shape is None else self._find_shape(picture)
            self._reconstructor.set_identity(picture, shape)
            self._identity_check.renew()
            return shape

        def done(shape: Shape | None) -> None:
            self._has_identity = True
            self.expressions.know_origin(tag, shape)

        self._worker.submit(use, done)

    def prepare(
        self,
        media_time_s: float,
        voice: NDArray[np.int16],
        emotion: int | None,
        done: Callable[[Prepared], None],
    ) -> None:
        """Make the picture of ``media_time_s``; ``voice``: 16 kHz PCM of VOICE_SPAN_S before to after that time.

        Nothing happens before the first face. While the picture before is still being made one more may wait, the
        newest: a machine that stumbles catches up, one that is too slow shows fewer pictures, not ever later ones.
        """
        window = [self.interpolator.at(media_time_s - SLOT_S * i) for i in reversed(range(WINDOW_FRAMES))]
        newest = window[-1]
        if newest is None:
            return
        earliest = next(frame for frame in window if frame is not None)
        pictures = np.stack([(frame or earliest).picture for frame in window])
        reconstruct = self._has_identity
        shape = self.expressions.at(media_time_s)

        def start() -> None:
            self._busy = True
            self._worker.submit(
                lambda: self._make(media_time_s, newest, pictures, voice, emotion, shape, reconstruct), finish
            )

        def finish(prepared: Prepared) -> None:
            self._busy = False
            done(prepared)
            if self._waiting is not None:
                following, self._waiting = self._waiting, None
                following()

        if not self._busy:
            start()
            return
        self.skipped += self._waiting is not None
        self._waiting = start

    def _make(
        self,
        media_time_s: float,
        newest: Interpolated,
        window: NDArray[np.float32],
        voice: NDArray[np.int16],
        emotion: int | None,
        shape: Shape | None,
        reconstruct: bool,
    ) -> Prepared:
        started = time.perf_counter()
        error, wrong = 0.0, False
        if reconstruct:
            with torch.inference_mode():
                mel = mel_window(voice, VOICE_SPAN_S)
                proposed = self._reconstructor.reconstruct(window, mel, emotion, shape)
                lowres = torch.from_numpy(window[-1]).to(proposed.device)
                error = consistency_error(proposed, lowres)
                beyond = identity_error(animated(self._reconstructor, proposed), lowres, newest.luma_error)
                wrong = self._identity_check.judge(media_time_s, beyond)
                luma, chroma = weights(newest)
                y = correct(proposed, lowres, luma, self._iterations, chroma)
                picture = to_pixels(y.permute(1, 2, 0).cpu().numpy())
        if wrong or not reconstruct:
            picture = enlarge(newest.picture)
        return Prepared(
            media_time_s,
            picture,
            to_pixels(newest.picture.transpose(1, 2, 0)),
            reconstruct and not wrong,
            wrong,
            newest.age_s,
            error,
            time.perf_counter() - started,
        )


def weights(frame: Interpolated) -> tuple[float, float]:
    """How far to trust a low-resolution frame's luma and chroma against the network's: inverse variance, 0..1."""

    def trust(network_error: float, received_error: float) -> float:
        return network_error**2 / (network_error**2 + received_error**2)

    return trust(NETWORK_LUMA_ERROR, frame.luma_error), trust(NETWORK_CHROMA_ERROR, frame.chroma_error)


def enlarge(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(3, S, S) in 0..1 → (256, 256, 3) uint8, bicubic: what is shown before the identity image is there."""
    large = cv2.resize(
        picture.transpose(1, 2, 0), (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_CUBIC
    )
    return to_pixels(np.asarray(large, np.float32))


def to_pixels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """0..1 → 0..255, rounded."""
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
