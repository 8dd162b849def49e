"""The configuration of a training run, as its YAML file has it."""

from __future__ import annotations

from dataclasses import dataclass

from models.training.evaluate import Conditions


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms; the sum of L1 (pyramid) and gradients is what keeps pictures right and sharp."""

    pyramid: float
    gradient: float
    region_l2: float
    region_l1: float
    raw: float  # of the same L1 before the consistency step, so that the network itself stays honest
    moved: float  # of the identity image as it was only moved: motion is to explain what it can
    faded: float  # of the share of a picture that is only the enlarged low resolution: blur is no answer to doubt
    painted: float  # of detail that is painted instead of moved


@dataclass(frozen=True)
class TrainConfig:
    """One run of the training loop."""

    network: str  # configs/models/NAME.yaml
    batch: int
    learning_rate: float
    warm_up_steps: int
    final_learning_rate: float
    averaging: float  # decay of the exponential moving average of the weights
    gradient_clip: float
    consistency_weight: float  # of the step that follows the network, in training
    consistency_iterations: int
    loss: LossWeights
    seed: int
    threads: int
    half_precision: bool  # convolutions in bfloat16; positions and flows stay in single precision
    evaluate_minutes: float
    judged_under: Conditions
    log_steps: int
