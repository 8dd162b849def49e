"""A call in real time: steps one end on the event loop, at the host's monotonic clock."""

import asyncio

from callcodec.call.driver import STEP_S, EndDriver
from callcodec.transport.clock import Clock


class Failure:
    """Takes the first exception of a worker thread to the loop that runs the call."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __call__(self, error: BaseException) -> None:
        """Keep the first one."""
        self.error = self.error or error


async def run_live(driver: EndDriver, clock: Clock, failure: Failure, stop: asyncio.Event) -> None:
    """Step the end until the call is over; ``stop`` hangs up. Raises what a worker thread raised."""
    step = 0
    began_s = clock.now()
    while not driver.step(clock.now()):
        if failure.error is not None:
            raise failure.error
        if stop.is_set():
            driver.stop()
        # Behind schedule, steps are left out: each one does everything that is due.
        step = max(step + 1, int((clock.now() - began_s) / STEP_S))
        await asyncio.sleep(max(0.0, began_s + step * STEP_S - clock.now()))
