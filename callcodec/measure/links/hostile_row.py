"""The row of the hostile peer: broken messages of every type, and 10,000 a second of each."""

from __future__ import annotations

import logging
import random
import tracemalloc

from callcodec.measure.links.bars import Check, Kind, Result
from callcodec.measure.links.hostile import Kind as Into
from callcodec.measure.links.hostile import Victim, mutated, seeds

HOSTILE_S = 10.0
BROKEN_PER_SEED_AND_S = 20
FLOOD_PER_S = 10_000
STEP_S = 0.01
MEMORY_BAR_MB = 32.0
FLOODED = ("voice", "bundle_rung_6", "face_rung_6", "control_hello", "control_identity_request", "identity_0")


class _Lines(logging.Handler):
    """Counts lines by what they say first."""

    def __init__(self) -> None:
        super().__init__()
        self.by_text: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().split("(", maxsplit=1)[0]
        self.by_text[text] = self.by_text.get(text, 0) + 1


def hostile_row(seconds: float) -> Result:
    """`seconds` of each flood, and so many times BROKEN_PER_SEED_AND_S broken copies of every message."""
    raised = broken = 0
    most_lines = 0
    peak_bytes = 0
    for carrier in ("opus", "channel"):
        faults, tried = _fuzz(carrier, seconds)
        raised, broken = raised + faults, broken + tried
    for name in FLOODED:
        faults, lines, peak = _flood(name, seconds)
        raised, most_lines, peak_bytes = raised + faults, max(most_lines, lines), max(peak_bytes, peak)
    return Result(
        "hostile",
        f"{broken} broken messages; {FLOOD_PER_S} a second of {len(FLOODED)} kinds",
        Kind.SIMULATED,
        seconds,
        (
            Check("raised", float(raised), 0.0, "errors"),
            Check("lines in the log for one kind", float(most_lines), 1.0),
            Check("memory added", peak_bytes / 1e6, MEMORY_BAR_MB, "MB"),
        ),
        short=seconds < HOSTILE_S,
    )


def _fuzz(carrier: str, seconds: float) -> tuple[int, int]:
    """(what was raised, what was tried)."""
    dice = random.Random(f"{carrier} {seconds}")
    messages = seeds()
    others = [data for _, data in messages.values()]
    victim, now_s, raised, tried = Victim(carrier), 0.0, 0, 0
    for _ in range(max(1, round(BROKEN_PER_SEED_AND_S * seconds))):
        for kind, data in messages.values():
            now_s += STEP_S
            tried += 1
            broken = mutated(data, dice, others)
            try:
                # A bundle of zeros alone is none, and cannot be embedded.
                victim.hear(kind if kind is not Into.BUNDLE or any(broken) else Into.VOICE, broken, now_s)
                victim.step(now_s)
            except Exception:
                logging.getLogger(__name__).exception("a broken %s", kind.value)
                raised += 1
        if victim.participant.goodbye is not None or victim.participant.refusal is not None:
            victim, now_s = Victim(carrier), 0.0
    return raised, tried


def _flood(name: str, seconds: float) -> tuple[int, int, int]:
    """(what was raised, most lines of one kind in the log, bytes added at the worst)."""
    kind, data = seeds()[name]
    victim = Victim("channel" if kind is Into.FACE else "opus")
    victim.step(0.0)
    lines = _Lines()
    root = logging.getLogger("callcodec")
    root.addHandler(lines)
    tracemalloc.start()
    raised = 0
    try:
        for step in range(1, round(seconds / STEP_S)):
            now_s = step * STEP_S
            try:
                for _ in range(round(FLOOD_PER_S * STEP_S)):
                    victim.hear(kind, data, now_s)
                victim.step(now_s)
            except Exception:
                logging.getLogger(__name__).exception("a flood of %s", name)
                raised += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        root.removeHandler(lines)
    return raised, max(lines.by_text.values(), default=0), peak
