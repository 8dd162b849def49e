"""Every row of the table by name; each is told how many seconds to take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from callcodec.measure.links import hostile_row, real_rows, simulated_rows
from callcodec.measure.links.bars import Kind, Result
from callcodec.transport.link import LinkProfile


@dataclass(frozen=True)
class Row:
    """``seconds``: what the bar asks for; ``short_seconds``: enough to see whether it works at all.

    ``soak``: takes many minutes.
    """

    name: str
    kind: Kind
    seconds: float
    short_seconds: float
    measure: Callable[[float], Result]
    soak: bool = False


def _simulated_loss(name: str, loss: float, burst: float | None = None) -> Row:
    measure = partial(simulated_rows.loss_row, name, loss, burst)
    return Row(name, Kind.SIMULATED, simulated_rows.LOSS_S, 30.0, measure)


def _outage(name: str, link: str, profile: LinkProfile, seconds: float) -> Row:
    return Row(name, Kind.REAL, seconds, seconds, partial(real_rows.outage_row, name, link, profile))


HEAVY = replace(real_rows.CALM, loss=0.3)

ROWS: tuple[Row, ...] = (
    Row("narrow", Kind.REAL, real_rows.NARROW_S, 30.0, real_rows.narrow_row),
    *(_simulated_loss(f"loss {percent} %", percent / 100) for percent in (1, 5, 10, 20, 30)),
    *(_simulated_loss(f"bursts of {length}", 0.1, float(length)) for length in (3, 8)),
    *(
        Row(
            f"R loss {p} %",
            Kind.REAL,
            real_rows.LOSS_S,
            20.0,
            partial(real_rows.loss_row, f"R loss {p} %", p / 100),
        )
        for p in (10, 30)
    ),
    Row("jitter", Kind.SIMULATED, simulated_rows.JITTER_S, 60.0, simulated_rows.jitter_row),
    Row(
        "international",
        Kind.SIMULATED,
        simulated_rows.INTERNATIONAL_S,
        30.0,
        simulated_rows.international_row,
    ),
    _outage("heavy loss", "30 % lost for 10 s", HEAVY, 10.0),
    _outage("blackout 5 s", "nothing arrives for 5 s", real_rows.DARK, 5.0),
    _outage("blackout 20 s", "nothing arrives for 20 s", real_rows.DARK, 20.0),
    _outage("blackout 45 s", "nothing arrives for 45 s: the connection ends", real_rows.DARK, 45.0),
    Row("killed", Kind.REAL, real_rows.BEFORE_S, real_rows.BEFORE_S, real_rows.kill_row),
    Row("round trip", Kind.REAL, real_rows.RTT_S, 40.0, real_rows.round_trip_row),
    Row("hour", Kind.SIMULATED, simulated_rows.HOUR_S, 60.0, simulated_rows.hour_row, soak=True),
    Row("ten minutes", Kind.REAL, real_rows.TEN_MINUTES_S, 30.0, real_rows.ten_minutes_row, soak=True),
    Row("hostile", Kind.SIMULATED, hostile_row.HOSTILE_S, 2.0, hostile_row.hostile_row, soak=True),
    Row("glass to glass", Kind.REAL, real_rows.GLASS_S, 20.0, real_rows.glass_row),
)


def find_row(name: str) -> Row:
    """The row of that name. ValueError if there is none."""
    for row in ROWS:
        if row.name == name:
            return row
    raise ValueError(f"there is no row {name!r}; there are {', '.join(row.name for row in ROWS)}")
