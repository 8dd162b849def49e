"""How often each side asks whether it may go on sending (consent freshness, RFC 7675).

Commonly one side asks every 5 s, waits half a second for the answer, and hangs up after six misses: with a
round trip of 600 ms no answer is ever in time, and at 30 % loss a call lasts minutes. So a question without
an answer is repeated here as every other STUN request is, and when still none comes it is asked again soon.
The 30 s after which consent expires stay; the pause is short enough for a blackout of 20 s to fit beside it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class ConsentSchedule:
    """When to ask. Both the real and the simulated endpoint follow it."""

    random: random.Random
    lifetime_s: float = 30.0
    """Consent expires this long after the last answer (RFC 7675, 5.1)."""
    healthy_interval_s: float = 6.0
    """Mean pause after an answer."""
    failing_interval_s: float = 0.5
    """Mean pause after a question that nobody answered."""
    timeouts_s: tuple[float, ...] = (0.5, 1.0, 1.0)
    """Waits after the question and after each of its repetitions."""

    def interval_s(self, healthy: bool) -> float:
        """The next pause, 0.8 to 1.2 times the mean, so that peers do not fall into step (RFC 7675, 5.1)."""
        mean_s = self.healthy_interval_s if healthy else self.failing_interval_s
        return mean_s * self.random.uniform(0.8, 1.2)
