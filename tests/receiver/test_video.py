"""The incoming H.264 track between its line, its worker and the screen."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from callcodec.transport.access_units import AccessUnit
from callcodec.transport.worker import InlineWorker, T, Worker
from models.restoration.restorer import Restorer, Unrestored
from receiver.pcm_timeline import Pcm
from receiver.playout import Playout
from receiver.playout_clock import PlayoutSettings
from receiver.video import MOST_WAITING, RESTORING_S, VideoReceiver
from receiver.video_work import VideoPicture, VideoWork
from tests.receiver.video_people import Brighter, units
from tests.receiver.voice_link import TOC_60_MS
from tests.transport.fake_video import FakeVideoLine


class Noise:
    """A voice that is heard wherever it is; what is made up is silent."""

    def decode(self, packet: bytes) -> Pcm:
        return np.random.default_rng(packet[1]).integers(-9000, 9000, 960).astype(np.int16)

    def conceal(self, samples: int) -> Pcm:
        return np.zeros(samples, np.int16)


class Stalled:
    """A worker that does nothing until it is told to."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def submit(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Keep it."""
        self.jobs.append(lambda: done(work()))


class Screen:
    """A video receiver on a voice that arrives every 60 ms, looked at every 40 ms."""

    def __init__(
        self, restorer: Restorer | None = None, worker: Worker | None = None, limit_kbps: float | None = None
    ) -> None:
        made = restorer or Unrestored()
        self.line = FakeVideoLine()
        self.playout = Playout(PlayoutSettings(), Noise)
        work = VideoWork(lambda _width, _height: made, paced=False, restorer=made)
        self.video = VideoReceiver(self.line, work, worker or InlineWorker(), self.playout, limit_kbps)
        self.shown: list[tuple[float, VideoPicture]] = []
        self._voice = 0

    def run(self, stream: list[AccessUnit], until_s: float) -> None:
        """Let time pass from 0 on, in steps of 10 ms."""
        waiting = list(stream)
        for step in range(round(until_s * 100)):
            now_s = step / 100
            while (self._voice + 1) * 0.06 <= now_s:
                self.playout.push(
                    self._voice, self._voice * 2880, bytes([TOC_60_MS, self._voice % 256]), now_s
                )
                self._voice += 1
            while waiting and waiting[0].arrival_s <= now_s:
                self.video.receive(waiting.pop(0))
            media_s = self.playout.media_time(now_s)
            self.video.advance(media_s, now_s)
            if media_s is not None and step % 4 == 0:
                picture = self.video.picture_at(media_s)
                if picture is not None:
                    self.shown.append((media_s, picture))


def test_pictures_are_shown_when_their_voice_is_heard() -> None:
    screen = Screen(Brighter(before=1, after=2))
    screen.run(units(40), 1.6)
    assert len(screen.shown) > 25
    behind = [media_s - picture.media_time_s for media_s, picture in screen.shown[10:]]
    assert max(abs(value) for value in behind) <= 0.021
    assert all(picture.restored for _, picture in screen.shown)


def test_looking_ahead_delays_the_voice_by_no_more_than_it_needs() -> None:
    plain, ahead = Screen(), Screen(Brighter(before=2, after=2))
    for screen in (plain, ahead):
        screen.run(units(60), 2.4)
    delays = [screen.playout.statistics(2.4).delay_ms for screen in (plain, ahead)]
    assert delays[0] < 160
    assert 20 + 80 + 1000 * RESTORING_S - 5 < delays[1] < 240


def test_restorers_hear_the_voice_up_to_the_moment_of_their_work() -> None:
    restorer = Brighter()
    screen = Screen(restorer)
    screen.run(units(40), 1.5)
    silent = [hearing.voice is None or float(np.ptp(hearing.voice)) == 0 for hearing in restorer.heard[15:]]
    assert not any(silent)


def test_after_a_loss_a_key_frame_is_asked_for_until_it_comes() -> None:
    screen = Screen()
    stream = units(60, keys=(40,))
    del stream[10]
    stream[10] = replace(stream[10], after_loss=True)
    screen.run(stream, 2.2)
    # Every half second from 0.44 s on, until the one at 1.62 s is here.
    assert screen.line.key_requests == 3
    assert screen.video.counts.damaged == 29
    assert screen.video.warnings()[0].startswith("29 pictures were not what was sent")


def test_a_stream_that_begins_without_a_key_frame_asks_for_one() -> None:
    screen = Screen()
    screen.run(units(10, first=3), 0.3)
    assert screen.line.key_requests == 1


def test_nothing_is_asked_of_a_healthy_stream() -> None:
    screen = Screen(Brighter())
    screen.run(units(30), 1.2)
    assert screen.line.key_requests == 0
    assert screen.line.limits == []
    assert screen.video.warnings() == []


def test_a_cap_is_told_again_and_again() -> None:
    screen = Screen(limit_kbps=80)
    screen.run(units(60), 4.5)
    assert screen.line.limits == [80, 80, 80]


def test_a_worker_that_hangs_holds_up_nothing_and_bounds_what_waits() -> None:
    worker = Stalled()
    screen = Screen(worker=worker)
    screen.run(units(150), 6.0)
    voice = screen.playout.statistics(6.0)
    assert voice.concealed == 0
    assert voice.played > 90
    assert len(worker.jobs) <= MOST_WAITING + 2
    assert screen.video.counts.dropped > 40
    assert screen.line.key_requests > 0
    assert "faster than this machine" in " ".join(screen.video.warnings())


def test_a_picture_is_new_only_once() -> None:
    screen = Screen()
    screen.run(units(5), 1.0)
    times_s = [picture.media_time_s for _, picture in screen.shown]
    assert times_s == sorted(set(times_s))
    assert 4 <= len(times_s) <= 5


def test_garbage_on_the_track_stops_neither_the_voice_nor_the_pictures_after_it() -> None:
    screen = Screen(Brighter())
    stream = units(40, keys=(20,))
    for number in (5, 6, 7):
        stream[number] = replace(stream[number], data=bytes(range(256)) * number)
    screen.run(stream, 1.7)
    assert screen.playout.statistics(1.7).concealed == 0
    assert screen.line.key_requests > 0
    assert screen.shown[-1][1].media_time_s > 1.4
    assert screen.shown[-1][1].restored
