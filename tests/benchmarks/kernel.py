"""How fast populations of policies are judged: against a numpy and a torch loop over policies, and against an oracle.

    python tests/benchmarks/kernel.py [--quick] [--json]

Judged are linear policies on made-up requests: candidates with correlated signals, some of them skewed as amounts are;
NDCG@10, revenue@10 and the diversity of categories. `ratio_numpy` and `ratio_torch` are times per policy of what a
person would write (matmul, argpartition or topk, the same three metrics; one policy after the other) divided by ours,
in turns, in this process, on the same cores; medians over the rounds; torch with as many threads as suit it best.
Making the judge ready (gains of candidates, k-skyband) is done once for a whole search: `ready_ms`. `converged` is the
same for a population along a line, as a search has it in the end. The oracle sorts each request stably by float32 sums
in signal order.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch

from paretorec.contracts import Array, Event, Gain, ItemTable, Metric, Requests, SignalBatch, Truth, Vector
from paretorec.judge import Judge
from paretorec.record import machine
from paretorec_plugins.weighted.linear import Linear, LinearConfig

ITEMS, CATEGORIES, TARGETS, LENGTH = 6_000, 60, 6, 10
FULL = {"requests": 5_000, "candidates": 250, "signals": 7, "policies": 100, "rounds": 5}
QUICK = {"requests": 1_500, "candidates": 250, "signals": 7, "policies": 60, "rounds": 3}


@dataclass(frozen=True)
class World:
    """Requests with signals, targets and amounts, in arrays that every contestant reads."""

    batch: SignalBatch
    truth: Truth
    metrics: dict[str, Metric]
    relevance: Array
    """float32 [R, C]: gain of each candidate for NDCG, already divided by the request's ideal."""
    revenue: Array
    """float32 [R, C]."""
    vectors: Array
    """float32 [N, CATEGORIES]."""
    discount: Array
    """float32 [LENGTH]."""


def make_world(requests: int, candidates: int, signals: int, seed: int) -> World:
    """Signals share a factor (correlation .36 of what is normal); half of them are exponentials."""
    rng = np.random.default_rng(seed)
    values = 0.6 * rng.normal(size=(requests, candidates, 1)) + 0.8 * rng.normal(size=(requests, candidates, signals))
    values[..., signals // 2 :] = np.exp(values[..., signals // 2 :])
    values -= values.min(axis=1, keepdims=True)
    values = (values / values.max(axis=1, keepdims=True)).astype(np.float32)
    order = np.argsort(-values.sum(axis=2, dtype=np.float64), axis=1, kind="stable")
    values = np.take_along_axis(values, order[..., None], axis=1)
    items = np.stack([rng.choice(ITEMS, candidates, replace=False) for _ in range(requests)]).astype(np.int32)
    at = np.stack([rng.choice(candidates, TARGETS, replace=False) for _ in range(requests)])
    amount = rng.lognormal(1, 1, size=at.shape)
    user = np.sort(rng.integers(0, max(requests // 5, 1), requests)).astype(np.int32)
    truth = Truth(
        requests=Requests(
            user=user,
            time=np.zeros(requests, np.int64),
            offsets=np.arange(requests + 1) * TARGETS,
            target_items=np.take_along_axis(items, at, axis=1).ravel(),
            target_labels={"buy": np.ones(at.size, np.float32)},
        ),
        items=ItemTable(np.arange(ITEMS).astype(str).astype(object), np.zeros(ITEMS, np.int64)),
        events=(Event("buy"),),
        item_counts=np.ones(ITEMS),
        user_count=requests,
        known=np.zeros(at.size, bool),
    )
    discount = 1 / np.log2(np.arange(LENGTH) + 2)
    ideal = np.full(requests, discount[:TARGETS].sum())
    vectors = np.zeros((ITEMS, CATEGORIES), np.float32)
    vectors[np.arange(ITEMS), rng.integers(0, CATEGORIES, ITEMS)] = 1
    metrics: dict[str, Metric] = {
        "ndcg": Gain(np.ones(at.size), None, ideal, discount),
        "revenue": Gain(amount.ravel()),
        "diversity": Vector(vectors),
    }
    relevance, revenue = np.zeros(items.shape, np.float32), np.zeros(items.shape, np.float32)
    np.put_along_axis(relevance, at, (1 / ideal[:, None]).astype(np.float32), axis=1)
    np.put_along_axis(revenue, at, amount.astype(np.float32), axis=1)
    batch = SignalBatch(tuple(f"s{i}" for i in range(signals)), values, np.ones(items.shape, bool), items)
    return World(batch, truth, metrics, relevance, revenue, vectors, discount.astype(np.float32))


def by_numpy(world: World, weights: Array) -> Array:
    """One policy after the other: matmul, argpartition, the metrics on what was found. float64 [P, 3]."""
    out = []
    for weight in weights.astype(np.float32):
        scores = world.batch.values @ weight
        top = np.argpartition(scores, -LENGTH, axis=1)[:, -LENGTH:]
        top = np.take_along_axis(top, np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1), axis=1)
        ndcg = np.take_along_axis(world.relevance, top, axis=1) @ world.discount
        revenue = np.take_along_axis(world.revenue, top, axis=1).sum(axis=1)
        total = world.vectors[np.take_along_axis(world.batch.items, top, axis=1)].sum(axis=1)
        alike = ((total**2).sum(axis=1) - LENGTH) / (LENGTH * (LENGTH - 1))
        out.append((ndcg.mean(dtype=np.float64), revenue.mean(dtype=np.float64), 1 - alike.mean(dtype=np.float64)))
    return np.array(out)


def by_torch(world: World, weights: Array) -> Array:
    """The same with torch's topk."""
    values, items = torch.from_numpy(world.batch.values), torch.from_numpy(world.batch.items).long()
    relevance, revenue = torch.from_numpy(world.relevance), torch.from_numpy(world.revenue)
    vectors, discount = torch.from_numpy(world.vectors), torch.from_numpy(world.discount)
    out = []
    with torch.inference_mode():
        for weight in torch.from_numpy(weights.astype(np.float32)):
            top = (values @ weight).topk(LENGTH, dim=1).indices
            ndcg = relevance.gather(1, top) @ discount
            amount = revenue.gather(1, top).sum(dim=1)
            total = vectors[items.gather(1, top)].sum(dim=1)
            alike = (total.square().sum(dim=1) - LENGTH) / (LENGTH * (LENGTH - 1))
            out.append((float(ndcg.double().mean()), float(amount.double().mean()), 1 - float(alike.double().mean())))
    return np.array(out)


def oracle_lists(world: World, weights: Array) -> Array:
    """int [P, R, LENGTH]: a stable sort of float32 sums, added up in signal order."""
    out = []
    for weight in weights.astype(np.float32):
        scores = np.zeros(world.batch.items.shape, np.float32)
        for place, factor in enumerate(weight):
            scores = scores + factor * world.batch.values[..., place]
        out.append(np.argsort(-scores, axis=1, kind="stable")[:, :LENGTH])
    return np.array(out)


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def seconds_of_torch(world: World, weights: Array, threads: int) -> float:
    torch.set_num_threads(threads)
    return min(seconds(lambda: by_torch(world, weights)) for _ in range(2))


def compare(judge: Judge, world: World, weights: Array, rounds: int) -> dict[str, float]:
    """Milliseconds per policy of all three, in turns; loops take a tenth of the policies, which cost them alike."""
    few = weights[:: max(len(weights) // 10, 1)]
    contests: dict[str, tuple[Callable[[], Any], int]] = {
        "ours": (lambda: judge.evaluate(weights), len(weights)),
        "numpy": (lambda: by_numpy(world, few), len(few)),
        "torch": (lambda: by_torch(world, few), len(few)),
    }
    for work, _ in contests.values():
        work()
    torch.set_num_threads(min((1, cores()), key=lambda threads: seconds_of_torch(world, few, threads)))
    times: dict[str, list[float]] = {name: [] for name in contests}
    for _ in range(rounds):
        for name, (work, count) in contests.items():
            times[name].append(1000 * seconds(work) / count)
    return {name: statistics.median(values) for name, values in times.items()}


def measure(sizes: dict[str, int], seed: int) -> dict[str, Any]:
    world = make_world(sizes["requests"], sizes["candidates"], sizes["signals"], seed)
    kind = Linear(LinearConfig())
    rng = np.random.default_rng(seed + 1)
    weights = rng.dirichlet(np.full(sizes["signals"], 0.5), sizes["policies"])
    ends = rng.dirichlet(np.full(sizes["signals"], 0.5), 2)
    line = ends[0] + np.linspace(0, 1, sizes["policies"])[:, None] * (ends[1] - ends[0])

    def ready() -> Judge:
        return Judge([world.batch], kind, world.metrics, world.truth, LENGTH)

    judge = ready()
    ready_ms = 1000 * statistics.median(seconds(ready) for _ in range(sizes["rounds"]))
    random = compare(judge, world, weights, sizes["rounds"])
    converged = compare(judge, world, line, sizes["rounds"])
    some = kind.weights(weights[:10])
    lists_equal = np.array_equal(judge.lists(weights[:10]), oracle_lists(world, some))
    apart = np.abs(judge.evaluate(weights[:10])[0] / by_numpy(world, some) - 1).max()
    return {
        "benchmark": "kernel",
        "machine": {"processor": machine()["processor"], "cores": cores(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{name: found(name) for name in ("paretorec", "numpy", "torch", "numba")},
        },
        "seeds": [seed],
        "sizes": {**sizes, "k": LENGTH, "items": ITEMS, "metrics": list(world.metrics)},
        "ratio_numpy": round(random["numpy"] / random["ours"], 2),
        "ratio_torch": round(random["torch"] / random["ours"], 2),
        "ms_per_policy": round(random["ours"], 4),
        "ms_per_policy_numpy": round(random["numpy"], 4),
        "ms_per_policy_torch": round(random["torch"], 4),
        "equal_to_oracle": bool(lists_equal and apart < 1e-5),
        "largest_relative_difference": float(apart),
        "ready_ms": round(ready_ms, 1),
        "ratio_numpy_with_ready_over_1000_policies": round(random["numpy"] / (random["ours"] + ready_ms / 1000), 2),
        "converged": {
            "ratio_numpy": round(converged["numpy"] / converged["ours"], 2),
            "ratio_torch": round(converged["torch"] / converged["ours"], 2),
            "ms_per_policy": round(converged["ours"], 4),
        },
    }


def found(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def told(figures: dict[str, Any]) -> str:
    return (
        f"{figures['ms_per_policy']} ms a policy: {figures['ratio_numpy']} times as fast as numpy, "
        f"{figures['ratio_torch']} times as fast as torch "
        f"(converged: {figures['converged']['ratio_numpy']} and {figures['converged']['ratio_torch']} times); "
        f"{'equal' if figures['equal_to_oracle'] else 'NOT EQUAL'} to the oracle"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer requests, policies and rounds")
    arguments = parser.parse_args()
    figures = measure(QUICK if arguments.quick else FULL, seed=0)
    print(json.dumps(figures, indent=2) if arguments.json else told(figures))


if __name__ == "__main__":
    main()
