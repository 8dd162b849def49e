"""Conventional video in a call: what one end sends instead of low resolution, and how it restores what it gets."""

from callcodec.call.participant import Participant
from callcodec.call.video_settings import AUTO, VideoSettings
from callcodec.transport.video_line import VideoLine
from callcodec.transport.worker import Worker
from models.restoration.registry import create_restorer, create_suited
from models.restoration.restorer import Restorer
from receiver.playout import Playout
from receiver.video import VideoReceiver
from receiver.video_work import VideoWork
from sender.video import VideoSender

PICTURE_SIDE = 256


class Restoration:
    """How an incoming track is restored: by one restorer, or with `auto` by what suits the size of its pictures."""

    def __init__(self, name: str, device: str, load: bool = True) -> None:
        """``load``: now, and not when the first picture has come; one that was named is loaded in any case.

        Raises WeightsError (a ValueError) where one that was named has none.
        """
        self._name = name
        self._device = device
        self.problem: str | None = None
        """Why another restorer than the suited one is used, in a sentence; known once it is loaded."""
        self.loaded = self.for_size(PICTURE_SIDE, PICTURE_SIDE) if load or name != AUTO else None

    def for_size(self, width: int, height: int) -> Restorer:
        """The restorer for pictures of that size."""
        if self._name != AUTO:
            return create_restorer(self._name, self._device)
        restorer, self.problem = create_suited("h264", width, height, self._device)
        return restorer


def add_video(
    participant: Participant,
    line: VideoLine,
    settings: VideoSettings,
    restoration: Restoration,
    picture: Worker,
    background: Worker,
    paced: bool,
) -> None:
    """Gives one end its video line. ``picture``: decodes and restores; ``background``: encodes.

    ``paced``: shows decoded pictures where restoring takes too long; on simulated time nothing does.
    """

    def create(playout: Playout) -> VideoReceiver:
        work = VideoWork(restoration.for_size, paced, restoration.loaded)
        return VideoReceiver(line, work, picture, playout, settings.limit_kbps, lambda: restoration.problem)

    line.on_access_unit = participant.receiver.use_video(create)
    if settings.sends:
        participant.sender.use_video(VideoSender(line, settings.kbps, background))
