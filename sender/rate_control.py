"""Which rung of the ladder to stand on: down at once when the link says so, up slowly while it keeps quiet.

A queue is the link's own word that too much is sent. Loss alone is not: a bad radio link loses at any rate, and a
lower one helps nobody; so loss counts when it has come with a climb, or beside a queue. No I/O, no clock.
"""

from sender.ladder import Ladder

QUEUE_S, LONG_QUEUE_S, CALM_QUEUE_S = 0.12, 0.30, 0.06
"""A long queue leads to the lowest rung at once: before a rung in the middle has been tried, the voice is gone."""
LOSS_OF_A_CLIMB = 0.05
"""Above what was lost before the climb."""
LOSS_BESIDE_A_QUEUE = 0.10
PROBATION_S = 12.0
"""For so long after a climb, trouble is that climb's."""
SETTLING_S = 2.5
"""After a step down: the queue drains, and reports of before are still on their way."""
PATIENCE_S, MAX_PATIENCE_S = 8.0, 128.0
SILENCE_S = 3.0
"""Reports come every two seconds at the latest; without any, the link is thought to be bad."""


class RateControl:
    """Told of every report; `now_s` are seconds of one clock, any, and never go back."""

    def __init__(self, ladder: Ladder, now_s: float = 0.0) -> None:
        self._ladder = ladder
        self.top = len(ladder.rungs) - 1
        """The highest rung that the other side can use; may be lowered at any time."""
        self.rung = ladder.first
        self._patience_s = [PATIENCE_S] * len(ladder.rungs)
        self._calm_since_s = now_s
        self._climbed_s: float | None = None
        self._loss_before_climb = 0.0
        self._loss = 0.0
        self._stepped_down_s: float | None = None
        self._heard_s: float | None = None

    def reported(self, loss: float, queue_s: float, now_s: float) -> int:
        """Loss (0..1) and queue of the last seconds, as the other side tells them; the rung from now on."""
        if self._is_silent(now_s):
            self._calm_since_s = now_s
        self._heard_s = now_s
        if self._is_trouble(loss, queue_s, now_s):
            self._calm_since_s = now_s
            settling = self._stepped_down_s is not None and now_s - self._stepped_down_s < SETTLING_S
            if not settling or queue_s > LONG_QUEUE_S:
                self._step_down(queue_s, now_s)
        elif queue_s > CALM_QUEUE_S:
            self._calm_since_s = now_s
        else:
            self._loss += 0.2 * (loss - self._loss)
            self._climb(now_s)
        self.rung = min(self.rung, self.top)
        return self.rung

    def tick(self, now_s: float) -> int:
        """Time passes without a report; the rung from now on."""
        if self._is_silent(now_s):
            self.rung = 0
            self._calm_since_s = now_s
            self._climbed_s = None
        self.rung = min(self.rung, self.top)
        return self.rung

    def _is_silent(self, now_s: float) -> bool:
        return self._heard_s is not None and now_s - self._heard_s > SILENCE_S

    def _is_trouble(self, loss: float, queue_s: float, now_s: float) -> bool:
        if queue_s > QUEUE_S:
            return True
        if loss > LOSS_BESIDE_A_QUEUE and queue_s > CALM_QUEUE_S:
            return True
        on_probation = self._climbed_s is not None and now_s - self._climbed_s < PROBATION_S
        return on_probation and loss > self._loss_before_climb + LOSS_OF_A_CLIMB

    def _step_down(self, queue_s: float, now_s: float) -> None:
        if self._climbed_s is not None and now_s - self._climbed_s < PROBATION_S:
            # This rung was too much: it is tried again, but each time later.
            self._patience_s[self.rung] = min(2 * self._patience_s[self.rung], MAX_PATIENCE_S)
        self._climbed_s = None
        self._stepped_down_s = now_s
        self.rung = 0 if queue_s > LONG_QUEUE_S else max(0, self.rung - 1)

    def _climb(self, now_s: float) -> None:
        above = self.rung + 1
        if above > self.top or now_s - self._calm_since_s < self._patience_s[above]:
            return
        self.rung = above
        self._climbed_s = self._calm_since_s = now_s
        self._loss_before_climb = self._loss
