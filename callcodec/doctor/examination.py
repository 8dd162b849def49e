"""Everything that is looked at, in the order in which it is told."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from callcodec.doctor.devices import look_at_camera, look_at_echo, look_at_screen, look_at_sound
from callcodec.doctor.finding import Finding
from callcodec.doctor.network import look_at_ice, look_at_rendezvous_port, look_at_udp
from callcodec.doctor.packages import look_at_packages
from callcodec.doctor.speed import look_at_gpu, look_at_speed
from callcodec.doctor.weights import look_at_weights


@dataclass(frozen=True)
class Examination:
    """``device``: of torch. ``devices``: whether camera, microphone and speaker are opened."""

    device: str
    threads: int
    devices: bool = True
    speed: bool = True

    def run(self) -> Iterator[Finding]:
        """One finding after the other, as soon as it is known."""
        yield from look_at_packages()
        yield from look_at_weights()
        yield look_at_gpu()
        if self.speed:
            yield from look_at_speed(self.device, self.threads)
        steps: list[Callable[[], Finding]] = [look_at_udp, look_at_rendezvous_port]
        yield from (step() for step in steps)
        yield from asyncio.run(look_at_ice())
        if self.devices:
            yield look_at_camera()
            yield from look_at_sound()
            yield look_at_echo()
            yield look_at_screen()
