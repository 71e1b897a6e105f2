"""Do certificates hold, and are they worth having? Simulated logs whose truth is known, against fresh customers.

    python tests/benchmarks/certificates.py [--quick] [--json] [--workers N]

A bundle is fitted once. Then every log is of other customers of the simulated store and goes through the code of a
run: search on the select requests, thinning, certificates on the certify requests, a pick. What is promised is compared
with what the same policies do for fresh customers of the same days, 200,000 of them, none of whom is in any log.

Three ways to pick are compared, for three wishes (the first, most sales while relevance loses at most 2 %, gives the
keys at the top):

- `certified`: simultaneous bounds over all policies and objectives at 95 %,
- `pointwise`: every bound by itself at 95 %, as if nobody had chosen among them,
- `naive`: no bounds, the values on the select requests.

`issued` of `logs` led to a pick. `false`: issued, and something that is stated of the picked policy is not so (a bound
lies above the truth; a naive pick states that the wish is met). `wish_broken`: issued, and the wish is truly not met.
`share_of_oracle_gain`: the true gain of the pick, 0 where none is issued, by that of the best policy that keeps what is
asked, found with the truth at hand; always taking the baseline scores 0. `coverage`: the share of logs in which every
bound of every policy holds.

`optimism`: the hypervolume of the shown front on the select requests, and as the run's own estimate expects it to be on
other customers, against fresh customers; bias and root mean squared error in percent of the true one.

On Complete Journey nothing is known for certain: as an illustration, half of the select part's households search and
certify, the others stand in for the truth, over random halves. The certify requests are not touched.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from certificate_worlds import BASELINE, CONFIG, STORE, WAYS, WISHES, Found, World
from journey_halves import journey

from paretorec.contracts import Array
from paretorec.record import machine, versions
from paretorec.search.pareto import hypervolume

FULL = {
    "logs": 1000,
    "users": 1600,
    "fresh": 200_000,
    "shard": 10_000,
    "oracle_users": 20_000,
    "oracle_evaluations": 1500,
    "optimism": {1200: 300, 4800: 60},
    "optimism_fresh": 200_000,
    "halves": 100,
}
QUICK = {
    **FULL,
    "logs": 8,
    "users": 1200,
    "fresh": 4000,
    "shard": 2000,
    "oracle_users": 1500,
    "oracle_evaluations": 100,
    "optimism": {1200: 4},
    "optimism_fresh": 4000,
    "halves": 0,
}
FIRST_LOG, FIRST_OPTIMISM, FIRST_TRUTH = 1_000, 500_000, 900_000
"""Seeds of customers; 1 is the bundle's, 2 the oracle's."""
SURE = 1.96

_WORLD: list[World] = []
"""This process's."""


def _begin() -> None:
    _WORLD.append(World())


def _log(task: tuple[int, int]) -> Found:
    return _WORLD[0].found(*task)


def _sums(task: tuple[Array, int, int, str]) -> tuple[Array, int]:
    return _WORLD[0].sums(*task)


def _oracle(task: tuple[int, int]) -> Array:
    return _WORLD[0].oracle(*task)


def _facts(_: None) -> tuple[list[str], Array, Array, int]:
    world = _WORLD[0]
    return world.names, world.sign, world.box.corners, world.plan.names.index(BASELINE)


class Workers:
    """Processes with a world each; with one worker, this process."""

    def __init__(self, count: int) -> None:
        self._pool = ProcessPoolExecutor(count, get_context("spawn"), _begin) if count > 1 else None
        if self._pool is None:
            _begin()

    def map(self, work: Callable[[Any], Any], tasks: list[Any]) -> Iterator[Any]:
        return self._pool.map(work, tasks) if self._pool else map(work, tasks)

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown()

    def truth(self, theta: Array, fresh: int, shard: int, window: str) -> Array:
        """float64 [Q, M]: values of policies for fresh customers."""
        theta, back = np.unique(theta, axis=0, return_inverse=True)
        tasks = [(theta, shard, FIRST_TRUTH + number, window) for number in range(fresh // shard)]
        found = list(self.map(_sums, tasks))
        total = np.sum([one for one, _ in found], axis=0) / sum(count for _, count in found)
        return np.asarray(total[back.ravel()])


def true_changes(values: Array, baseline: Array, sign: Array, relative: Array) -> Array:
    """float64 [P, M]: as a certificate states changes; positive = better."""
    scale = np.where(relative, 100.0 / np.abs(baseline), 1.0)
    return np.asarray(sign * (values - baseline) * scale)


def meets(change: Array, wish: str, names: list[str]) -> Array:
    """bool [P]: what the wish says is truly so."""
    maximize, keep = WISHES[wish]
    kept = np.ones(len(change), bool)
    for name, least in keep.items():
        kept &= change[:, names.index(name)] >= float(least.rstrip("%"))
    return kept & (change[:, names.index(maximize)] > 0)


def rate(count: int, of: int) -> dict[str, float]:
    """A share and its Monte-Carlo standard error."""
    share = count / max(of, 1)
    return {"share": round(share, 4), "error": round(float(np.sqrt(share * (1 - share) / max(of, 1))), 4)}


def judged(logs: list[Found], truths: list[Array], oracle: Array, names: list[str]) -> dict[str, Any]:
    """wish -> way -> how often issued, how often false, how much of the oracle's gain."""
    out: dict[str, Any] = {}
    everything = np.concatenate([oracle, *truths])
    for wish, (maximize, keep) in WISHES.items():
        place = names.index(maximize)
        best = everything[meets(everything, wish, names)][:, place].max(initial=0.0)
        ways: dict[str, Any] = {}
        for way in WAYS:
            rows = [
                (change[chosen[0]], chosen[1])
                for found, change in zip(logs, truths, strict=True)
                if (chosen := found.picks[wish][way]) is not None
            ]
            broken = [not meets(true[None], wish, names)[0] for true, _ in rows]
            false = [bool((true < low).any()) or gone for (true, low), gone in zip(rows, broken, strict=True)]
            gain = sum(true[place] for true, _ in rows) / len(logs)
            ways[way] = {
                "issued": len(rows),
                "issue_rate": rate(len(rows), len(logs)),
                "false": sum(false),
                "false_of_logs": rate(sum(false), len(logs)),
                "wish_broken": sum(broken),
                "broken_of_logs": rate(sum(broken), len(logs)),
                "true_gain": round(gain, 3),
                "share_of_oracle_gain": round(gain / best, 4) if best > 0 else None,
            }
        out[wish] = {"maximize": maximize, "keep": keep, "oracle_gain": round(float(best), 3), "ways": ways}
    return out


def coverage(logs: list[Found], truths: list[Array]) -> dict[str, Any]:
    """How often all bounds of a log hold at once, and a single one of those at the same level by itself."""
    low = [bool((found.low <= true).all()) for found, true in zip(logs, truths, strict=True)]
    high = [bool((found.high >= true).all()) for found, true in zip(logs, truths, strict=True)]
    still = [
        bool(true[row].min() < 0)
        for found, true in zip(logs, truths, strict=True)
        for row in np.flatnonzero((found.change == 0).all(axis=1) & (found.low < 0).any(axis=1))
    ]
    return {
        "nominal": 0.95,
        "low": rate(sum(low), len(low)),
        "high": rate(sum(high), len(high)),
        "policies_a_log": round(float(np.mean([len(found.theta) for found in logs])), 1),
        "equal_on_all_requests": {"policies": len(still), "truly_worse_in_something": sum(still)},
    }


def optimism(
    logs: list[Found], values: list[Array], corners: Array, baseline: int, names: list[str], sign: Array
) -> dict[str, Any]:
    """The front as it looks, as it is expected to be, and as it is.

    corners: float64 [K, M], true values of each signal alone; `baseline` is one of them. Nobody chose them, so what
    they look like is right on average, and noise that they share with the front, that of the truth among it, is
    taken out of the bias by regression (control variates); `plain_` figures are those without.
    """
    raw, expected, best = [], [], {name: ([], []) for name in names}  # type: ignore[var-annotated]
    true = np.array([hypervolume(-sign * v, found.reference) for v, found in zip(values, logs, strict=True)])
    for found, value in zip(logs, values, strict=True):
        volume = found.optimism["hypervolume"]
        raw.append(volume["select"])
        expected.append(volume["expected"])
        for m, name in enumerate(names):
            row = int((sign[m] * found.select[:, m]).argmax())
            told = found.optimism["best"][name]
            for place, key in enumerate(("select", "expected")):
                best[name][place].append(100 * sign[m] * (told[key] - value[row, m]) / abs(value[row, m]))

    shared = np.array(
        [np.concatenate([(f.corners - corners).mean(axis=0), f.corners[baseline] - corners[baseline]]) for f in logs]
    )

    def error(of: Any) -> dict[str, float]:
        off = np.asarray(of)
        bias, noise = without_noise(off, shared)
        return {
            "bias_percent": round(bias, 3),
            "bias_error": round(noise, 3),
            "rmse_percent": round(float(np.hypot(bias, off.std())), 3),
            "plain_bias_percent": round(float(off.mean()), 3),
            "plain_rmse_percent": round(float(np.sqrt(np.square(off).mean())), 3),
        }

    scale = 100 / true.mean()
    return {
        "logs": len(logs),
        "requests": round(float(np.mean([found.requests[0] for found in logs]))),
        "raw": error((np.array(raw) - true) * scale),
        "expected": error((np.array(expected) - true) * scale),
        "best_values": {name: {"raw": error(a), "expected": error(b)} for name, (a, b) in best.items()},
    }


def without_noise(off: Array, controls: Array) -> tuple[float, float]:
    """(mean, its standard error) of `off` [n] less what it shares with `controls` [n, C], whose means are 0."""
    controls = controls[:, controls.std(axis=0) > 0]
    if len(off) < 5 * (controls.shape[1] + 1):
        controls = controls[:, :0]
    design = np.column_stack([np.ones(len(off)), controls / controls.std(axis=0)])
    fit, *_ = np.linalg.lstsq(design, off, rcond=None)
    left = off - design @ fit
    variance = np.square(left).sum() / max(len(off) - design.shape[1], 1)
    return float(fit[0]), float(np.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0]))


def measure(quick: bool, workers: int) -> dict[str, Any]:
    sizes = QUICK if quick else FULL
    start = time.perf_counter()
    pool = Workers(workers)
    [(names, sign, corners, row)] = pool.map(_facts, [None])
    logs: list[Found] = list(pool.map(_log, [(sizes["users"], FIRST_LOG + n) for n in range(sizes["logs"])]))
    [oracle] = pool.map(_oracle, [(sizes["oracle_users"], sizes["oracle_evaluations"])])
    theta = np.concatenate([corners[row][None], oracle, *(found.theta for found in logs)])
    values = pool.truth(theta, sizes["fresh"], sizes["shard"], "certify")
    baseline, rest = values[0], values[1:]
    relative = logs[0].relative
    oracle_changes = true_changes(rest[: len(oracle)], baseline, sign, relative)
    ends = np.cumsum([len(oracle), *(len(found.theta) for found in logs)])
    truths = [
        true_changes(rest[begin:end], baseline, sign, found.relative)
        for begin, end, found in zip(ends[:-1], ends[1:], logs, strict=True)
    ]
    wishes = judged(logs, truths, oracle_changes, names)
    covered = coverage(logs, truths)
    seconds = {"certificates": round(time.perf_counter() - start, 1)}
    looks = []
    for size, (users, count) in enumerate(sizes["optimism"].items()):
        tasks = [(users, FIRST_OPTIMISM + 10_000 * size + n) for n in range(count)]
        some: list[Found] = list(pool.map(_log, tasks))
        everything = np.concatenate([corners, *(found.theta for found in some)])
        flat = pool.truth(everything, sizes["optimism_fresh"], sizes["shard"], "select")
        cuts = np.cumsum([len(corners), *(len(found.theta) for found in some)])[:-1]
        true_corners, *true = np.split(flat, cuts)
        looks.append(optimism(some, true, true_corners, row, names, sign))
    pool.close()
    seconds["optimism"] = round(time.perf_counter() - start - seconds["certificates"], 1)
    first = next(iter(wishes.values()))["ways"]["certified"]
    return {
        "benchmark": "certificates",
        "machine": machine(),
        "versions": versions(),
        "quick": quick,
        "seeds": [FIRST_LOG, FIRST_OPTIMISM, FIRST_TRUTH],
        "sizes": {
            **{key: value for key, value in sizes.items() if key not in ("logs", "optimism")},
            "items": STORE.items,
            "evaluations": CONFIG["search"]["evaluations"],
            "points": CONFIG["search"]["points"],
            "select_requests": round(float(np.mean([found.requests[0] for found in logs]))),
            "certify_requests": round(float(np.mean([found.requests[1] for found in logs]))),
        },
        "logs": len(logs),
        "issued": first["issued"],
        "false": first["false"],
        "false_rate": first["false_of_logs"],
        "share_of_oracle_gain": first["share_of_oracle_gain"],
        "coverage": covered["low"]["share"],
        "coverages": covered,
        "wishes": wishes,
        "optimism": looks,
        "complete_journey": journey(sizes["halves"]),
        "seconds": seconds,
    }


def table(figures: dict[str, Any]) -> str:
    """For people."""
    lines = [
        f"{figures['logs']} logs of {figures['sizes']['certify_requests']:,} certify requests; all bounds of a log "
        f"hold in {figures['coverages']['low']['share']:.1%} ± {figures['coverages']['low']['error']:.1%}"
    ]
    for wish in figures["wishes"].values():
        lines.append(f"most {wish['maximize']}, keeping {wish['keep']}; the oracle gains {wish['oracle_gain']} %")
        for way, one in wish["ways"].items():
            lines.append(
                f"  {way}: issued {one['issued']}, false {one['false']}, wish broken {one['wish_broken']}, "
                f"share of the oracle's gain {one['share_of_oracle_gain']}"
            )
    for one in figures["optimism"]:
        lines.append(f"front of {one['requests']:,} requests: looks {one['raw']}, expected {one['expected']}")
        lines += [f"  best {name}: {found}" for name, found in one["best_values"].items()]
    return "\n".join([*lines, f"Complete Journey: {figures['complete_journey']}", str(figures["seconds"])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="12 logs, few fresh customers")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 2), help="processes")
    arguments = parser.parse_args()
    figures = measure(arguments.quick, arguments.workers)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
