"""The configuration of the training loop, as the key ``loop`` of a YAML file has it."""

from __future__ import annotations

from dataclasses import dataclass

SCHEDULES = ("cosine", "halves", "constant")
PRECISIONS = ("32-true", "bf16-mixed")
JUDGED_ON = ("cpu", "device")


@dataclass(frozen=True)
class LoopConfig:
    """How any network is trained; what belongs to one network stands in the dataclass of its task."""

    batch: int  # samples of a step, those of all processes together
    learning_rate: float
    final_learning_rate: float = 0.0  # where the cosine ends
    schedule: str = "cosine"  # halves: divided by 10 after each half (Hegde et al., A.1.2)
    warm_up_steps: int = 0
    betas: tuple[float, float] = (0.9, 0.999)  # of AdamW
    weight_decay: float = 0.0  # 0 makes it Adam
    gradient_clip: float = 1.0  # largest norm of all gradients together
    averaging: float = 0.998  # decay of the exponential moving average of the weights; it is what is exported
    precision: str = "32-true"
    seed: int = 1
    threads: int = 2  # of torch, where it runs on a CPU
    workers: int = 1  # processes that make samples; 0: the loop does
    log_steps: int = 50
    save_minutes: float = 2.0  # how often the state is written that --resume goes on from
    evaluate_minutes: float = 10.0
    evaluate_steps: int = 0  # instead of minutes; samples have no end, so that this is what an epoch is
    judge_on: str = "cpu"  # or "device", where it is trained: for networks that are too slow on a CPU
    patience: int = 0  # evaluations without gain after which a run ends; 0: it never does

    def __post_init__(self) -> None:
        for name, known in (("schedule", SCHEDULES), ("precision", PRECISIONS), ("judge_on", JUDGED_ON)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; known are {', '.join(known)}")
        for name in ("batch", "threads", "log_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
