"""Steps of RecTools' SASRec with softmax loss, on demand: a peer of transformer_speed.py, which runs this file with the
Python of an environment that holds requirements-rectools.txt.

    python rectools_steps.py FILE SETTINGS

FILE: lines "user item" in the order of time, .gz or not; each user's last two are left out.  SETTINGS: JSON with width,
blocks, heads, length, dropout, batch, learning_rate, threads, seed.  Then for every line on stdin, a number of steps,
one JSON line on stdout: what was done since the line was read. An empty line ends it.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import pandas as pd
import pytorch_lightning
import torch
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

EPOCHS = 10_000
"""More than anybody asks for."""


class OnDemand(pytorch_lightning.Callback):
    """Waits before a step until it is asked for."""

    def __init__(self) -> None:
        self.answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else prints
        self.left = 0
        self.steps = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> OnDemand:
        return self  # RecTools copies its trainer

    def on_train_batch_start(self, trainer: Any, module: Any, batch: dict[str, torch.Tensor], index: int) -> None:
        if self.left:
            return
        if self.steps:
            spent = {"seconds": time.perf_counter() - self.wall, "cpu_seconds": time.process_time() - self.processor}
            print(json.dumps({**spent, "tokens": self.tokens, "steps": self.steps}), file=self.answers, flush=True)
        line = sys.stdin.readline().strip()
        if not line:
            os._exit(0)  # lightning would only finish its epoch
        self.left, self.steps, self.tokens = int(line), 0, 0
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: dict[str, torch.Tensor], index: int
    ) -> None:
        self.left -= 1
        self.steps += 1
        self.tokens += int((batch["y"] != 0).sum())


def main() -> None:
    warnings.filterwarnings("ignore")
    settings = json.loads(sys.argv[2])
    torch.set_num_threads(settings["threads"])
    pytorch_lightning.seed_everything(settings["seed"])
    frame = pd.read_csv(sys.argv[1], sep=" ", header=None, names=[Columns.User, Columns.Item])
    frame = frame[frame.groupby(Columns.User).cumcount(ascending=False) >= 2].reset_index(drop=True)
    frame[Columns.Weight] = 1
    frame[Columns.Datetime] = pd.Timestamp(0) + pd.to_timedelta(frame.index, unit="s")
    on_demand = OnDemand()

    def trainer() -> pytorch_lightning.Trainer:
        return pytorch_lightning.Trainer(
            max_epochs=EPOCHS,
            accelerator="cpu",
            devices=1,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            callbacks=[on_demand],
        )

    SASRecModel(
        n_blocks=settings["blocks"],
        n_heads=settings["heads"],
        n_factors=settings["width"],
        session_max_len=settings["length"],
        dropout_rate=settings["dropout"],
        batch_size=settings["batch"],
        lr=settings["learning_rate"],
        loss="softmax",
        get_trainer_func=trainer,
    ).fit(Dataset.construct(frame))


if __name__ == "__main__":
    main()
