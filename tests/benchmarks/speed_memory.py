"""Peak resident memory of training steps over a large catalogue: `python speed_memory.py ITEMS LOSS STEPS THREADS`,
run by transformer_speed.py in a process of its own. Prints one JSON object."""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from paretorec.contracts import Histories, RunContext
from paretorec.training import Plan, fit
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.task import NextItem

USERS, LENGTH = 200, 200


class FewSteps(NextItem):
    """An epoch of so many batches."""

    steps = 1

    def batches(self, rng: np.random.Generator) -> list[Any]:
        return super().batches(rng)[: self.steps]


def main() -> None:
    items, loss, steps, threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    config = TransformerConfig(width=64, heads=1, block="gelu", positions="learned", dropout=0.2, loss=loss)
    rng = np.random.default_rng(0)
    start = np.arange(USERS) * LENGTH
    past = Histories(
        rng.integers(0, items, USERS * LENGTH).astype(np.int32),
        np.zeros(USERS * LENGTH, np.int64),
        {},
        start,
        start + LENGTH,
        np.zeros(USERS, np.int64),
        np.arange(USERS, dtype=np.int32),
    )
    generator = torch.Generator().manual_seed(0)
    model = Network(items, config, generator)
    task = FewSteps(model, past, np.arange(items + 1), config, generator, lambda: None)
    task.steps = steps
    before = _peak()
    report = fit(task, Plan(epochs=1, learning_rate=1e-3), RunContext(threads=threads), "memory")
    print(json.dumps({"peak_gib": _peak(), "before_gib": before, "seconds_a_step": round(report.seconds / steps, 3)}))


def _peak() -> float:
    unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes there, KiB elsewhere
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2)


if __name__ == "__main__":
    main()
