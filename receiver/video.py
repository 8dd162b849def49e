"""The incoming H.264 track: access units wait for their moment, become pictures in a worker, and are shown in time.

A picture is restored as late as it can be, so that as much of the voice around it as possible has come. The voice
itself is played whatever happens here.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from callcodec.media.timeline import SLOT_S
from callcodec.transport.access_units import AccessUnit
from callcodec.transport.video_line import VideoLine
from callcodec.transport.worker import Worker
from receiver.key_frame_requests import KeyFrameRequests
from receiver.playout import Playout
from receiver.video_timeline import VideoTimeline
from receiver.video_work import Heard, VideoPicture, VideoWork, Worked

VOICE_REACH_S = 0.105
"""How much voice after a picture restorers hear."""
HEARD_S = 0.2
"""How much voice around a picture is handed to the worker."""
DECODING_S, RESTORING_S = SLOT_S, 2 * SLOT_S
"""Allowed for the work on a picture at first; what it takes in fact is learnt."""
MOST_WORK_S = 0.2
WORK_SMOOTHING = 0.05
MAX_EXTRA_DELAY_S = 0.5
DELAY_STEP_S = 0.02
"""The picture's delay follows what it needs only in steps of so much: the voice is bent for every one of them."""
MOST_WAITING = 50
"""Access units, two seconds: a machine that cannot even decode starts anew with the next key frame."""
MOST_READY = 25
LIMIT_INTERVAL_S = 2.0


@dataclass
class VideoReceiverCounts:
    """Pictures by what became of them. `damaged`: shown, but not what was sent. `dropped`: never decoded."""

    restored: int = 0
    unrestored: int = 0
    damaged: int = 0
    dropped: int = 0


class VideoReceiver:
    """Driven by arrivals and by ``advance``, both on the call's thread."""

    def __init__(
        self,
        line: VideoLine,
        work: VideoWork,
        worker: Worker,
        playout: Playout,
        limit_kbps: float | None = None,
        problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``limit_kbps``: what the other side is asked to send at most; None: nothing is asked.

        ``problem``: why pictures are not restored as they should be, once that is known.
        """
        self._line = line
        self._work = work
        self._worker = worker
        self._playout = playout
        self._limit_kbps = limit_kbps
        self._problem = problem
        self._next_limit_s = 0.0
        self._timeline = VideoTimeline()
        line.on_aligned = self._timeline.align
        self._requests = KeyFrameRequests(line.ask_for_key_frame)
        self._waiting: deque[tuple[int, float, AccessUnit]] = deque()
        self._ready: list[VideoPicture] = []
        self._arrived = 0
        self._last_key = -1
        self._in_work = 0
        self._work_s = RESTORING_S if work.delay_pictures or work.restores else DECODING_S
        self._extra_delay_s: float | None = None
        self._now_s = 0.0
        self._shown_s: float | None = None
        self._why: str | None = None
        self.counts = VideoReceiverCounts()
        worker.submit(work.prepare, lambda _: None)

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return self._arrived > 0

    def receive(self, unit: AccessUnit) -> None:
        """Take the next access unit."""
        media_s = self._timeline.arrived(unit.rtp_timestamp, unit.arrival_s, self._playout.voice_transit_s)
        number = self._arrived
        self._arrived += 1
        if unit.is_key:
            self._last_key = number
            self._requests.came()
        elif unit.after_loss or number == 0:
            self._requests.want(unit.arrival_s)
        self._waiting.append((number, media_s, unit))
        if len(self._waiting) + self._in_work > MOST_WAITING:
            self.counts.dropped += len(self._waiting)
            self._waiting.clear()
            self._requests.want(unit.arrival_s)
        self._set_delay(unit.arrival_s)

    def advance(self, media_s: float | None, now_s: float) -> None:
        """Begin the work that is due. ``media_s``: the moment that is heard now; None before the first."""
        self._now_s = now_s
        self._line.tick(now_s)
        self._requests.tick(now_s)
        self._limit(now_s)
        while self._waiting and (media_s is None or self._is_due(self._waiting[0][1], media_s)):
            self._begin(*self._waiting.popleft())

    def picture_at(self, media_s: float) -> VideoPicture | None:
        """The picture for the slot of ``media_s``, if it is a new one. None: the one before stays."""
        index = bisect_right([picture.media_time_s for picture in self._ready], media_s + SLOT_S / 2)
        if index == 0:
            return None
        picture = self._ready[index - 1]
        del self._ready[:index]
        if self._shown_s is not None and picture.media_time_s <= self._shown_s:
            return None
        self._shown_s = picture.media_time_s
        return picture

    def warnings(self) -> list[str]:
        """What the user should know, in sentences."""
        found = []
        problem = self._problem() if self.begun else None
        if problem is not None:
            found.append(f"H.264 is not restored as it should be: {problem}.")
        counts, lost = self.counts, self._line.counts.packets_lost
        if self._why is not None:
            shown = counts.restored + counts.unrestored
            found.append(
                f"{counts.unrestored} of {shown} pictures were shown as they were decoded: {self._why}."
            )
        if counts.damaged:
            found.append(
                f"{counts.damaged} pictures were not what was sent, after {lost} packets were lost; "
                f"a key frame was asked for {self._line.counts.key_requests_sent} times."
            )
        if counts.dropped:
            found.append(f"{counts.dropped} pictures came faster than this machine can decode them.")
        if self._work.faults:
            found.append(f"{self._work.faults} pictures of the other side could not be read or restored.")
        return found

    def figures(self) -> dict[str, float]:
        """What arrived and what became of it."""
        line, counts = self._line.counts, self.counts
        return {
            "video_units_received": line.units_received,
            "video_unit_bytes_received": line.unit_bytes_received,
            "video_packets_lost": line.packets_lost,
            "video_key_requests_sent": line.key_requests_sent,
            "video_rate_limits_sent": line.rate_limits_sent,
            "video_restored": counts.restored,
            "video_unrestored": counts.unrestored,
            "video_damaged": counts.damaged,
            "video_dropped": counts.dropped,
            "video_faults": self._work.faults,
        }

    def _is_due(self, unit_s: float, media_s: float) -> bool:
        wanted_s = unit_s - self._work.delay_pictures * SLOT_S
        if self._work.restores and self._playout.voice_until_s >= wanted_s + VOICE_REACH_S:
            return True
        return media_s + self._work_s >= wanted_s

    def _begin(self, number: int, media_s: float, unit: AccessUnit) -> None:
        began_s = self._now_s
        wanted_s = media_s - self._work.delay_pictures * SLOT_S
        heard = Heard(wanted_s - HEARD_S, self._playout.pcm_around(wanted_s, HEARD_S, HEARD_S))
        self._in_work += 1

        def finish(worked: Worked) -> None:
            self._in_work -= 1
            self._learn(self._now_s - began_s)
            self.counts.damaged += worked.damaged
            if worked.damaged and number >= self._last_key:
                self._requests.want(self._now_s)
            self._take(worked.pictures)

        self._worker.submit(lambda: self._work.run(unit.data, media_s, heard), finish)

    def _take(self, pictures: list[VideoPicture]) -> None:
        for picture in pictures:
            self.counts.restored += picture.restored
            self.counts.unrestored += not picture.restored
            if not picture.restored and picture.note is not None:
                self._why = picture.note
            self._ready.append(picture)
        del self._ready[:-MOST_READY]

    def _learn(self, took_s: float) -> None:
        floor_s = RESTORING_S if self._work.restores else DECODING_S
        target_s = min(max(1.5 * took_s, floor_s), MOST_WORK_S)
        self._work_s += WORK_SMOOTHING * (target_s - self._work_s)

    def _set_delay(self, now_s: float) -> None:
        """The picture waits for those after it and for its work; the voice waits with it."""
        transit_s, voice_s = self._timeline.transit_s, self._playout.voice_delay_s
        if transit_s is None:
            return
        needed_s = transit_s + self._work.delay_pictures * SLOT_S + self._work_s
        extra_s = RESTORING_S if voice_s is None else min(max(0.0, needed_s - voice_s), MAX_EXTRA_DELAY_S)
        if self._extra_delay_s is None or abs(extra_s - self._extra_delay_s) >= DELAY_STEP_S:
            self._extra_delay_s = extra_s
            self._playout.set_extra_delay(extra_s, now_s)

    def _limit(self, now_s: float) -> None:
        if self._limit_kbps is not None and self.begun and now_s >= self._next_limit_s:
            self._next_limit_s = now_s + LIMIT_INTERVAL_S
            self._line.limit_rate(self._limit_kbps)


CreateVideo = Callable[[Playout], VideoReceiver]
"""Makes the receiver of a video track on the clock of a voice."""
