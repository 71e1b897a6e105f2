"""The training loop: schedule, early stopping, checkpoints, progress. What is trained is the task's business."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import EpochFinished, RunContext
from paretorec.errors import ArtifactError, ConfigError
from paretorec.training.checkpoint import differing_weights, load_checkpoint, save_checkpoint
from paretorec.training.compiling import compiled
from paretorec.training.distributed import Group
from paretorec.training.ema import AveragedWeights
from paretorec.training.memory import memory_named
from paretorec.training.optimizers import learning_rate_factor, make_optimizer, parameter_groups
from paretorec.training.plan import FitReport, Plan, Task
from paretorec.training.threads import torch_threads


def fit(task: Task, plan: Plan, run: RunContext, name: str, checkpoint: Path | None = None) -> FitReport:
    """Train `task.model` in place and leave it in eval mode with the weights of its best epoch.

    After every epoch everything needed to go on is written to `checkpoint`, which is removed at the end; if that
    file exists, training goes on from it and ends with the same weights as if it had never stopped (same threads,
    no `minutes`). The caller names the file so that it can only belong to this task, plan and data. `run.stop` is
    looked at before every step.

    Where `torch.distributed` is initialised, every process calls this with the same task, plan and data, and all end
    with the same weights; the first one validates and keeps the checkpoint. One process with `plan.accumulate` at
    the number of processes makes the same steps.

    Raises `Interrupted` from `run.check_stop`, `ConfigError` when the loss is no longer finite or memory runs out,
    `ArtifactError` for a checkpoint of another model.
    """
    with torch_threads(run.threads), compiled(task.model, plan.compile), memory_named(name, plan.memory_keys):
        trainer = _Trainer(task, plan, run, name)
        trainer.start(checkpoint)
        with run.progress.bar(name, plan.epochs) as bar:
            if trainer.epoch:
                bar.advance(trainer.epoch, "resumed")
            while not trainer.finished:
                trainer.run_epoch()
                if not trainer.group.first:
                    continue
                if checkpoint is not None:
                    trainer.save(checkpoint)
                bar.advance(1, trainer.note)
                run.emit(trainer.event)
        report = trainer.finish()
    if checkpoint is not None and trainer.group.first:
        checkpoint.unlink(missing_ok=True)
    return report


class _Trainer:
    """What changes during a training."""

    def __init__(self, task: Task, plan: Plan, run: RunContext, name: str) -> None:
        self.task, self.plan, self.run, self.name = task, plan, run, name
        self.group = Group()
        self.batches_a_step = max(plan.accumulate, self.group.size)
        groups = parameter_groups(task.model, plan.weight_decay)
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = make_optimizer(plan.optimizer, groups, plan.learning_rate)
        self.averaged = AveragedWeights(task.model) if plan.ema else None
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
        batches = self.task.batches(self.run.rng(f"{self.name}/epoch/{self.epoch}"))
        steps = range(0, len(batches), self.batches_a_step)
        self.task.model.train()
        total: Tensor | float = 0.0  # stays on the device: reading it would wait for every step
        for step, start in enumerate(steps):
            total = total + self._gradients(batches, range(start, min(start + self.batches_a_step, len(batches))))
            elapsed = self._agree(self.seconds + time.monotonic() - began)
            self._set_learning_rate((self.epoch + (step + 1) / len(steps)) / self.plan.epochs, elapsed)
            if self.plan.clip_norm:
                torch.nn.utils.clip_grad_norm_(self.parameters, self.plan.clip_norm)
            self.optimizer.step()
            if self.averaged is not None:
                self.averaged.update(self.plan.ema * len(steps))
        self.epoch += 1
        self.losses.append(self.group.sum(float(total)) / max(len(batches), 1))
        if not np.isfinite(self.losses[-1]):
            raise ConfigError(
                f"{self.name}: the training loss is not finite in epoch {self.epoch}; set a lower learning_rate"
            )
        self._validate()
        self.seconds = self.group.of_first(self.seconds + time.monotonic() - began)

    def _gradients(self, batches: Sequence[Any], members: range) -> Tensor | float:
        """Backward through this process's part of one step's batches; the sum of their losses."""
        if self.group.size == 1:
            self.run.check_stop()
        self.optimizer.zero_grad(set_to_none=True)
        total: Tensor | float = 0.0
        for position in self.group.share(members):
            if self.batches_a_step > 1 and hasattr(self.task, "reseed"):
                self.task.reseed(self.run.rng(f"{self.name}/epoch/{self.epoch}/batch/{position}"))
            with torch.autocast(self.parameters[0].device.type, torch.bfloat16, enabled=self.plan.autocast):
                loss = self.task.loss(batches[position])
            (loss if len(members) == 1 else loss / len(members)).backward()  # type: ignore[no-untyped-call]
            total = total + loss.detach().double()
        return total

    def _agree(self, elapsed: float) -> float:
        """Sum the gradients over the processes; the first one's `elapsed` is everybody's, and so is a wish to stop:
        a process that left its step alone would leave the others waiting."""
        if self.group.size == 1:
            return elapsed
        told = (float(self.run.stop.is_set()), elapsed if self.group.first else 0.0)
        stop, elapsed = self.group.sum_gradients(self.parameters, told)
        if stop:
            self.run.stop.set()
            self.run.check_stop()
        return elapsed

    def _set_learning_rate(self, progress: float, elapsed: float) -> None:
        plan = self.plan
        if plan.minutes is not None:
            progress = max(progress, elapsed / (plan.minutes * 60))
        factor = learning_rate_factor(
            plan.schedule, progress, plan.warm_up / plan.epochs, plan.final_learning_rate / plan.learning_rate
        )
        for group in self.optimizer.param_groups:
            group["lr"] = plan.learning_rate * factor

    def _validate(self) -> None:
        self.task.model.eval()
        if self.averaged is None:
            self._score()
        else:
            with self.averaged.applied():
                self._score()

    @torch.no_grad()
    def _score(self) -> None:
        score = self.group.of_first(self.task.validate() if self.group.first else None)
        self.scores.append(score)
        if score is None or self.best_score is None or score > self.best_score:
            self.best_score, self.best_epoch = score, self.epoch
            self.best = _copy(self.task.model.state_dict())

    def finish(self) -> FitReport:
        self.group.equalise(self.best.values())
        self.task.model.load_state_dict(self.best)
        self.task.model.eval()
        return FitReport(self.epoch, self.best_epoch, tuple(self.scores), tuple(self.losses), self.seconds)

    def save(self, path: Path) -> None:
        tensors = {f"model/{key}": value for key, value in self.task.model.state_dict().items()}
        tensors |= {f"best/{key}": value for key, value in self.best.items()}
        if self.averaged is not None:
            tensors |= {f"averaged/{key}": value for key, value in self.averaged.mean.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{key}": value for key, value in state.items() if torch.is_tensor(value)}
        meta = {
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "best_score": self.best_score,
            "scores": self.scores,
            "losses": self.losses,
            "seconds": self.seconds,
            "averaged": 0.0 if self.averaged is None else self.averaged.total,
        }
        save_checkpoint(path, tensors, meta)

    def start(self, path: Path | None) -> None:
        """Go on from `path` if it exists; in every process from what the first one has."""
        loaded = self.group.of_first(None if path is None or not self.group.first else load_checkpoint(path))
        if loaded is None:
            self.group.equalise(self.task.model.state_dict().values())
            return
        tensors, meta = loaded
        weights = _under(tensors, "model/")
        differing = differing_weights(weights, self.task.model.state_dict())
        if differing:
            raise ArtifactError(
                f"{path} is the checkpoint of another model ({differing}); delete it to train from the start"
            )
        self.task.model.load_state_dict(weights)
        self.best = {key: value.to(self.parameters[0].device) for key, value in _under(tensors, "best/").items()}
        if self.averaged is not None:
            self.averaged.restore(_under(tensors, "averaged/"), meta["averaged"])
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
