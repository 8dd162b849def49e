"""Simulated time."""

from callcodec.transport.clock import MonotonicClock, SimulatedClock


def test_events_happen_in_order_of_time_and_then_of_scheduling() -> None:
    clock = SimulatedClock()
    seen: list[tuple[float, str]] = []
    for at_s, name in ((2.0, "c"), (1.0, "a"), (2.0, "d"), (1.0, "b")):
        clock.schedule(at_s, lambda name=name: seen.append((clock.now(), name)))  # type: ignore[misc]
    clock.run_until(3.0)
    assert seen == [(1.0, "a"), (1.0, "b"), (2.0, "c"), (2.0, "d")]
    assert clock.now() == 3.0


def test_an_event_may_schedule_others_that_still_belong_to_the_stretch() -> None:
    clock = SimulatedClock()
    seen: list[float] = []

    def tick() -> None:
        seen.append(clock.now())
        clock.schedule_in(0.25, tick)

    clock.schedule(0.25, tick)
    clock.run_until(1.0)
    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_the_past_happens_now() -> None:
    clock = SimulatedClock(10.0)
    seen: list[float] = []
    clock.schedule(3.0, lambda: seen.append(clock.now()))
    clock.run_until(10.0)
    assert seen == [10.0]


def test_a_cancelled_event_does_not_happen() -> None:
    clock = SimulatedClock()
    seen: list[int] = []
    clock.schedule(1.0, lambda: seen.append(1)).cancel()
    clock.run_until_idle(5.0)
    assert seen == []


def test_running_until_idle_stops_at_the_last_event() -> None:
    clock = SimulatedClock()
    clock.schedule(1.5, lambda: None)
    clock.schedule(7.0, lambda: None)
    clock.run_until_idle(5.0)
    assert clock.now() == 1.5


def test_the_hosts_clock_never_goes_back() -> None:
    clock = MonotonicClock()
    readings = [clock.now() for _ in range(100)]
    assert readings == sorted(readings)
