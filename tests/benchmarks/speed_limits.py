"""Where a training step's time goes, and what of it no implementation could save; for transformer_speed.py."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from paretorec.training import float_products
from paretorec.training.blocks import BLOCK

CPU = torch.device("cpu")
LOSS = "_SoftmaxLoss"
OPERATORS = {
    "attention": ("scaled_dot_product",),
    "linear layers": ("aten::addmm", "aten::mm", "aten::bmm"),
    "activations and norms": ("gelu", "layer_norm"),
}
"""Outside loss and optimizer: operators by a part of their names."""


def least(work: Callable[[], Any], rounds: int) -> float:
    """Seconds of the fastest of so many runs, the first not counted."""
    work()
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def limit(settings: dict[str, Any], items: int, tokens: int, bf16: bool, rounds: int) -> dict[str, float]:
    """Microseconds a token of a batch of `tokens`: what must be multiplied and exponentiated, and nothing else.

    Products of the loss in the precision asked for, those of the network in float32; of attention's, as many as the
    triangle needs.
    """
    width, length = settings["width"], settings["length"]
    seconds = {"loss products": 0.0, "exponentials": 0.0, "linear layers": 0.0, "attention products": 0.0}
    rows = min(BLOCK // items, tokens)
    queries, vectors = torch.randn(rows, width) / 8, torch.randn(items, width) / 8
    logits, gradient = torch.zeros(rows, items), torch.zeros(items, width)
    with float_products(bf16, CPU):
        for product in (
            lambda: torch.mm(queries, vectors.t(), out=logits),
            lambda: logits @ vectors,
            lambda: gradient.addmm_(logits.t(), queries),
        ):
            seconds["loss products"] += least(product, rounds) * tokens / rows
    logits.fill_(-1)
    seconds["exponentials"] = least(logits.exp_, rounds) * tokens / rows
    for inputs, outputs in ((width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)):
        x, weight, g = torch.randn(tokens, inputs), torch.randn(outputs, inputs), torch.randn(tokens, outputs)
        for product in (lambda: x @ weight.t(), lambda: g @ weight, lambda: g.t() @ x):  # noqa: B023 (run at once)
            seconds["linear layers"] += least(product, rounds) * settings["blocks"]
    rows = max(tokens // length, 1)
    x, scores = torch.randn(rows, length, width), torch.randn(rows, length, length)
    inner, outer = least(lambda: x @ x.transpose(1, 2), rounds), least(lambda: scores @ x, rounds)
    seconds["attention products"] = (2 * inner + 4 * outer) / 2 * settings["blocks"]
    return {part: round(1e6 * value / tokens, 3) for part, value in seconds.items()}


def shares(run: Callable[[], Any]) -> dict[str, float]:
    """Share of the time of `run` by what it is spent on; numpy's and Python's is what torch does not account for."""
    start = time.perf_counter()
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        run()
    wall = 1e6 * (time.perf_counter() - start)
    spent: dict[str, float] = defaultdict(float)
    for event in profiled.events():
        spent[_part(event)] += event.self_cpu_time_total
    spent.pop("", None)
    wall = max(wall, sum(spent.values()))
    spent["python and numpy"] = wall - sum(spent.values())
    return {part: round(value / wall, 3) for part, value in sorted(spent.items(), key=lambda pair: -pair[1])}


def _part(event: Any) -> str:
    """ "": outside of everything, such as the profiler itself."""
    above, names = event, []
    while above is not None:
        names.append(above.name)
        above = above.cpu_parent
    if any(name.startswith("Optimizer.") for name in names):
        return "optimizer"
    if any(name == LOSS for name in names):
        if event.name in ("aten::mm", "aten::addmm_"):
            return "loss products"
        return "exponentials" if event.name == "aten::exp_" else "rest of the loss"
    for part, operators in OPERATORS.items():
        if any(operator in name for name in names for operator in operators):
            return part
    return "other operators"
