"""A whole call on simulated time: the same bytes and the same frames every time, as fast as the machine can."""

from collections.abc import Callable

from callcodec.call.driver import STEP_S, EndDriver
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.simulated import SimulatedPair

LIMIT_S = 4 * 3600.0


def run_simulated(clock: SimulatedClock, pair: SimulatedPair, ends: list[EndDriver]) -> None:
    """Connect the pair and step every end until all are done.

    Raises:
        TimeoutError: the call does not end within LIMIT_S of simulated time.
    """
    pair.connect()
    open_ends = set(range(len(ends)))

    def stepper(index: int) -> Callable[[], None]:
        def step() -> None:
            if ends[index].step(clock.now()):
                open_ends.discard(index)
            else:
                clock.schedule_in(STEP_S, step)

        return step

    for index in range(len(ends)):
        clock.schedule_in(STEP_S, stepper(index))
    while open_ends:
        if clock.now() > LIMIT_S:
            raise TimeoutError(f"the simulated call did not end within {LIMIT_S:.0f} s")
        clock.run_until(clock.now() + 1.0)
