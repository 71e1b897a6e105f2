"""How fast the `transformer` learns with the full softmax, beside a plain PyTorch loop and RecTools, and in how much
memory.

    python tests/benchmarks/transformer_speed.py [--quick] [--json] [--threads N] [--rectools-python PATH]

The task: MovieLens-1M (PARETOREC_DATA names the folder that holds `ml-1m/`) without the last two items of each user,
width 64, the newest 200 items, two blocks, one head, all items as candidates. Speed is targets (no padding) learned
from per second of whole training steps: batch, loss, gradients, optimizer.

* `ours_fp32`, `ours_bf16`: the encoder as a SASRec of that shape, batches of 3,200 tokens, by precision of the products
  in the loss (bf16: only where the processor has AMX).
* `plain`: torch's encoder layers, batches of similar length of 25,600 tokens, cross-entropy over 4,096 rows at a time.
* `rectools`: SASRecModel with softmax loss, batches of 128 users, in the environment whose Python --rectools-python
  names (requirements-rectools.txt); `skipped` is in its place without it.

All run the same number of rounds in turns, since the machine may be shared; every round of ours and of the plain loop
takes the same batches, spread evenly over all lengths. Of each the fastest round counts. `ratio_*` are of the faster of
ours, `ratios_fp32` of ours in fp32.

`limit`: microseconds a token of the bare products and exponentials of these shapes, measured in the same run;
`fraction_of_limit` is their sum over what ours takes. `shares` is where a step's time goes, from a profile.

`memory`: peak resident memory of a process that takes training steps through `paretorec.training.fit`, of which the
gate allows 3 GiB for 100,000 items with the full softmax and 8 GiB for 1,000,000 with the sampled one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Waiting threads sleep instead of spinning: with another program on the same cores, spinning costs a factor of ten.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from speed_limits import limit, shares
from speed_peers import BATCH, PlainLoop, RecTools, newest

from paretorec.contracts import Array, Histories
from paretorec.record import machine
from paretorec.training import make_optimizer, precision
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.task import NextItem

FILE = Path("ml-1m") / "ml-1m.txt.gz"
SETTINGS = {
    "width": 64,
    "length": 200,
    "blocks": 2,
    "heads": 1,
    "dropout": 0.2,
    "learning_rate": 1e-3,
    "seed": 0,
}
FULL = {"rounds": 5, "batches": 40, "plain_batches": 10, "rectools_steps": 4}
QUICK = {"rounds": 2, "batches": 8, "plain_batches": 2, "rectools_steps": 1}
MEMORY = (
    {"items": 100_000, "loss": "full", "gate_gib": 3.0},
    {"items": 1_000_000, "loss": "sampled", "gate_gib": 8.0},
)
QUICK_ITEMS = 10_000
STEPS = 5
GATE = 6.0
"""Least `ratio_rectools`."""


def load(path: Path) -> tuple[Histories, int]:
    """(histories without the last two items of each user, number of items)."""
    user, item = np.loadtxt(path, np.int64, unpack=True)
    order = np.argsort(user, kind="stable")
    ids, code = np.unique(item[order], return_inverse=True)
    length = np.unique(user, return_counts=True)[1]
    start = np.cumsum(length) - length
    return histories(code, start, start + np.maximum(length - 2, 0)), len(ids)


def histories(code: Array, start: Array, end: Array) -> Histories:
    kept = end > start
    start, end = start[kept], end[kept]
    times, now = np.zeros(len(code), np.int64), np.zeros(len(start), np.int64)
    return Histories(code.astype(np.int32), times, {}, start, end, now, np.arange(len(start), dtype=np.int32))


def evenly(batches: Sequence[Any], count: int, length: Callable[[Any], float]) -> list[Any]:
    """`count` batches spread over all lengths."""
    ordered = sorted(batches, key=length)
    return [ordered[int((at + 0.5) * len(ordered) / count)] for at in range(min(count, len(ordered)))]


class Ours:
    """The encoder's own task, one step after the other as `paretorec.training.fit` takes them."""

    def __init__(self, past: Histories, items: int, precision: str, **changes: Any) -> None:
        config = TransformerConfig(
            width=SETTINGS["width"],
            length=SETTINGS["length"],
            layers=SETTINGS["blocks"],
            heads=SETTINGS["heads"],
            dropout=SETTINGS["dropout"],
            positions="learned",  # as SASRec, which the others are
            block="gelu",
            loss="full",
            precision=precision,
        )
        generator = torch.Generator().manual_seed(SETTINGS["seed"])
        self.model = Network(items, config, generator)
        self.task = NextItem(self.model, past, np.arange(items + 1), config, generator, lambda: None)
        self.optimizer = make_optimizer(config.optimizer, self.model.parameters(), SETTINGS["learning_rate"])
        self.length = np.minimum(past.length, config.length + 1)

    def batches(self, count: int) -> list[Array]:
        all_of_them = self.task.batches(np.random.default_rng(SETTINGS["seed"]))
        return evenly(all_of_them, count, lambda batch: float(self.length[batch].max()))

    def step(self, batch: Array) -> int:
        """Learn from one batch; returns its targets."""
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        self.task.loss(batch).backward()
        self.optimizer.step()
        return int(self.length[batch].sum())


def timed(step: Callable[[Any], int], batches: Sequence[Any]) -> float:
    """Targets a second."""
    start = time.perf_counter()
    targets = sum(map(step, batches))
    return targets / (time.perf_counter() - start)


def race(past: Histories, items: int, path: Path, python: str | None, sizes: dict[str, int], threads: int) -> Any:
    """Targets a second of everybody, the fastest round of each; how ours spends them; and their limits."""
    ours = {f"ours_{name}": Ours(past, items, name) for name in ("fp32", "bf16") if name == "fp32" or has_bf16()}
    batches = next(iter(ours.values())).batches(sizes["batches"])
    tokens = BATCH * SETTINGS["length"]
    plain = PlainLoop(newest(past.items, past.start, past.end, SETTINGS["length"]), items, SETTINGS, tokens)
    plain_batches = evenly(plain.batches, sizes["plain_batches"], lambda batch: len(batch[-1]))
    rectools = RecTools(python, path, SETTINGS | {"threads": threads}) if python else None
    speeds: dict[str, float] = {}

    def note(name: str, speed: float) -> None:
        speeds[name] = max(speeds.get(name, 0.0), speed)

    for racer in ours.values():
        timed(racer.step, batches[:: max(len(batches) // 4, 1)])  # first calls make ready what later ones find
    timed(plain.step, plain_batches[:1])
    if rectools is not None:
        rectools.steps(1)
    for _ in range(sizes["rounds"]):
        for name, racer in ours.items():
            note(name, timed(racer.step, batches))
        note("plain", timed(plain.step, plain_batches))
        if rectools is not None:
            found = rectools.steps(sizes["rectools_steps"])
            note("rectools", found["tokens"] / found["seconds"])
    if rectools is not None:
        rectools.close()
    spent = {name: shares(lambda racer=racer: timed(racer.step, batches)) for name, racer in ours.items()}
    batch_tokens = TransformerConfig().batch_tokens
    limits = {name: limit(SETTINGS, items, batch_tokens, name.endswith("bf16"), 4 * sizes["rounds"]) for name in ours}
    return speeds, spent, limits


def has_bf16() -> bool:
    return precision.has_bf16(torch.device("cpu"))


def memory(quick: bool, threads: int) -> list[dict[str, Any]]:
    """Peak memory of training steps, each in a process of its own."""
    found = []
    for case in MEMORY:
        items = min(case["items"], QUICK_ITEMS) if quick else case["items"]
        script = Path(__file__).with_name("speed_memory.py")
        command = [sys.executable, str(script), str(items), str(case["loss"]), str(STEPS), str(threads)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        passed = None if quick else answer["peak_gib"] < case["gate_gib"]
        found.append({**case, "items": items, "steps": STEPS, **answer, "gate_passed": passed})
    return found


def measure(python: str | None, threads: int, quick: bool) -> dict[str, Any]:
    """Everything that the JSON says; the speeds are None where the data is missing."""
    sizes = QUICK if quick else FULL
    figures: dict[str, Any] = {
        "benchmark": "transformer_speed",
        "machine": {"processor": machine()["processor"], "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("paretorec", "numpy", "torch")},
        },
        "quick": quick,
        "threads": threads,
        "seeds": [SETTINGS["seed"]],
        "settings": SETTINGS,
        "rounds": sizes,
        "sizes": None,
        "targets_per_second": None,
        "ratio_rectools": None,
        "ratio_plain": None,
        "ratios_fp32": None,
        "fraction_of_limit": None,
        "limit": None,
        "best": None,
        "microseconds_a_target": None,
        "shares": None,
        "memory": memory(quick, threads),
        "gate": GATE,
        "gate_passed": None,
        "rectools": {"batch_users": BATCH},
        "bf16": {},
    }
    path = Path(os.environ.get("PARETOREC_DATA", "")) / FILE
    if not os.environ.get("PARETOREC_DATA") or not path.is_file():
        return figures | {"skipped": f"PARETOREC_DATA names no folder with {FILE}"}
    if python is None:
        figures["rectools"] = {"skipped": "--rectools-python names no environment with requirements-rectools.txt"}
    if not has_bf16():
        figures["bf16"] = {"skipped": "this processor has no AMX"}
    torch.set_num_threads(threads)
    past, items = load(path)
    speeds, spent, limits = race(past, items, path, python, sizes, threads)
    best = max((name for name in speeds if name.startswith("ours")), key=lambda name: speeds[name])
    ratios = {name: round(speeds[best] / speeds[name], 2) for name in ("rectools", "plain") if name in speeds}
    microseconds = {name: 1e6 / speeds[name] for name in limits}
    return figures | {
        "sizes": {"histories": len(past), "items": items, "targets": int(np.minimum(past.length, 201).sum())},
        "targets_per_second": {name: round(speed) for name, speed in speeds.items()},
        "best": best,
        "ratio_rectools": ratios.get("rectools"),
        "ratio_plain": ratios["plain"],
        "ratios_fp32": {peer: round(speeds["ours_fp32"] / speeds[peer], 2) for peer in ratios},
        "fraction_of_limit": {
            name: round(sum(parts.values()) / microseconds[name], 3) for name, parts in limits.items()
        },
        "microseconds_a_target": {name: round(value, 2) for name, value in microseconds.items()},
        "limit": limits,
        "shares": spent,
        "gate_passed": None if quick or "rectools" not in ratios else ratios["rectools"] >= GATE,
    }


def table(figures: dict[str, Any]) -> str:
    parts = (figures, figures["rectools"], figures["bf16"])
    lines = [f"skipped: {part['skipped']}" for part in parts if "skipped" in part]
    speeds = figures["targets_per_second"]
    if speeds is not None:
        slowest = speeds.get("rectools", speeds["plain"])
        lines += [f"{name:<10} {speed:>8,} targets/s  {speed / slowest:.2f}" for name, speed in speeds.items()]
        lines += [f"{name}: {fraction:.0%} of the limit" for name, fraction in figures["fraction_of_limit"].items()]
        for name, parts in figures["shares"].items():
            lines.append(f"{name}: " + ", ".join(f"{part} {share:.0%}" for part, share in parts.items()))
    lines += [f"{row['items']:,} items, {row['loss']}: {row['peak_gib']:.2f} GiB" for row in figures["memory"]]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a few steps of each, memory with fewer items")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rectools-python", metavar="PATH", help="Python of requirements-rectools.txt")
    arguments = parser.parse_args()
    figures = measure(arguments.rectools_python, arguments.threads, arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
