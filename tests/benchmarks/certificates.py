"""Do certificates hold, and are they worth having? Simulated logs whose truth is known, against fresh customers.

    python tests/benchmarks/certificates.py [--quick] [--json] [--workers N] [--parts NAMES] [--into FILE]

A bundle is fitted once. Then every log is of other customers of the simulated store and goes through the code of a
run: search on the select requests, thinning, certificates on the certify requests, a pick. What is promised is compared
with what the same policies do for fresh customers of the same days, 200,000 of them, none of whom is in any log.
The parts `certificates`, `optimism` and `halves` can be measured one at a time: `--into` puts the figures of those that
were asked for into a file that holds the others'.

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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from certificate_optimism import optimism
from certificate_worlds import BASELINE, CONFIG, STORE, WAYS, WISHES, Found, World
from journey_halves import journey

from paretorec.artifact import read_json, write_json
from paretorec.contracts import Array
from paretorec.record import machine, versions

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
FIRST_LOG, FIRST_OPTIMISM, FIRST_PILOT, FIRST_TRUTH = 1_000, 500_000, 800_000, 900_000
"""Seeds of customers; 1 is the bundle's, 2 the oracle's."""
SURE = 1.96

_WORLD: list[World] = []
"""This process's."""


def _begin() -> None:
    _WORLD.append(World())


def _log(task: tuple[int, int]) -> Found:
    return _WORLD[0].found(*task)


def _log_beside(task: tuple[int, int, Array]) -> Found:
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


def certificates(pool: Workers, sizes: dict[str, Any]) -> dict[str, Any]:
    """Do bounds hold, and what are picks worth?"""
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
    first = next(iter(wishes.values()))["ways"]["certified"]
    return {
        "sizes": {
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
    }


def front_optimism(pool: Workers, sizes: dict[str, Any]) -> dict[str, Any]:
    """By how much fronts of several sizes flatter themselves."""
    [(names, sign, _, _)] = pool.map(_facts, [None])
    first, looks = next(iter(sizes["optimism"])), []
    pilots = list(pool.map(_log, [(first, FIRST_PILOT + n) for n in range(4)]))
    fixed = np.unique(np.concatenate([found.theta for found in pilots]), axis=0)
    for size, (users, count) in enumerate(sizes["optimism"].items()):
        tasks = [(users, FIRST_OPTIMISM + 10_000 * size + n, fixed) for n in range(count)]
        logs: list[Found] = list(pool.map(_log_beside, tasks))
        everything = np.concatenate([fixed, *(found.theta for found in logs)])
        flat = pool.truth(everything, sizes["optimism_fresh"], sizes["shard"], "select")
        cuts = np.cumsum([len(fixed), *(len(found.theta) for found in logs)])[:-1]
        true_fixed, *true = np.split(flat, cuts)
        looks.append(optimism(logs, true, true_fixed, names, sign))
    return {"optimism": looks}


def halves(pool: Workers, sizes: dict[str, Any]) -> dict[str, Any]:
    """The illustration on real purchases."""
    return {"complete_journey": journey(sizes["halves"])}


PARTS = {"certificates": certificates, "optimism": front_optimism, "halves": halves}


def measure(quick: bool, workers: int, parts: Sequence[str] = tuple(PARTS)) -> dict[str, Any]:
    """Figures of some parts; `merged` puts them beside those of the others."""
    sizes = QUICK if quick else FULL
    pool = Workers(workers)
    figures: dict[str, Any] = {
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
        },
        "seconds": {},
    }
    for part in parts:
        start = time.perf_counter()
        found = PARTS[part](pool, sizes)
        figures["sizes"] |= found.pop("sizes", {})
        figures |= found
        figures["seconds"][part] = round(time.perf_counter() - start, 1)
    pool.close()
    return figures


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The old figures with those parts that were measured again in their place."""
    if old.get("benchmark") != new["benchmark"] or old.get("quick") != new["quick"]:
        raise SystemExit("--into: these figures are of another benchmark, or one of the two is a quick run")
    return old | new | {key: old.get(key, {}) | new[key] for key in ("sizes", "seconds")}


def table(figures: dict[str, Any]) -> str:
    """For people."""
    lines = []
    if "wishes" in figures:
        lines.append(
            f"{figures['logs']} logs of {figures['sizes']['certify_requests']:,} certify requests; all bounds of a log "
            f"hold in {figures['coverages']['low']['share']:.1%} ± {figures['coverages']['low']['error']:.1%}"
        )
    for wish in figures.get("wishes", {}).values():
        lines.append(f"most {wish['maximize']}, keeping {wish['keep']}; the oracle gains {wish['oracle_gain']} %")
        for way, one in wish["ways"].items():
            lines.append(
                f"  {way}: issued {one['issued']}, false {one['false']}, wish broken {one['wish_broken']}, "
                f"share of the oracle's gain {one['share_of_oracle_gain']}"
            )
    for one in figures.get("optimism", []):
        lines.append(f"front of {one['requests']:,} requests: looks {one['raw']}, expected {one['expected']}")
        lines += [f"  best {name}: {found}" for name, found in one["best_values"].items()]
    if "complete_journey" in figures:
        lines.append(f"Complete Journey: {figures['complete_journey']}")
    return "\n".join([*lines, str(figures["seconds"])])


def chosen_parts(text: str) -> list[str]:
    """Names of parts, in their order."""
    names = text.split(",")
    if unknown := sorted(set(names) - set(PARTS)):
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return [name for name in PARTS if name in names]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="few logs, few fresh customers")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 2), help="processes")
    parser.add_argument("--parts", type=chosen_parts, default=list(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--into", type=Path, help="a JSON file of earlier figures: these parts are replaced in it")
    arguments = parser.parse_args()
    figures = measure(arguments.quick, arguments.workers, arguments.parts)
    if arguments.into is not None:
        old = read_json(arguments.into) if arguments.into.exists() else {}
        figures = merged(old, figures) if old else figures
        write_json(arguments.into, figures)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
