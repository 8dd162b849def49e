"""`callcodec train`: a network from a folder of face tracks, or from shards of one."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from callcodec.commands.options import DEVICES, chosen_device, positive
from callcodec.commands.train_evaluation import add_evaluation_arguments, evaluate

if TYPE_CHECKING:
    from models.training.task import TrainingData

DEFAULT_MINUTES = 60.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "train",
        help="train a network on a folder of face tracks",
        description="Trains the network of a configuration, judges it on people that it does not see, and keeps the "
        "best weights. A run that was stopped goes on with --resume. The exit code is 1 where training diverged.",
    )
    parser.add_argument(
        "config",
        metavar="CONFIG",
        help="a path such as configs/train/compact.yaml, or the name train/compact",
    )
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument(
        "--data", type=Path, metavar="CLIPS", help="folder with train.tsv, train/, val.tsv, val/"
    )
    data.add_argument("--shards", type=Path, metavar="DIR", help="folder of shards, see callcodec shards")
    data.add_argument("--person", type=Path, metavar="CLIPS",
                      help="fine-tune for one speaker of this data folder, judged on its known.tsv, "
                      "from --init or the shipped weights")  # fmt: skip
    parser.add_argument("--speaker", metavar="LABEL", help="which one, where --person has several")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="where the state, weights, figures and sample pictures go",
    )
    parser.add_argument("--minutes", type=positive, metavar="N",
                        help="wall time of the whole run, earlier starts included (default 60)")  # fmt: skip
    parser.add_argument(
        "--steps", type=int, metavar="N", help="length of the whole run in steps, instead of minutes"
    )
    parser.add_argument("--window", type=positive, metavar="MINUTES",
                        help="end this start after so long, all included; --resume goes on")  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on from the state in --out")
    parser.add_argument("--init", metavar="WEIGHTS",
                        help="weights to begin with: a safetensors file, or the name of shipped ones")  # fmt: skip
    parser.add_argument("--learning-rate", type=positive, metavar="R",
                        help="instead of the configuration's; good weights want about a tenth of it")  # fmt: skip
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to train (default auto)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that make samples")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec", metavar="DIR",
                        help="where decoded clips are kept (default ~/.cache/callcodec)")  # fmt: skip
    parser.add_argument("--plain", action="store_true",
                        help="keep frames of --shards decoded, 0.2 MB each: faster where memory is plenty")  # fmt: skip
    add_evaluation_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, judge, export; 0 on success, 1 where training diverged. ValueError where the input is of no use."""
    began = time.monotonic()
    if args.evaluate:
        return evaluate(args)
    try:
        from models.training.engine import create_fabric
        from models.training.loop import DivergedError, Trainer
    except ModuleNotFoundError as error:
        raise ValueError(
            f"training needs {error.name}, which is missing: pip install 'callcodec[train]'"
        ) from error
    import dataclasses

    from models.training.schedule import Limits
    from models.training.task_registry import load_plan

    minutes = DEFAULT_MINUTES if args.minutes is None and args.steps is None else args.minutes
    limits = Limits(args.steps, minutes, args.window)
    plan = load_plan(args.config)
    asked = {"workers": args.workers, "learning_rate": args.learning_rate}
    loop = dataclasses.replace(
        plan.loop, **{name: value for name, value in asked.items() if value is not None}
    )
    fabric = create_fabric(loop, chosen_device(args.device))
    with fabric.rank_zero_first(local=True):  # what the first process of a machine decodes, the others open
        data = _data(args)
        task = plan.create(data)
    args.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(
        loop,
        task,
        args.out,
        limits,
        fabric=fabric,
        resume=args.resume,
        initial=_initial(args, plan.task),
        clips=[clip.name for clip in data.training.clips],
        began=began,
        say=lambda line: print(line, flush=True),
    )
    try:
        trainer.train()
    except DivergedError as error:
        print(f"callcodec train: {error}", file=sys.stderr)
        return 1
    return 0


def _data(args: argparse.Namespace) -> TrainingData:
    from models.training.cache import open_cache
    from models.training.person import clips_of_person
    from models.training.shards import open_shards
    from models.training.task import TrainingData

    if args.person is not None:
        return clips_of_person(args.person, args.speaker, args.cache)
    if args.shards is not None:
        clips = (open_shards(args.shards, split, args.cache, args.plain) for split in ("train", "val"))
    else:
        clips = (open_cache(args.data, split, args.cache) for split in ("train", "val"))
    return TrainingData(*clips)


def _initial(args: argparse.Namespace, task: str) -> Path | None:
    from models.checkpoint import shipped_weights

    name = task if args.init is None and args.person is not None else args.init
    if args.resume or name is None:
        return None
    path = Path(name)
    return path if path.suffix == ".safetensors" else shipped_weights(name)
