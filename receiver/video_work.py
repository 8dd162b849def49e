"""What is done to one access unit in a worker: it is decoded and restored, and nothing that is in it stops a call."""

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.h264.preparation import will_compile
from callcodec.h264.state import Planes
from callcodec.media.timeline import SLOT_S
from callcodec.speech import SAMPLE_RATE_HZ
from models.restoration.registry import NONE
from models.restoration.restorer import Restorer, Unrestored
from receiver.identity import PICTURE_SIZE
from receiver.restoration.decoder import H264Decoder
from receiver.restoration.pace import Pace
from receiver.restoration.pictures import DecodedPicture, RestoredPicture, to_rgb
from receiver.restoration.stream import StreamRestorer

logger = logging.getLogger(__name__)

COMPILE = "from callcodec.h264.preparation import prepare; prepare()"
MOST_SHOWN = 512
"""pixels: as large as the window of a call is at first"""
FAULT = "a picture could not be restored"
UNREADABLE = "a picture of the other side could not be read"


@dataclass(frozen=True)
class Heard:
    """The voice around a picture: int16 at 16 kHz, from media time ``start_s`` on."""

    start_s: float
    pcm: NDArray[np.int16]


@dataclass(frozen=True)
class VideoPicture:
    """A picture to show. ``shown``, ``decoded``: (S, S, 3) uint8 RGB, restored and as it was decoded.

    ``note``: why it is not restored. ``seconds``: that it took.
    """

    media_time_s: float
    shown: NDArray[np.uint8]
    decoded: NDArray[np.uint8]
    restored: bool
    note: str | None
    seconds: float


@dataclass(frozen=True)
class Worked:
    """``damaged``: the access unit could not be decoded as it was meant; only a key frame helps."""

    pictures: list[VideoPicture]
    damaged: bool


class VideoWork:
    """One stream's decoder and restorer; ``run`` is called by one thread at a time, in the order of sending."""

    def __init__(
        self, choose: Callable[[int, int], Restorer], paced: bool, restorer: Restorer | None = None
    ) -> None:
        """``choose``: the restorer for pictures of a width and height; `none` shows what was decoded. ``restorer``: the
        one for 256×256, loaded beforehand. ``paced``: stops restoring when that takes too long.
        """
        self._choose = choose
        self._restorer = Unrestored() if restorer is None else restorer
        self._size = (0, 0) if restorer is None else (PICTURE_SIZE, PICTURE_SIZE)
        self._pace = Pace(SLOT_S) if paced else None
        self._decoder: H264Decoder | None = None
        self._stream: StreamRestorer | None = None
        self._heard = Heard(0.0, np.zeros(0, np.int16))
        self.faults = 0

    @property
    def restores(self) -> bool:
        """Whether anything is done to pictures."""
        return self._restorer.name != NONE

    @property
    def restorer_name(self) -> str:
        """What is done to them."""
        return self._restorer.name

    @property
    def delay_pictures(self) -> int:
        """How many later pictures one waits for."""
        return self._restorer.after

    def prepare(self) -> None:
        """Load the decoder before the first access unit needs it, unless it must be compiled first."""
        if not will_compile():
            self._decoder = self._opened()

    def run(self, access_unit: bytes, media_time_s: float, heard: Heard) -> Worked:
        """The pictures that are complete with this access unit, mostly the one ``delay_pictures`` ago."""
        began = time.perf_counter()
        self._heard = heard
        try:
            found, damaged = self._found(access_unit, media_time_s)
        except Exception:  # whatever a stranger's bytes bring about, the call goes on
            logger.warning(UNREADABLE, exc_info=self.faults == 0)
            self.faults += 1
            self._decoder = self._stream = None
            return Worked([], damaged=True)
        seconds = (time.perf_counter() - began) / max(1, len(found))
        return Worked([_picture(restored, seconds) for restored in found], damaged)

    def _found(self, access_unit: bytes, media_time_s: float) -> tuple[list[RestoredPicture], bool]:
        decoder = self._decoder = self._decoder or self._opened()
        found: list[RestoredPicture] = []
        damaged = False
        for picture in decoder.decode(access_unit, media_time_s):
            damaged |= picture.damage is not None
            found += self._resized(picture.planes.y.shape)
            found += self._restored(picture)
        return found, damaged

    def _restored(self, picture: DecodedPicture) -> list[RestoredPicture]:
        note = None
        if self.restores:
            try:
                return self._restoring().push(picture)
            except Exception:
                logger.warning(FAULT, exc_info=self.faults == 0)
                self.faults += 1
                self._stream, note = None, FAULT
        return [RestoredPicture(picture.planes, picture.planes, picture.time_s, faces=0, note=note)]

    def _resized(self, shape: tuple[int, ...]) -> list[RestoredPicture]:
        """Another size may suit another restorer; what the one before holds back comes out."""
        size = (shape[1], shape[0])
        if size == self._size:
            return []
        self._size = size
        held_back = [] if self._stream is None else self._stream.flush()
        self._restorer, self._stream = self._choose(*size), None
        return held_back

    def _opened(self) -> H264Decoder:
        if will_compile():
            # In a process of its own: half a minute of compiling would make the voice stutter.
            subprocess.run([sys.executable, "-c", COMPILE], check=False)
        return H264Decoder()

    def _restoring(self) -> StreamRestorer:
        if self._stream is None:
            self._stream = StreamRestorer(self._restorer, voice=self._voice, pace=self._pace)
        return self._stream

    def _voice(self, start_s: float, end_s: float) -> NDArray[np.int16]:
        first, last = (
            round((moment_s - self._heard.start_s) * SAMPLE_RATE_HZ) for moment_s in (start_s, end_s)
        )
        voice = np.zeros(max(0, last - first), np.int16)
        low, high = max(first, 0), min(last, len(self._heard.pcm))
        if low < high:
            voice[low - first : high - first] = self._heard.pcm[low:high]
        return voice


def _picture(restored: RestoredPicture, seconds: float) -> VideoPicture:
    shown = fitted(restored.planes)
    return VideoPicture(
        restored.time_s,
        shown,
        fitted(restored.decoded) if restored.faces else shown,
        restored.faces > 0,
        restored.note,
        seconds,
    )


def fitted(planes: Planes) -> NDArray[np.uint8]:
    """A picture of any size as RGB, (S, S, 3) with S from 256 to MOST_SHOWN: whole, in the middle, black beside it."""
    rgb = to_rgb(planes)
    height, width = rgb.shape[:2]
    side = min(max(height, width, PICTURE_SIZE), MOST_SHOWN)
    if (height, width) == (side, side):
        return rgb
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))
    screen = np.zeros((side, side, 3), np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    screen[top : top + size[1], left : left + size[0]] = scaled
    return screen
