"""The ten best of every user, exactly: against implicit's C++ search on the same vectors, and what faiss finds of them.

    python tests/benchmarks/topk.py [--quick] [--json]

Vectors of length 64 around 200 centres, of unequal lengths, as trained ones are. `ratio_implicit` is the least over the
tasks of implicit's time (`implicit.cpu.topk.topk`) divided by that of `paretorec.topk.top_k`, both with the same number
of threads, in turns, of each the least of several rounds: one thread and all cores, everything allowed and, in the
first task, without what each user had. BLAS has one thread in both, as implicit demands; threads take whole blocks of
users.

`equal`: the lists are the same; where they are not, both sides' scores at that place are the same to rounding (1e-5).

`indexes`: for every way to find the items of the second task's first users by an index, the share of the exact ten that
it finds, and its time for a block of 32 users, one thread, divided by the exact one's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported

import numpy as np

from paretorec.contracts import Array, ComponentRef, RunContext
from paretorec.loops import available_cores
from paretorec.record import machine
from paretorec.registry import Registry
from paretorec.topk import Excluded, top_k

K, WIDTH, SEEN = 10, 64, 165
FULL = {"tasks": [[6040, 3416], [20_000, 100_000]], "rounds": 5, "asked": 1024}
QUICK = {"tasks": [[6040, 3416], [512, 20_000]], "rounds": 3, "asked": 256}
INDEXES: tuple[dict[str, Any], ...] = (
    {"use": "exact"},
    {"use": "faiss", "params": {"kind": "hnsw"}},
    {"use": "faiss", "params": {"kind": "hnsw", "ef_search": 256}},
    {"use": "faiss", "params": {"kind": "ivf", "nprobe": 8}},
    {"use": "faiss", "params": {"kind": "ivf"}},
)


def vectors(users: int, items: int, seed: int) -> tuple[Array, Array]:
    """float32 [users, WIDTH] and [items, WIDTH]."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(200, WIDTH))

    def some(count: int) -> Array:
        near = centres[rng.integers(0, len(centres), count)] + rng.normal(size=(count, WIDTH))
        return (near * rng.lognormal(0, 0.2, (count, 1))).astype(np.float32)

    return some(users), some(items)


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def contest(users: Array, items: Array, seen: Array | None, threads: int, rounds: int) -> dict[str, Any]:
    """Both searches in turns."""
    from implicit.cpu.topk import topk
    from scipy.sparse import csr_matrix

    excluded = matrix = None
    if seen is not None:
        offsets = np.arange(len(users) + 1) * seen.shape[1]
        excluded = Excluded(offsets, seen.ravel().astype(np.int32))
        ones = np.ones(seen.size, np.float32)
        matrix = csr_matrix((ones, excluded.items, offsets.astype(np.int32)), shape=(len(users), len(items)))

    def ours() -> tuple[Array, Array]:
        return top_k(users, items, K, excluded=excluded, threads=threads)

    def implicits() -> tuple[Array, Array]:
        found: tuple[Array, Array] = topk(items, users, K, filter_query_items=matrix, num_threads=threads)
        return found

    (mine, my_scores), (theirs, their_scores) = ours(), implicits()
    apart = mine != theirs
    tied = np.isclose(my_scores, their_scores, rtol=1e-5, atol=1e-5)
    times = np.array([[seconds(ours), seconds(implicits)] for _ in range(rounds)]).min(axis=0)
    return {
        "users": len(users),
        "items": len(items),
        "seen_left_out": 0 if seen is None else seen.shape[1],
        "threads": threads,
        "ms": round(1000 * times[0], 1),
        "ms_implicit": round(1000 * times[1], 1),
        "ratio_implicit": round(times[1] / times[0], 2),
        "equal": bool(tied.all()),
        "places_that_differ_by_ties": int(apart.sum()),
    }


def tasks(sizes: dict[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    cores = available_cores()
    for place, (count, size) in enumerate(sizes["tasks"]):
        users, items = vectors(count, size, seed)
        for threads in sorted({1, cores}):
            yield contest(users, items, None, threads, sizes["rounds"])
        if place == 0:
            rng = np.random.default_rng(seed)
            seen = np.stack([rng.choice(size, SEEN, replace=False) for _ in range(count)])
            yield contest(users, items, seen, 1, sizes["rounds"])


def indexes(sizes: dict[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """What each index finds, and how fast."""
    users, items = vectors(*sizes["tasks"][1], seed)
    asked = users[: sizes["asked"]]
    best, _ = top_k(asked, items, K)
    blocks = [asked[start : start + 32] for start in range(0, len(asked), 32)]
    registry, exact_ms = Registry(files=()), 0.0
    for named in INDEXES:
        if named["use"] == "faiss" and find_spec("faiss") is None:
            yield {**named, "skipped": "faiss is not installed: pip install 'paretorec[faiss]'"}
            continue
        index = registry.build("index", ComponentRef(**named), "index").component
        built = seconds(lambda index=index: index.build(items, RunContext()))
        found = np.concatenate([index.search(block, K, None)[0] for block in blocks])
        ms = 1000 * min(
            seconds(lambda index=index: [index.search(block, K, None) for block in blocks])
            for _ in range(sizes["rounds"])
        )
        exact_ms = exact_ms or ms
        yield {
            **named,
            "recall": round(float(np.mean([np.isin(best[row], found[row]).mean() for row in range(len(best))])), 4),
            "build_s": round(built, 2),
            "ms_per_block": round(ms / len(blocks), 3),
            "ratio_exact": round(exact_ms / ms, 2),
        }


def measure(sizes: dict[str, Any], seed: int) -> dict[str, Any]:
    if find_spec("implicit") is None:
        return {"benchmark": "topk", "skipped": "implicit is not installed: pip install 'paretorec[implicit]'"}
    contests = list(tasks(sizes, seed))
    return {
        "benchmark": "topk",
        "machine": {"processor": machine()["processor"], "cores": available_cores(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{name: found(name) for name in ("paretorec", "numpy", "numba", "implicit", "faiss-cpu")},
        },
        "seeds": [seed],
        "sizes": {**sizes, "k": K, "width": WIDTH},
        "ratio_implicit": min(one["ratio_implicit"] for one in contests),
        "equal": all(one["equal"] for one in contests),
        "tasks": contests,
        "indexes": list(indexes(sizes, seed)),
    }


def found(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def told(figures: dict[str, Any]) -> str:
    if "skipped" in figures:
        return f"skipped: {figures['skipped']}"
    same = "equal lists" if figures["equal"] else "LISTS DIFFER"
    return f"at least {figures['ratio_implicit']} times as fast as implicit, {same}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer users and items in the second task")
    arguments = parser.parse_args()
    figures = measure(QUICK if arguments.quick else FULL, seed=0)
    print(json.dumps(figures, indent=2) if arguments.json else told(figures))


if __name__ == "__main__":
    main()
