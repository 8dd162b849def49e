"""`callcodec prepare`: face tracks for training from a data set as it was published."""

from __future__ import annotations

import argparse
from pathlib import Path

from callcodec.commands.options import positive

LAYOUTS = ("voxceleb2", "mead", "ravdess", "avspeech", "obama", "folder")
REASONS_SHOWN = 5


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "prepare",
        help="make face tracks for training from a data set",
        description="Finds the faces in a data set and writes them as 256x256 clips with landmarks, in the form that "
        "`callcodec train --data DIR` reads: DIR/train.tsv, DIR/val.tsv, DIR/refused.tsv, DIR/manifest.jsonl. "
        "Run again, it goes on where it was.",
    )
    parser.add_argument("source", type=Path, metavar="SRC", help="folder of the data set, or of any clips")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the tracks go")
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        metavar="NAME",
        help=f"how SRC is laid out: {', '.join(LAYOUTS)} (default detected)",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes at once (default 1)")
    parser.add_argument("--val-share", type=float, default=0.1, metavar="F",
                        help="share of the people kept for choosing, 0 to 0.9 (default 0.1)")  # fmt: skip
    parser.add_argument("--person", metavar="NAME", help="one person is in all clips")
    parser.add_argument("--lip-sync", choices=("yes", "unknown"),
                        help="whether voices belong to the lips (default what the data set says)")  # fmt: skip
    parser.add_argument(
        "--min-seconds", type=positive, default=2.0, metavar="N", help="shortest track (default 2)"
    )
    parser.add_argument(
        "--max-seconds", type=positive, default=60.0, metavar="N", help="longest track (default 60)"
    )
    parser.add_argument("--min-px", type=int, default=128, metavar="N",
                        help="smallest side of a face's box in the source (default 128)")  # fmt: skip
    parser.add_argument(
        "--landmarks", default="auto", metavar="NAME", help="what labels the faces (default auto)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prepare; 0 when tracks were written, 1 when nothing could be used."""
    from functools import partial

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from callcodec.media.timeline import FRAMES_PER_SECOND
    from models.landmarks import create_landmark_detector
    from models.training.prepare.preparation import Preparation, prepare
    from models.training.prepare.tracks import TrackRules

    if arguments.workers < 1 or not 0 <= arguments.val_share <= 0.9:
        raise ValueError("--workers must be 1 or more, --val-share 0 to 0.9")
    if arguments.min_seconds > arguments.max_seconds:
        raise ValueError("--min-seconds is longer than --max-seconds")
    preparation = Preparation(
        folder=arguments.source,
        out=arguments.out,
        rules=TrackRules(
            round(arguments.min_seconds * FRAMES_PER_SECOND),
            round(arguments.max_seconds * FRAMES_PER_SECOND),
            arguments.min_px,
        ),
        points=partial(create_landmark_detector, arguments.landmarks),
        labels=arguments.landmarks,
        layout=arguments.layout,
        person=arguments.person,
        lip_sync=arguments.lip_sync,
        validation_share=arguments.val_share,
        workers=arguments.workers,
    )
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("listing files", total=None)
        prepared = prepare(
            preparation,
            lambda done, total, what: bar.update(task, completed=done, total=total, description=what[-40:]),
        )
    tracks = [track for record in prepared.records for track in record.tracks]
    refused = [(r.source, refusal.reason) for r in prepared.records for refusal in r.refused]
    refused += [(skipped.path, skipped.reason) for skipped in prepared.skipped]
    minutes = sum(track.frames for track in tracks) / FRAMES_PER_SECOND / 60
    people = len({record.person for record in prepared.records if record.tracks})
    print(
        f"{len(tracks)} tracks of {people} people, {minutes:.1f} min, in {arguments.out} (layout {prepared.layout}; "
        f"{prepared.already_done} of {len(prepared.records)} recordings were done before)"
    )
    if refused:
        print(
            f"{len(refused)} stretches or files were left out, all listed in {arguments.out / 'refused.tsv'}:"
        )
        for path, reason in refused[:REASONS_SHOWN]:
            print(f"  {path}: {reason}")
    if tracks and arguments.val_share > 0 and all(record.split == "train" for record in prepared.records):
        print("nobody is left for val.tsv: a person is either trained on or chosen by, and there is only one")
    return 0 if tracks else 1
