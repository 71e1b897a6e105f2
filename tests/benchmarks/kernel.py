"""How fast populations of policies are judged: against numpy and torch, against what the machine can do, and whether
every list is right.

    python tests/benchmarks/kernel.py [--quick] [--json]

The task: 6,040 requests x 3,416 items of MovieLens-1M (PARETOREC_DATA; requests made up in that shape where it is not
set, and `data` says so), lists of 10, seven metrics (NDCG, precision, revenue, novelty, diversity of genres, coverage,
Gini), four signals. A search of 5,000 evaluations by NSGA-II over NDCG, revenue and coverage asks for populations of
100; all seven metrics of each are judged. `ms_per_policy` is the time of everything but the optimizer, the making
ready of the judge (pruning) included, divided by 5,000.

`ratio_numpy` and `ratio_torch` are the peers' times per policy divided by `ms_per_policy`: numpy takes one policy after
the other (matmul, argpartition, then the same metrics by indexing), torch a population at once (matmul and topk over
blocks of requests, then the same metrics). They judge a population (numpy: some of it) of each third of the search, in
turns with ours, which takes it anew; of each the least time counts, since the machine may be shared (ours and numpy's,
which are short, of `REPEATS` times in each turn). `lists_only` under `peers` times numpy and torch without any metric.

`limits` are measured in the same run: the bare products of that population (matmul over blocks, nothing selected),
reading S once, adding up the exposures. `twelve_signals` and `candidates_200` are the same task with other sizes, their
populations from a search of a fifth of the evaluations; getting ready is shared out over all of them there too.

`equal_to_oracle`: every list of a population of the search, on every request, is that of a stable sort by float32 sums
in signal order; and every metric of every policy is numpy's from those lists, to 1e-9.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch
from judge_peers import Peer, by_numpy, by_torch, oracle_lists, values_of
from judge_worlds import LENGTH, World, fewer_candidates, ml_1m, more_signals, stand_in

from paretorec.contracts import Array, RunContext, SearchProblem
from paretorec.judge import Judge
from paretorec.record import machine
from paretorec.search.loop import search
from paretorec_plugins.pymoo_search.genetic import Nsga2, Nsga2Config
from paretorec_plugins.weighted.linear import Linear, LinearConfig

KIND = Linear(LinearConfig())
GOALS = ("ndcg", "revenue", "coverage")
FULL = {"requests": 6040, "evaluations": 5000, "rounds": 3, "peer_policies": 3}
REPEATS = 3
QUICK = {"requests": 300, "evaluations": 500, "rounds": 2, "peer_policies": 2}


def run_search(world: World, evaluations: int) -> tuple[Judge, dict[str, float], list[Array]]:
    """(the judge, seconds spent, every population asked for)."""
    start = time.perf_counter()
    judge = Judge([world.batch], KIND, world.metrics, world.truth, LENGTH)
    spent = {"ready": time.perf_counter() - start, "judging": 0.0}
    columns = [list(world.metrics).index(name) for name in GOALS]
    asked: list[Array] = []

    def evaluate(x: Array) -> tuple[Array, Array]:
        begin = time.perf_counter()
        values, errors = judge.evaluate(x, halves=False)
        spent["judging"] += time.perf_counter() - begin
        asked.append(x)
        return -values[:, columns], errors[:, columns]

    box = KIND.space(world.batch.names)
    first = np.vstack([box.corners, KIND.sample(box, 20, 0)])
    problem = SearchProblem(box.lower, box.upper, GOALS, first, evaluations)
    search(problem, Nsga2(Nsga2Config()), evaluate, evaluations=evaluations, seed=0, run=RunContext())
    spent["front"] = time.perf_counter() - start
    return judge, spent, asked


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(world: World, judge: Judge, populations: list[Array], rounds: int, few: int) -> dict[str, float]:
    """Least milliseconds per policy of ours, numpy and torch, in turns, means over the populations."""
    peer = Peer.of(world)
    times = np.zeros((len(populations), 5))
    torch.set_num_threads(cores())
    for row, population in enumerate(populations):
        some = KIND.weights(population[:: max(1, len(population) // few)][:few])
        whole = KIND.weights(population)
        contests: list[tuple[Callable[[], Any], int]] = [
            (lambda population=population: judge.evaluate(population, halves=False), len(population)),
            (lambda some=some: by_numpy(peer, some), len(some)),
            (lambda whole=whole: by_torch(peer, whole), len(whole)),
            (lambda some=some: by_numpy(peer, some, metrics=False), len(some)),
            (lambda whole=whole: by_torch(peer, whole, metrics=False), len(whole)),
        ]
        times[row] = np.inf
        for turn in range(rounds):
            for at, (work, count) in enumerate(contests[: 5 if turn == row == 0 else 3]):
                for _ in range(REPEATS if at < 2 else 1):
                    times[row, at] = min(times[row, at], 1000 * seconds(work) / count)
    times[1:, 3:] = times[0, 3:]
    return dict(zip(("ours", "numpy", "torch", "numpy_lists", "torch_lists"), times.mean(axis=0), strict=True))


def limits(world: World, population: Array, rounds: int) -> dict[str, float]:
    """What cannot be saved, in milliseconds per policy of one population."""
    values, weights = world.batch.values, KIND.weights(population).astype(np.float32)
    requests, count = len(values), len(population)
    block = torch.from_numpy(values[:64])
    columns = torch.from_numpy(weights.T.copy())
    counts = np.zeros(len(world.truth.items), np.int64)
    shown = world.batch.items[:, :LENGTH].astype(np.int64).ravel()
    return {
        "product_ms": min(seconds(lambda: block @ columns) for _ in range(10 * rounds)) * requests / 64 * 1000 / count,
        "read_s_ms": min(seconds(lambda: float(values.sum())) for _ in range(rounds)) * 1000 / count,
        "exposures_ms": min(
            seconds(lambda: np.add(counts, np.bincount(shown, minlength=len(counts)), out=counts))
            for _ in range(5 * rounds)
        )
        * 1000,
    }


def equal_to_oracle(world: World, judge: Judge, population: Array) -> tuple[bool, float]:
    """(every list and value is the oracle's, the largest relative difference of a value)."""
    lists = oracle_lists(world.batch, KIND.weights(population))
    same = np.array_equal(judge.lists(population), lists)
    peer = Peer.of(world)
    wanted = np.array([values_of(peer, own) for own in lists])
    apart = float((np.abs(judge.evaluate(population, halves=False)[0] - wanted) / np.maximum(wanted, 1e-12)).max())
    return bool(same and apart < 1e-9), apart


def task(world: World, sizes: dict[str, int], share: int = 1) -> dict[str, Any]:
    """One whole comparison, after a search of a `share` of the evaluations."""
    judge, spent, asked = run_search(world, sizes["evaluations"] // share)
    thirds = [asked[(2 * i + 1) * len(asked) // 6] for i in range(3)]
    times = compare(world, judge, thirds, sizes["rounds"], sizes["peer_policies"])
    equal, apart = equal_to_oracle(world, judge, thirds[1][:: 1 if sizes["requests"] < 1000 else 4])
    # The least times of three populations are what the machine does undisturbed; getting ready comes on top.
    ready = 1000 * spent["ready"] / sizes["evaluations"]
    ours = times["ours"] + ready
    kept = judge.candidates_kept
    return {
        "data": world.name,
        "signals": dict(world.signals),
        "candidates": int(world.batch.mask.sum(axis=1).mean()),
        "candidates_after_pruning": None if np.isnan(kept) else round(kept, 1),
        "ms_per_policy": round(ours, 4),
        "ms_per_policy_judging": round(times["ours"], 4),
        "ms_per_policy_as_it_ran": round(1000 * spent["judging"] * share / sizes["evaluations"] + ready, 4),
        "ready_s": round(spent["ready"], 2),
        "front_s": round(spent["front"], 2),
        "ratio_numpy": round(times["numpy"] / ours, 1),
        "ratio_torch": round(times["torch"] / ours, 1),
        "peers": {
            "ms_per_policy_numpy": round(times["numpy"], 2),
            "ms_per_policy_torch": round(times["torch"], 2),
            "lists_only": {
                "ms_per_policy_numpy": round(times["numpy_lists"], 2),
                "ms_per_policy_torch": round(times["torch_lists"], 2),
            },
        },
        "equal_to_oracle": equal,
        "largest_relative_difference": apart,
        "limits": {name: round(value, 4) for name, value in limits(world, thirds[1], sizes["rounds"]).items()},
    }


def measure(sizes: dict[str, int], seed: int) -> dict[str, Any]:
    world = ml_1m(sizes["requests"]) or stand_in(sizes["requests"], seed=seed)
    run_search(world.part(64), 200)  # compiles
    main_task = task(world, sizes)
    return {
        "benchmark": "kernel",
        "machine": {"processor": machine()["processor"], "cores": cores(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{name: found(name) for name in ("paretorec", "numpy", "torch", "numba", "pymoo")},
        },
        "seeds": [seed],
        "sizes": {**sizes, "k": LENGTH, "items": len(world.truth.items), "metrics": list(world.metrics)},
        **main_task,
        "twelve_signals": task(more_signals(world, 12), sizes, share=5),
        "candidates_200": task(fewer_candidates(world, 200), sizes, share=5),
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
        f"{figures['ms_per_policy']} ms a policy, the front in {figures['front_s']} s: {figures['ratio_numpy']} times "
        f"as fast as numpy, {figures['ratio_torch']} times as fast as torch; "
        f"{'equal' if figures['equal_to_oracle'] else 'NOT EQUAL'} to the oracle"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer requests, evaluations and rounds")
    arguments = parser.parse_args()
    figures = measure(QUICK if arguments.quick else FULL, seed=0)
    print(json.dumps(figures, indent=2) if arguments.json else told(figures))


if __name__ == "__main__":
    main()
