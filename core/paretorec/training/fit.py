"""The training loop: schedule, early stopping, checkpoints, progress. What is trained is the task's business."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from paretorec.contracts import EpochFinished, RunContext
from paretorec.errors import ConfigError
from paretorec.training.checkpoint import load_checkpoint, save_checkpoint
from paretorec.training.optimizers import OptimizerName, ScheduleName, learning_rate_factor, make_optimizer
from paretorec.training.threads import torch_threads


class Task(Protocol):
    """A model and how it learns."""

    @property
    def model(self) -> nn.Module:
        """Trained in place."""

    def batches(self, rng: np.random.Generator) -> Sequence[Any]:
        """One epoch. Everything random in the epoch (also dropout) must come from `rng`, so that a resumed run
        repeats it."""

    def loss(self, batch: Any) -> Tensor:
        """Scalar, with gradients."""

    def validate(self) -> float | None:
        """Higher is better; None where there is nothing to validate on. Called in eval mode without gradients."""


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
    patience: int = 0
    """Epochs without improvement before the end; 0: never early. The best weights are kept in any case."""
    minutes: float | None = None
    """Wall-clock budget. The schedule then runs by whichever is further, epochs or minutes, so that the learning
    rate has come down when time is up; results then depend on the machine's speed."""


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


def fit(task: Task, plan: Plan, run: RunContext, name: str, checkpoint: Path | None = None) -> FitReport:
    """Train `task.model` in place and leave it in eval mode with the weights of its best epoch.

    After every epoch everything needed to go on is written to `checkpoint`, which is removed at the end; if that
    file exists, training goes on from it and ends with the same weights as if it had never stopped (same threads,
    no `minutes`). The caller names the file so that it can only belong to this task, plan and data. `run.stop` is
    looked at before every step.

    Raises `Interrupted` from `run.check_stop`, `ConfigError` when the loss is no longer finite.
    """
    trainer = _Trainer(task, plan, run, name)
    if checkpoint is not None:
        trainer.resume(checkpoint)
    with torch_threads(run.threads), run.progress.bar(name, plan.epochs) as bar:
        if trainer.epoch:
            bar.advance(trainer.epoch, "resumed")
        while not trainer.finished:
            trainer.run_epoch()
            if checkpoint is not None:
                trainer.save(checkpoint)
            bar.advance(1, trainer.note)
            run.emit(trainer.event)
    report = trainer.finish()
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return report


class _Trainer:
    """What changes during a training."""

    def __init__(self, task: Task, plan: Plan, run: RunContext, name: str) -> None:
        self.task, self.plan, self.run, self.name = task, plan, run, name
        self.optimizer = make_optimizer(plan.optimizer, task.model.parameters(), plan.learning_rate, plan.weight_decay)
        self.epoch = 0
        self.best_epoch = 0
        self.best_score: float | None = None
        self.best = _copy(task.model.state_dict())
        self.scores: list[float | None] = []
        self.losses: list[float] = []
        self.seconds = 0.0

    @property
    def finished(self) -> bool:
        plan = self.plan
        stale = bool(plan.patience) and self.best_score is not None and self.epoch - self.best_epoch >= plan.patience
        late = plan.minutes is not None and self.seconds >= plan.minutes * 60
        return self.epoch >= plan.epochs or stale or late

    @property
    def note(self) -> str:
        score = self.scores[-1]
        return f"loss {self.losses[-1]:.3f}" + ("" if score is None else f", validation {score:.4f}")

    @property
    def event(self) -> EpochFinished:
        return EpochFinished(
            training=self.name,
            epoch=self.epoch,
            epochs=self.plan.epochs,
            loss=self.losses[-1],
            score=self.scores[-1],
            seconds=self.seconds,
        )

    def run_epoch(self) -> None:
        """One pass over the batches, then validation; raises between steps when the run is stopped."""
        began = time.monotonic()
        task, plan = self.task, self.plan
        batches = task.batches(self.run.rng(f"{self.name}/epoch/{self.epoch}"))
        task.model.train()
        total: Tensor | float = 0.0  # stays on the device: reading it would wait for every step
        for step, batch in enumerate(batches):
            self.run.check_stop()
            progress = (self.epoch + (step + 1) / len(batches)) / plan.epochs
            if plan.minutes is not None:
                progress = max(progress, (self.seconds + time.monotonic() - began) / (plan.minutes * 60))
            factor = learning_rate_factor(
                plan.schedule, progress, plan.warm_up / plan.epochs, plan.final_learning_rate / plan.learning_rate
            )
            for group in self.optimizer.param_groups:
                group["lr"] = plan.learning_rate * factor
            self.optimizer.zero_grad(set_to_none=True)
            loss = task.loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total = total + loss.detach().double()
        self.epoch += 1
        self.losses.append(float(total) / max(len(batches), 1))
        if not np.isfinite(self.losses[-1]):
            raise ConfigError(
                f"{self.name}: the training loss is not finite in epoch {self.epoch}; set a lower learning_rate"
            )
        self._validate()
        self.seconds += time.monotonic() - began

    def _validate(self) -> None:
        self.task.model.eval()
        with torch.no_grad():
            score = self.task.validate()
        self.scores.append(score)
        if score is None or self.best_score is None or score > self.best_score:
            self.best_score, self.best_epoch = score, self.epoch
            self.best = _copy(self.task.model.state_dict())

    def finish(self) -> FitReport:
        self.task.model.load_state_dict(self.best)
        self.task.model.eval()
        return FitReport(self.epoch, self.best_epoch, tuple(self.scores), tuple(self.losses), self.seconds)

    def save(self, path: Path) -> None:
        tensors = {f"model/{key}": value for key, value in self.task.model.state_dict().items()}
        tensors |= {f"best/{key}": value for key, value in self.best.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{key}": value for key, value in state.items() if torch.is_tensor(value)}
        meta = {
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "best_score": self.best_score,
            "scores": self.scores,
            "losses": self.losses,
            "seconds": self.seconds,
        }
        save_checkpoint(path, tensors, meta)

    def resume(self, path: Path) -> None:
        """Go on from `path` if it exists."""
        loaded = load_checkpoint(path)
        if loaded is None:
            return
        tensors, meta = loaded
        self.task.model.load_state_dict(_under(tensors, "model/"))
        self.best = _under(tensors, "best/")
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _under(tensors, "optimizer/").items():
            index, _, field = key.partition("/")
            state.setdefault(int(index), {})[field] = value
        self.optimizer.load_state_dict({"state": state, "param_groups": self.optimizer.state_dict()["param_groups"]})
        self.epoch, self.seconds = meta["epoch"], meta["seconds"]
        self.best_epoch, self.best_score = meta["best_epoch"], meta["best_score"]
        self.scores, self.losses = list(meta["scores"]), list(meta["losses"])


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in state.items()}


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
