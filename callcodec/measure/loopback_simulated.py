"""Both ends of a loopback call in this process, on simulated time."""

from collections.abc import Callable

from callcodec.call.end import Workers, finish_log
from callcodec.call.simulated import run_simulated
from callcodec.measure.loopback_end import EndJob
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedPair
from callcodec.transport.worker import InlineWorker


def run_both(near: EndJob, far: EndJob, link: LinkProfile, progress: Callable[[float, str], None]) -> None:
    """Make the whole call; both ends' folders hold their logs and frames afterwards."""
    clock = SimulatedClock()
    pair = SimulatedPair(clock, link, seed=link.seed, has_video=near.config.video.sends)
    workers = Workers(picture=InlineWorker(), background=InlineWorker())
    jobs = ((near, pair.caller), (far, pair.called))
    sources = [job.source(prefetch=False) for job, _ in jobs]
    recorders = [job.recorder() for job, _ in jobs]
    try:
        drivers = [
            job.driver(
                endpoint,
                source,
                workers,
                recorder,
                progress if job.reconstructs else _ignore,
                endpoint.video,
                paced=False,
            )
            for (job, endpoint), source, recorder in zip(jobs, sources, recorders, strict=True)
        ]
        run_simulated(clock, pair, drivers)
        for driver, recorder in zip(drivers, recorders, strict=True):
            finish_log(driver.participant, recorder, clock.now())
    finally:
        for source in sources:
            source.close()
        for recorder in recorders:
            recorder.close()


def _ignore(seconds: float, state: str) -> None:
    """The near end's own screen is of no interest."""
