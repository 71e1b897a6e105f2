"""What a training is given and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from paretorec.training.optimizers import OptimizerName, ScheduleName


class Task(Protocol):
    """A model and how it learns.

    A task whose `loss` draws random numbers (dropout, negatives) may have a method ``reseed(rng)``, from which all
    later draws come. It is called before every batch where a step takes several, so that what a batch draws does
    not depend on the process that it falls to.
    """

    @property
    def model(self) -> nn.Module:
        """Trained in place."""

    def batches(self, rng: np.random.Generator) -> Sequence[Any]:
        """One epoch. Everything random in the epoch (also dropout) must come from `rng`, so that a resumed run
        repeats it."""

    def loss(self, batch: Any) -> Tensor:
        """Scalar, with gradients."""

    def validate(self) -> float | None:
        """Higher is better; None where there is nothing to validate on. Called in eval mode without gradients, where
        several processes train by the first one alone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn."""

    epochs: int
    learning_rate: float
    """Peak."""
    final_learning_rate: float = 0.0
    """At the end of a cosine schedule."""
    warm_up: float = 0.0
    """Epochs of linear warm-up."""
    schedule: ScheduleName = "cosine"
    optimizer: OptimizerName = "adamw"
    weight_decay: float = 0.0
    """Of matrices; vectors (biases, norms) and embedding tables are never decayed."""
    clip_norm: float = 0.0
    """Longer gradients, all parameters' taken as one vector, are scaled down to this length; 0: none."""
    accumulate: int = 1
    """Batches whose mean gradient makes one step. Several processes share a step's batches, and each takes one at
    least: with more processes than this, a step takes as many batches as there are processes."""
    ema: float = 0.0
    """Half-life, in epochs, of the weights' exponential moving average, which is then what is validated and kept;
    0: the weights themselves."""
    patience: int = 0
    """Epochs without improvement before the end; 0: never early. The best weights are kept in any case."""
    minutes: float | None = None
    """Wall-clock budget. The schedule then runs by whichever is further, epochs or minutes, so that the learning
    rate has come down when time is up; results then depend on the machine's speed."""
    autocast: bool = False
    """Compute the loss under `torch.autocast` in bfloat16; weights, their gradients and the optimizer stay float32."""
    compile: bool = False
    """Train through `torch.compile`; without a compiler a warning says so and nothing else changes."""
    memory_keys: tuple[str, ...] = ()
    """Configuration keys to lower where memory runs out, as the error shows them: ``batch_tokens = 3200``."""


@dataclass(frozen=True, slots=True)
class FitReport:
    """What happened."""

    epochs: int
    """Epochs done."""
    best_epoch: int
    """1-based epoch whose weights were kept."""
    scores: tuple[float | None, ...]
    """Validation score after each epoch."""
    losses: tuple[float, ...]
    """Mean training loss of each epoch."""
    seconds: float
    """Wall time, all sessions of a resumed training together."""
