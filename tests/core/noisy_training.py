"""A training that draws noise and averages its weights, alone or shared: ``noisy_training.py FOLDER RANK SIZE KILL``.

Writes ``RANK.json`` with losses, scores and the weights' bytes. KILL: the loss call in which the first process dies by
SIGKILL, in the middle of an epoch; 0: none.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

import torch

from paretorec.contracts import RunContext
from paretorec.errors import Interrupted
from paretorec.training import Plan, SeededDropout, fit

PLAN = Plan(epochs=5, learning_rate=0.02, warm_up=1, clip_norm=2.0, ema=0.5, weight_decay=0.01, patience=4)


class Noisy:
    """A small network with dropout on noisy points."""

    def __init__(self, kill: int = 0) -> None:
        self.generator = torch.Generator().manual_seed(0)
        dropout = SeededDropout(0.25, self.generator)
        self.model = torch.nn.Sequential(torch.nn.Linear(3, 8), dropout, torch.nn.Tanh(), torch.nn.Linear(8, 1))
        self.unused = torch.nn.Parameter(torch.ones(2, 2))  # no gradient, so it must not decay either
        self.model.register_parameter("unused", self.unused)
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.normal_(generator=self.generator)
        self.kill, self.calls = kill, 0

    def batches(self, rng):
        self.reseed(rng)
        return [torch.from_numpy(rng.standard_normal((6, 3))).float() for _ in range(7)]

    def reseed(self, rng):
        self.rng = rng
        self.generator.manual_seed(int(rng.integers(2**62)))

    def loss(self, batch):
        self.calls += 1
        if self.calls == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        noise = torch.from_numpy(0.1 * self.rng.standard_normal(len(batch))).float()
        return ((self.model(batch)[:, 0] - batch.prod(1) - noise) ** 2).mean()

    def validate(self):
        points = torch.linspace(-1, 1, 12).view(4, 3)
        return -float(((self.model(points)[:, 0] - points.prod(1)) ** 2).mean())


def train(folder=None, kill=0, plan=PLAN, run=None):
    """What is written, of one process alone."""
    task = Noisy(kill)
    run = run or RunContext(seed=5)
    report = fit(task, plan, run, "noisy", None if folder is None else folder / "noisy.safetensors")
    weights = {name: value.numpy().tobytes().hex() for name, value in task.model.state_dict().items()}
    flat = torch.cat([value.flatten() for value in task.model.state_dict().values()]).tolist()
    return {"losses": report.losses, "scores": report.scores, "weights": weights, "flat": flat, "calls": task.calls}


def main(folder: Path, rank: int, size: int, kill: int) -> None:
    """Alone: train with a checkpoint. Several: train; stop because one of them is asked to; go on and end the same."""
    if size == 1:
        result = train(folder, kill)
    else:
        import torch.distributed as dist

        dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=size)
        result = train()
        stop = threading.Event()
        if rank == 1:
            stop.set()
        try:
            train(run=RunContext(seed=5, stop=stop))
        except Interrupted:
            result["stopped"] = True
        half = StopAtEpoch(2 if rank == 0 else 99)
        try:
            train(folder if rank == 0 else None, run=RunContext(seed=5, stop=half.stop, progress=half))
        except Interrupted:
            result["resumed"] = train(folder if rank == 0 else None)
        dist.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps(result))


class StopAtEpoch:
    """Progress that asks for the end after some epochs."""

    def __init__(self, epochs: int) -> None:
        self.left, self.stop = epochs, threading.Event()

    def bar(self, title, total=None):
        return self

    def advance(self, steps=1, note=""):
        self.left -= steps
        if self.left <= 0:
            self.stop.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
