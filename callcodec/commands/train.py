"""`callcodec train`: a network from a folder of face tracks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser("train", help="train a network on a folder of face tracks")
    parser.add_argument("config", help="a path such as configs/train/compact.yaml, or the name train/compact")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with train.tsv, train/, val.tsv, val/"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="where checkpoints, scores and sample pictures go"
    )
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="wall time to train for, in all (default 60)"
    )
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec",
                        help="where decoded clips are kept (default ~/.cache/callcodec)")  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on from the state in --out")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, evaluate, export; 0 on success, 2 where the input cannot be used, 1 where training diverged."""
    from callcodec.config import ConfigError
    from models.checkpoint import export_weights
    from models.training.cache import DataError, open_cache
    from models.training.loop import STATE, DivergedError, train
    from models.training.task import TrainingData
    from models.training.task_registry import load_plan

    try:
        plan = load_plan(args.config)
        if args.resume and not (args.out / STATE).is_file():
            raise DataError(f"there is nothing to resume in {args.out}: {STATE} is missing")
        data = TrainingData(*(open_cache(args.data, split, args.cache) for split in ("train", "val")))
        task = plan.create(data)
        args.out.mkdir(parents=True, exist_ok=True)
    except (ConfigError, DataError, OSError) as error:
        print(f"callcodec train: {error}", file=sys.stderr)
        return 2
    try:
        network = train(
            plan.loop,
            task,
            args.out,
            minutes=args.minutes,
            resume=args.resume,
            say=lambda line: print(line, flush=True),
        )
    except DivergedError as error:
        print(f"callcodec train: {error}", file=sys.stderr)
        return 1
    names = [clip.name for clip in data.training.clips]
    export_weights(network, args.out / f"{task.name}.safetensors", names, task.name)
    return 0
