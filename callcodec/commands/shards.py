"""`callcodec shards`: a folder of face tracks as a few small files, to be carried to a machine that trains."""

from __future__ import annotations

import argparse
from pathlib import Path

from callcodec.commands.options import positive

SPLITS = ("train", "val")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "shards",
        help="pack a folder of face tracks for another machine",
        description="Packs both splits of a folder of face tracks into a few small files, for a machine that trains "
        "and has neither PyAV nor aiortc.",
    )
    parser.add_argument(
        "data", type=Path, metavar="CLIPS", help="folder with train.tsv, train/, val.tsv, val/"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the shards go")
    parser.add_argument(
        "--megabytes", type=positive, default=28.0, metavar="N", help="of a shard at most (default 28)"
    )
    parser.add_argument("--crf", type=int, default=23, choices=range(0, 52), metavar="0..51",
                        help="of H.264; smaller is better and larger (default 23)")  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Pack both splits; 0 on success. ValueError where the folder cannot be used."""
    from models.training.clip_folder import decoded_clips
    from models.training.shards import write_shards

    for split in SPLITS:
        for path in write_shards(decoded_clips(args.data, split), split, args.out, args.megabytes, args.crf):
            print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    return 0
