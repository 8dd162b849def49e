"""Restores the pictures of one stream as they come, each from those around it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from callcodec.h264.state import Planes
from models.restoration.restorer import FacePicture, Hearing, Restorer, Unrestored
from receiver.restoration.blending import blend
from receiver.restoration.faces import FaceFollower, FaceView, enlarged
from receiver.restoration.hearing import Voice, voice_around
from receiver.restoration.pace import Pace
from receiver.restoration.pictures import DecodedPicture, RestoredPicture

NO_FACE = "no face was found"


@dataclass(frozen=True, eq=False)
class _Moment:
    """A picture that waits for those after it, and the faces in it by their number."""

    picture: DecodedPicture
    base: Planes
    """enlarged, where the restorer enlarges"""
    faces: Mapping[int, FaceView]
    too_slow: str | None
    """why no faces were looked for"""


class StreamRestorer:
    """Takes the pictures of a stream in the order of display and gives the same ones restored, none left out.

    It holds back ``delay_pictures`` of them, and nothing else waits: a voice that has not come yet is silence, and a
    machine that is too slow shows what was decoded.
    """

    def __init__(
        self,
        restorer: Restorer,
        *,
        voice: Voice | None = None,
        emotion: int | None = None,
        causal: bool = False,
        pace: Pace | None = None,
        follower: FaceFollower | None = None,
    ) -> None:
        """``causal``: do not wait for later pictures. ``emotion``: 0..14 of EmotionState. ``pace``: None off line."""
        self._restorer = restorer
        self._voice = voice
        self.emotion = emotion
        self._pace = pace
        self._follower = FaceFollower(restorer.side) if follower is None else follower
        self._restores = not isinstance(restorer, Unrestored)
        self.delay_pictures = 0 if causal else restorer.after
        """how many pictures are held back"""
        self._waiting: deque[_Moment] = deque(maxlen=restorer.before + 1 + self.delay_pictures)
        self._pending = 0

    @property
    def restorer_name(self) -> str:
        """Which restorer works here."""
        return self._restorer.name

    def push(self, picture: DecodedPicture) -> list[RestoredPicture]:
        """Take the next picture; returns what is ready, mostly the one of ``delay_pictures`` ago."""
        given = []
        if self._waiting and self._waiting[-1].picture.planes.y.shape != picture.planes.y.shape:
            given = self.flush()
        too_slow = None if self._pace is None or self._pace.keeps_up else self._pace.sentence
        if self._pace is not None:
            self._pace.begin()
        base = enlarged(picture.planes, self._follower.enlargement)
        faces = self._follower.follow(picture, base) if self._restores and too_slow is None else {}
        self._waiting.append(_Moment(picture, base, faces, too_slow))
        self._pending += 1
        if self._pending > self.delay_pictures:
            given.append(self._restored())
        if self._pace is not None and too_slow is None:
            self._pace.end()
        return given

    def flush(self) -> list[RestoredPicture]:
        """What was held back, at the end or before pictures of another size; what comes next starts anew."""
        given = []
        while self._pending:
            given.append(self._restored())
        self._waiting.clear()
        self._follower.reset()
        return given

    def _restored(self) -> RestoredPicture:
        """The oldest picture that waits."""
        at = len(self._waiting) - self._pending
        self._pending -= 1
        moment = self._waiting[at]
        planes = moment.base
        for number, view in moment.faces.items():
            restored = self._restorer.restore(self._window(at, number), self._hearing(moment, view))
            planes = blend(planes, view.alignment, view.square, restored, view.weight)
        note = None
        if self._restores and not moment.faces:
            note = moment.too_slow or NO_FACE
        return RestoredPicture(planes, moment.base, moment.picture.time_s, len(moment.faces), note)

    def _window(self, at: int, number: int) -> list[FacePicture]:
        """Face ``number`` around picture ``at``; where it is missing, the nearest one in time."""
        present = [index for index, moment in enumerate(self._waiting) if number in moment.faces]
        wanted = range(at - self._restorer.before, at + self._restorer.after + 1)
        # Of two that are equally near the one on the side of ``at`` shows more like what is missing.
        nearest = (min(present, key=lambda i: (abs(i - index), abs(i - at))) for index in wanted)
        return [self._waiting[index].faces[number].picture for index in nearest]

    def _hearing(self, moment: _Moment, view: FaceView) -> Hearing:
        voice = None if self._voice is None else voice_around(self._voice, moment.picture.time_s)
        return Hearing(voice, view.landmarks, self.emotion)
