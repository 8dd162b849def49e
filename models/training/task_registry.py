"""Tasks by name, and the files that configure them: a new task is one module and one line here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from callcodec.config import ConfigError, from_mapping, shipped_path
from models.training.config import LoopConfig
from models.training.task import Task, TaskKind, TrainingData

# name → module with a constant TASK; imported only when it is asked for
MODULES = {
    "landmarks": "models.training.tasks.landmarks",
    "paper": "models.training.tasks.paper",
    "compact": "models.training.tasks.compact",
    "interpolation": "models.training.tasks.interpolation",
    "sync": "models.training.tasks.sync",
    "gavn": "models.training.tasks.gavn",
    "interpolation_causal": "models.training.tasks.interpolation_causal",
    "mdvd": "models.training.tasks.mdvd",
    "mmsd": "models.training.tasks.mmsd",
}


@dataclass(frozen=True)
class TrainingPlan:
    """A file of configs/train: which task, its settings and those of the loop."""

    task: str
    settings: Any
    loop: LoopConfig

    def create(self, data: TrainingData) -> Task[Any, Any]:
        """The task on these clips."""
        return task_kind(self.task).create(self.settings, data)


def task_kind(name: str) -> TaskKind:
    """The task called ``name``. Raises ConfigError."""
    if name not in MODULES:
        raise ConfigError(f"there is no training task {name!r}; there are {', '.join(MODULES)}")
    kind = importlib.import_module(MODULES[name]).TASK
    if not isinstance(kind, TaskKind):
        raise TypeError(f"{MODULES[name]}.TASK is no TaskKind")
    return kind


def load_plan(name: str) -> TrainingPlan:
    """Read ``name``, a path or the name of a shipped file such as ``train/compact``. Raises ConfigError.

    The file has three keys: ``task: NAME``, ``loop:`` (LoopConfig) and ``NAME:`` (the task's own dataclass).
    """
    path = Path(name) if Path(name).suffix in (".yaml", ".yml") else shipped_path(name)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    if not isinstance(values, dict) or not isinstance(values.get("task"), str):
        raise ConfigError(f"{path}: the key task must name one of {', '.join(MODULES)}")
    task = values["task"]
    kind = task_kind(task)
    expected = {"task", "loop", task}
    if odd := expected ^ set(values):
        raise ConfigError(f"{path}: expected the keys task, loop and {task}; {sorted(map(str, odd))} differ")
    return TrainingPlan(
        task,
        from_mapping(values[task], kind.config, f"{path}: {task}"),
        from_mapping(values["loop"], LoopConfig, f"{path}: loop"),
    )
