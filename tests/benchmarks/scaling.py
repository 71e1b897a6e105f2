"""What judging costs as requests, candidates, policies and signals grow, and whether a million users fit into 4 GiB.

    python tests/benchmarks/scaling.py [--quick] [--json]

Requests are simulated: one per user, 200 candidates of a catalogue of 20,000, four signals that share a factor (half of
them skewed as amounts are), five targets a request, NDCG@10, revenue@10, diversity and coverage. `requests`,
`candidates`, `policies` and `signals` each vary one size around 20,000 requests x 200 candidates x 4 signals, 100
policies; every line has the seconds to make the judge ready and the milliseconds per policy and thousand requests,
the least of some rounds.

`million` is a run's way with many users: signals come block by block and go to temporary files, since they are more
than the memory budget; the search's judge takes the sample of requests whose size a pilot says; then the points of a
front (30 and a baseline) are judged on every request once. `peak_gib` is the largest resident memory of the process,
pages of files that it has mapped included (the system can take those back at any time); `peak_own_gib` is without
them, looked at 20 times a second. Making up the signals is part of `seconds`, and of it `signals_s`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.contracts import (
    Event,
    Exposure,
    Gain,
    ItemTable,
    Metric,
    Requests,
    SignalBatch,
    Truth,
    Vector,
)
from paretorec.data.mapped import forget
from paretorec.judge import Judge
from paretorec.judging import Judged
from paretorec.record import machine
from paretorec.sample import search_requests
from paretorec.search.wish import Wish
from paretorec.stored import stored
from paretorec_plugins.weighted.linear import Linear, LinearConfig

KIND = Linear(LinearConfig())
ITEMS, TARGETS, LENGTH, DIMENSIONS, STEP = 20_000, 5, 10, 30, 1024
BASE = {"requests": 20_000, "candidates": 200, "policies": 100, "signals": 4}
FULL = {
    "requests": [1_000, 10_000, 100_000],
    "candidates": [50, 1_000, 10_000, 100_000],
    "policies": [10, 400],
    "signals": [2, 8, 16, 32],
}
QUICK = {"requests": [1_000, 5_000], "candidates": [50, 1_000], "policies": [10], "signals": [2, 8]}
MEMORY = 1 << 30
"""Bytes of signals that are kept in memory: here half of what a run is given by default."""


def items_table(count: int) -> ItemTable:
    return ItemTable(np.arange(count).astype(str).astype(object), np.zeros(count, np.int64))


def parts(requests: int, candidates: int, signals: int, items: int, seed: int) -> Iterator[SignalBatch]:
    """Signals of a block of requests at a time; a block is the same whatever the number of requests."""
    names = tuple(f"s{i}" for i in range(signals))
    for start in range(0, requests, STEP):
        count = min(STEP, requests - start)
        if candidates > 20_000:
            step = max(1, STEP * 200 // candidates)
            for first in range(start, start + count, step):
                yield block(names, min(step, start + count - first), candidates, items, [seed, first])
            continue
        yield block(names, count, candidates, items, [seed, start])


def block(names: tuple[str, ...], count: int, candidates: int, items: int, seed: list[int]) -> SignalBatch:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, candidates, len(names)), dtype=np.float32)
    values += 0.75 * rng.standard_normal((count, candidates, 1), dtype=np.float32)
    values[..., len(names) // 2 :] = np.exp(values[..., len(names) // 2 :])
    values -= values.min(axis=1, keepdims=True)
    values /= values.max(axis=1, keepdims=True)
    order = np.argsort(-values.sum(axis=2), axis=1, kind="stable")
    # A different stretch of a fixed shuffle each: candidates without a draw of their own.
    first = rng.integers(0, items, (count, 1))
    codes = ((first + np.arange(candidates)) * 7919 % items).astype(np.int32)
    return SignalBatch(names, np.take_along_axis(values, order[..., None], axis=1), np.ones(codes.shape, bool), codes)


def truth_of(batch: SignalBatch, items: int, seed: int) -> Truth:
    """Five targets each among the candidates, more of them among those with large signals."""
    rng = np.random.default_rng([seed, 1])
    requests, width = batch.items.shape
    target = np.empty((requests, TARGETS), np.int32)
    for start in range(0, requests, STEP):
        rows = slice(start, min(start + STEP, requests))
        place = np.square(np.arange(TARGETS) + rng.random((rows.stop - start, TARGETS))) / TARGETS**2 * width
        target[rows] = np.sort(np.take_along_axis(batch.items[rows], place.astype(np.int64), axis=1), axis=1)
    forget(batch.items)
    return Truth(
        requests=Requests(
            user=np.arange(requests, dtype=np.int32),
            time=np.zeros(requests, np.int64),
            offsets=np.arange(requests + 1) * TARGETS,
            target_items=target.ravel(),
            target_labels={"buy": np.ones(target.size, np.float32)},
        ),
        items=items_table(items),
        events=(Event("buy"),),
        item_counts=np.ones(items),
        user_count=requests,
        known=np.zeros(target.size, bool),
    )


def metrics_of(truth: Truth) -> dict[str, Metric]:
    """One metric of each kind that costs: hits, hits and items, vectors, exposures."""
    rng = np.random.default_rng(2)
    count, items = len(truth.requests.target_items), len(truth.items)
    discount = 1 / np.log2(np.arange(LENGTH) + 2)
    vectors = np.zeros((items, DIMENSIONS))
    vectors[np.arange(items), rng.integers(0, DIMENSIONS, items)] = 1
    return {
        "ndcg": Gain(np.ones(count), None, np.full(len(truth.requests), discount[:TARGETS].sum()), discount),
        "revenue": Gain(rng.lognormal(1, 1, count), 0.01 * rng.lognormal(1, 1, items)),
        "diversity": Vector(vectors),
        "coverage": Exposure(lambda counts: float((counts > 0).mean())),
    }


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cost(requests: int, candidates: int, policies: int, signals: int, seed: int, rounds: int) -> dict[str, Any]:
    """One line of a table."""
    requests = max(200, min(requests, 20_000_000 // candidates)) if candidates > 1000 else requests
    items = max(ITEMS, candidates)
    batch = stored(parts(requests, candidates, signals, items, seed), requests, ())
    truth = truth_of(batch, items, seed)
    metrics = metrics_of(truth)
    start = time.perf_counter()
    judge = Judge([batch], KIND, metrics, truth, LENGTH)
    ready = time.perf_counter() - start
    weights = np.random.default_rng(seed).dirichlet(np.full(signals, 0.5), policies)
    best = min(seconds(lambda: judge.evaluate(weights, halves=False)) for _ in range(rounds))
    return {
        "requests": requests,
        "candidates": candidates,
        "policies": policies,
        "signals": signals,
        "ready_s": round(ready, 3),
        "candidates_after_pruning": None if np.isnan(judge.candidates_kept) else round(judge.candidates_kept, 1),
        "ms_per_policy": round(1000 * best / policies, 4),
        "us_per_policy_and_thousand_requests": round(1e9 * best / policies / requests, 2),
    }


class OwnMemory(threading.Thread):
    """The largest memory that this process has to itself, in GiB: no pages of mapped files. 0 where unknown."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0
        self.start()

    def run(self) -> None:
        status = Path("/proc/self/status")
        while status.exists():
            held = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
            self.peak = max(self.peak, int(held.split()[1]) / 2**20)
            time.sleep(0.05)


def million(requests: int, seed: int) -> dict[str, Any]:
    """A search on a sample and a certificate's pass over everybody, with what memory they took."""
    began, own = time.perf_counter(), OwnMemory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = tuple(f"s{i}" for i in range(BASE["signals"]))
        batch = stored(parts(requests, BASE["candidates"], len(names), ITEMS, seed), requests, names, MEMORY, folder)
        signals = time.perf_counter() - began
        truth = truth_of(batch, ITEMS, seed)
        ids = truth.requests.user.astype(str).astype(object)
        box = KIND.space(names)
        policies = np.vstack([box.corners, KIND.sample(box, 20, seed)])

        def sample(some: Requests) -> Iterator[SignalBatch]:
            """In memory, a few rows at a time: what has been read of the files need not stay."""
            for rows in np.array_split(some.user, max(1, len(some) // STEP)):
                yield batch.take(rows)
                forget(batch.values, batch.mask, batch.items)

        def judged(some: Requests) -> Judged:
            part = Truth(some, truth.items, truth.events, truth.item_counts, requests, np.zeros(len(some.target_items)))
            signals = stored(sample(some), len(some), names)
            judge = Judge([signals], KIND, metrics_of(part), part, LENGTH)
            return Judged(judge, batch, some, {})

        def wished(pilot: Judged) -> tuple[Wish, int]:
            values, errors = pilot.judge.evaluate(box.corners, halves=False)
            return Wish.of(tuple(pilot.judge.metrics), -values[0], np.nan_to_num(errors[0]), keep={"ndcg": "-2%"}), 0

        some, told = search_requests(truth.requests, None, ids, seed, judged, policies, wished)
        start = time.perf_counter()
        search = judged(some)
        rng = np.random.default_rng(seed)
        for _ in range(10):
            search.judge.evaluate(rng.dirichlet(np.full(len(names), 0.5), 100), halves=False)
        searched = time.perf_counter() - start
        del search
        start = time.perf_counter()
        judge = Judge([batch], KIND, metrics_of(truth), truth, LENGTH)
        numerator, _ = judge.parts(KIND.sample(box, 31, seed))
        certified = time.perf_counter() - start
        size = sum(x.nbytes for x in (batch.values, batch.mask, batch.items))
    return {
        "requests": requests,
        "signals_gib": round(size / 2**30, 2),
        "in_files": isinstance(batch.values, np.memmap),
        "search_requests": told["requests"],
        "search_why": told["why"],
        "signals_s": round(signals, 1),
        "search_1000_policies_s": round(searched, 1),
        "certify_31_policies_s": round(certified, 1),
        "kept_in_memory": bool(np.isfinite(judge.candidates_kept)),
        "mean_ndcg": float(numerator[:, 0].mean()),
        "seconds": round(time.perf_counter() - began, 1),
        "peak_own_gib": round(own.peak, 2),
        "peak_gib": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform != "darwin" else 2**30), 2
        ),
    }


def alone(requests: int, seed: int) -> dict[str, Any]:
    """`million` in a process of its own, whose peak memory is nobody else's."""
    command = [sys.executable, __file__, "--million", str(requests), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def measure(quick: bool, seed: int) -> dict[str, Any]:
    grid = QUICK if quick else FULL
    base = {**BASE, "requests": 2_000} if quick else BASE
    rounds = 2 if quick else 5
    cost(200, 50, 4, 4, seed, 1)  # compiles
    return {
        "benchmark": "scaling",
        "machine": {
            "processor": machine()["processor"],
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "system": platform.platform(),
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "seeds": [seed],
        "sizes": {**base, "items": ITEMS, "k": LENGTH, "memory_gib": MEMORY / 2**30},
        **{
            name: [cost(**{**base, name: size}, seed=seed, rounds=rounds) for size in sorted({*sizes, base[name]})]
            for name, sizes in grid.items()
        },
        "million": alone(20_000 if quick else 1_000_000, seed),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument("--million", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help="seed of everything made up")
    arguments = parser.parse_args()
    if arguments.million:
        print(json.dumps(million(arguments.million, arguments.seed)))
        return
    figures = measure(arguments.quick, arguments.seed)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    whole = figures["million"]
    print(
        f"{whole['requests']:,} users: peak {whole['peak_gib']} GiB, {whole['seconds']} s; searched on "
        f"{whole['search_requests']:,}"
    )


if __name__ == "__main__":
    main()
