"""The tables of a restorer's card: what it gains on clips that it has not seen, and what each input is worth.

``python -m callcodec.measure.restoration_table mdvd --data CLIPS [--weights FILE] [--out TABLE.md]``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from callcodec.measure.metrics.spread import estimate
from models.checkpoint import WeightsError, shipped_weights
from models.restoration.back_projection import HALF_STEP, BackProjected, shipped_intervals
from models.restoration.mdvd_restorer import MdvdRestorer, load_mdvd
from models.restoration.mmsd_restorer import MmsdRestorer, load_mmsd
from models.restoration.restorer import Restorer
from models.training.cache import ClipCache, DataError, open_cache
from models.training.restoration.ablations import ABLATIONS, EVERYTHING
from models.training.restoration.judging import ClipGain, Judged, clip_gains
from models.training.restoration.mdvd_scores import PAPERS, judged_streams
from models.training.restoration.mmsd_scores import BAR, CONDITIONS, branch_lines, judged_small

MMSD_CONDITIONS = (*CONDITIONS, f"{BAR}_area")
MDVD_CONDITIONS = (PAPERS, "at_24_db", "at_31_db", "at_60_kbps", "at_40_kbps", "at_160_kbps", "at_27_db_hevc")
Line = tuple[str, list[ClipGain]]


def lines_of(restorer: Restorer, judged: Sequence[Judged], every: int) -> Iterator[Line]:
    """One line a condition, nothing taken away."""
    for condition in dict.fromkeys(one.condition for one in judged):
        yield (
            condition.replace("_", " "),
            clip_gains(restorer, [one for one in judged if one.condition == condition], every),
        )


def ablation_lines(restorer: Restorer, judged: Sequence[Judged], every: int) -> Iterator[Line]:
    """One line for each thing that is taken away, everything else as it is."""
    for name, change in ABLATIONS.items():
        yield name, clip_gains(restorer, judged, every, None if name == EVERYTHING else change)


def projection_lines(restorer: Restorer, judged: Sequence[Judged], every: int) -> Iterator[Line]:
    """One line for each interval of back projection."""
    for name, intervals in {"± half a step": HALF_STEP, **shipped_intervals()}.items():
        yield f"back projection, {name}", clip_gains(BackProjected(restorer, intervals), judged, every)


def markdown(lines: Iterable[Line], say: Callable[[str], None]) -> None:
    """Write a table, a line as soon as it is known."""
    say("| | input, face | gain, face | least, most of a clip | upper, lower face | whole picture |")
    say("|---|---|---|---|---|---|")
    for name, rows in lines:
        people = [row.person for row in rows]
        face = [row.face_db for row in rows]
        columns = [
            name,
            _mean([row.before_db for row in rows], people),
            _with_interval(face, people),
            f"{min(face):+.2f}, {max(face):+.2f}",
            f"{_mean([r.upper_db for r in rows], people)}, {_mean([r.lower_db for r in rows], people)}",
            _mean([row.whole_db for row in rows], people),
        ]
        say(f"| {' | '.join(columns)} |")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 2 for what cannot be judged."""
    parser = argparse.ArgumentParser(
        prog="python -m callcodec.measure.restoration_table", description=__doc__
    )
    parser.add_argument("restorer", choices=("mdvd", "mmsd"))
    parser.add_argument("--data", type=Path, required=True, help="folder with val.tsv and val/")
    parser.add_argument("--weights", type=Path, help="safetensors to judge instead of the shipped")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec")
    parser.add_argument(
        "--every", type=int, default=5, metavar="N", help="judge every Nth picture (default 5)"
    )
    args = parser.parse_args(arguments)
    try:
        validation = open_cache(args.data, "val", args.cache)
        weights = args.weights or shipped_weights(args.restorer)
        print("PSNR over RGB in dB, mean over clips; in brackets the 95 % interval, bootstrap over people.\n")
        tables = mdvd_tables if args.restorer == "mdvd" else mmsd_tables
        tables(weights, validation, args.every)
    except (WeightsError, DataError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def mdvd_tables(weights: Path, validation: ClipCache, every: int) -> None:
    """By rate, each input taken away, and back projection."""
    restorer = MdvdRestorer(load_mdvd(weights))
    judged = judged_streams(validation, MDVD_CONDITIONS)
    paper = [one for one in judged if one.condition == PAPERS]
    markdown(lines_of(restorer, judged, every), _say)
    print(f"\nAt {PAPERS[3:].replace('_', ' ')}, with something taken away or exchanged:\n")
    markdown(ablation_lines(restorer, paper, every), _say)
    markdown(projection_lines(restorer, paper, every), _say)


def mmsd_tables(weights: Path, validation: ClipCache, every: int) -> None:
    """By quality, over bicubic enlargement, each clip at the bar's quality, and each input taken away."""
    restorer = MmsdRestorer(load_mmsd(weights))
    judged = judged_small(validation, MMSD_CONDITIONS)
    lines = list(lines_of(restorer, judged, every))
    markdown(lines, _say)
    print(f"\nEach clip at {BAR.replace('_', ' ')}:\n")
    markdown(((row.clip, [row]) for _, rows in lines for row in rows if row.condition == BAR), _say)
    print(f"\nAt {BAR.replace('_', ' ')}, with something taken away or exchanged:\n")
    markdown(branch_lines(restorer, [one for one in judged if one.condition == BAR], every), _say)


def _mean(values: Sequence[float], people: Sequence[str]) -> str:
    found = estimate(values, people)
    return "" if found is None else f"{found.mean:.2f}"


def _with_interval(values: Sequence[float], people: Sequence[str]) -> str:
    found = estimate(values, people)
    return "" if found is None else f"{found.mean:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
