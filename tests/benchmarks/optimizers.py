"""How well and how fast optimizers search: known problems against gates, and real ranking policies against chance.

    python tests/benchmarks/optimizers.py [--quick] [--json]

*Known problems* (ZDT, DTLZ): the median over five seeds of the hypervolume after 25,000 evaluations, of the about 100
places that the optimizer itself ends with (not of the loop's unbounded archive, which is better), with the reference
point (1, ..., 1) after scaling to the range of the true front, by moocore. The gates lie a little below what published
implementations reach (Lim et al. 2013, doi 10.1155/2013/510763; jMetalPy; pymoo). ZDT4 after 10,000 evaluations is the
canary for the sign of SMPSO's constriction. Problems and the peers of the speed ratios come from pymoo; both sides of a
ratio run here, one after the other, on one core; ours keep the unbounded archive and follow its hypervolume, the peers
do not. `cost`: CPU milliseconds that `ask` and `tell` take for 100 evaluations of ZDT1, nothing else counted.

*Real policies* (`worlds`, see search_worlds.py): the default optimizer with 2,000 evaluations against random search
with 10,000, on users that neither searched on; 20 seeds, paired; other optimizers beside, with fewer seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import moocore
import numpy as np
from pymoo.algorithms.moo.cmopso import CMOPSO
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.optimize import minimize
from pymoo.problems import get_problem
from search_worlds import WORLDS, compare

from paretorec.contracts import Array, ComponentRef, Evaluations, RunContext, SearchProblem
from paretorec.record import machine
from paretorec.registry import Registry
from paretorec.search.loop import search

BUDGET = 25_000
GATES = (
    ("smpso", "zdt1", BUDGET, 0.658),
    ("smpso", "zdt2", BUDGET, 0.326),
    ("smpso", "zdt3", BUDGET, 0.508),
    ("smpso", "zdt4", BUDGET, 0.658),
    ("smpso", "zdt4", 10_000, 0.655),
    ("smpso", "zdt6", BUDGET, 0.398),
    ("nsga2", "zdt1", BUDGET, 0.657),
    ("nsga2", "zdt2", BUDGET, 0.324),
    ("nsga2", "zdt3", BUDGET, 0.513),
    ("nsga2", "zdt4", BUDGET, 0.650),
    ("nsga2", "zdt6", BUDGET, 0.383),
    ("nsga2", "dtlz2", BUDGET, 0.365),
    ("nsga3", "dtlz2", BUDGET, 0.405),
)
"""(optimizer, problem, evaluations, least hypervolume)."""
BESIDE = ("nsga3", "moead", "sms-emoa", "spea2", "gde3")
PROBLEMS = ("zdt1", "zdt2", "zdt3", "zdt4", "zdt6", "dtlz2")
COST_LIMIT = 0.5
"""CPU milliseconds for 100 evaluations that SMPSO may take itself."""
OTHERS = {
    **dict.fromkeys(("nsga2", "nsga3", "smpso", "moead", "sms-emoa", "spea2", "gde3", "grid", "dual"), 6),
    "bayesian": 2,
}
"""Optimizer -> seeds; the last takes a minute for 2,000 proposals."""
REGISTRY = Registry(files=())


def built(name: str) -> Any:
    """The optimizer with its defaults; random search of the known problems draws uniformly."""
    params = {"law": "uniform"} if name == "random" else {}
    return REGISTRY.build("optimizer", ComponentRef(use=name, params=params)).component


def space_of(known: Any, evaluations: int) -> SearchProblem:
    """A problem of pymoo as an optimizer is told it."""
    lower, upper = (np.asarray(bound, dtype=np.float64) for bound in known.bounds())
    objectives = tuple(f"f{m + 1}" for m in range(known.n_obj))
    return SearchProblem(lower, upper, objectives, np.empty((0, len(lower))), evaluations)


def solve(name: str, problem: str, evaluations: int, seed: int) -> tuple[float, float]:
    """(hypervolume of the optimizer's own last set, seconds)."""
    optimizer, known = built(name), get_problem(problem)

    def evaluate(x: Array) -> tuple[Array, Array]:
        values = known.evaluate(x, return_values_of=["F"])
        return values, np.zeros_like(values)

    started = time.perf_counter()
    space = space_of(known, evaluations)
    archive = search(space, optimizer, evaluate, evaluations=evaluations, seed=seed, run=RunContext())
    seconds = time.perf_counter() - started
    if hasattr(optimizer, "leaders"):
        values = optimizer.leaders.values
    elif hasattr(optimizer, "population"):
        values = optimizer.population()[1]
    else:
        values = archive.values
    return scaled_hypervolume(values, known), seconds


def own_cost(name: str, evaluations: int, seed: int) -> float:
    """CPU milliseconds of ask and tell for 100 evaluations of ZDT1."""
    optimizer, known = built(name), get_problem("zdt1")
    optimizer.setup(space_of(known, evaluations), seed)
    spent, judged = 0.0, 0
    while judged < evaluations:
        start = time.process_time()
        x = optimizer.ask()
        spent += time.process_time() - start
        values = known.evaluate(x, return_values_of=["F"])
        result = Evaluations(values, np.zeros_like(values), np.ones(len(x), dtype=bool))
        start = time.process_time()
        optimizer.tell(x, result)
        spent += time.process_time() - start
        judged += len(x)
    return 1e5 * spent / judged


def peer(algorithm: Any, problem: str, evaluations: int, seed: int) -> tuple[float, float]:
    """The same for an algorithm of pymoo, run by pymoo."""
    known = get_problem(problem)
    started = time.perf_counter()
    result = minimize(known, algorithm, ("n_eval", evaluations), seed=seed)
    seconds = time.perf_counter() - started
    return scaled_hypervolume(result.F, known), seconds


def scaled_hypervolume(values: Array, known: Any) -> float:
    front = known.pareto_front()
    low, high = front.min(axis=0), front.max(axis=0)
    scaled = (values - low) / (high - low)
    inside = scaled[(scaled < 1).all(axis=1)]
    return float(moocore.hypervolume(inside, ref=np.ones(len(low)))) if len(inside) else 0.0


def median(pairs: list[tuple[float, float]]) -> dict[str, float]:
    volume, seconds = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"hypervolume": round(volume, 4), "seconds": round(seconds, 3)}


def gates(seeds: list[int]) -> list[dict[str, Any]]:
    rows = []
    for name, problem, evaluations, gate in GATES:
        figures = median([solve(name, problem, evaluations, seed) for seed in seeds])
        passed = figures["hypervolume"] >= gate
        row = {"optimizer": name, "problem": problem, "evaluations": evaluations, "gate": gate}
        rows.append({**row, **figures, "passed": passed})
    return rows


def speeds(seeds: list[int]) -> dict[str, Any]:
    out = {}
    for name, other in (("smpso", CMOPSO), ("nsga2", NSGA2)):
        ours = median([solve(name, "zdt1", 10_000, seed) for seed in seeds])
        theirs = median([peer(other(pop_size=100), "zdt1", 10_000, seed) for seed in seeds])
        out[name] = {
            "peer": f"pymoo {other.__name__}",
            "problem": "zdt1",
            "evaluations": 10_000,
            "ratio_peer": round(theirs["seconds"] / ours["seconds"], 2),
            "hypervolume": ours["hypervolume"],
            "hypervolume_peer": theirs["hypervolume"],
        }
    return out


def measure(quick: bool) -> dict[str, Any]:
    """Everything that the JSON says."""
    seeds = [0] if quick else [0, 1, 2, 3, 4]
    beside = 1000 if quick else BUDGET
    rows = gates(seeds)
    cost = {
        name: statistics.median(own_cost(name, 2000, seed) for seed in seeds) for name in ("smpso", *BESIDE, "nsga2")
    }
    pairs, budget, chance = (range(3), 200, 1000) if quick else (range(20), 2000, 10_000)
    others = {"smpso": 1} if quick else OTHERS
    return {
        "benchmark": "optimizers",
        "machine": {"processor": machine()["processor"], "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("paretorec", "numpy", "pymoo", "moocore")},
        },
        "seeds": seeds,
        "quick": quick,
        "sizes": {"evaluations": BUDGET, "population": 100, "kept": 100, "beside": beside},
        "gates": len(rows),
        "gates_passed": sum(row["passed"] for row in rows),
        "results": rows,
        "beside": {
            name: {
                problem: round(statistics.median(solve(name, problem, beside, seed)[0] for seed in seeds), 4)
                for problem in PROBLEMS
            }
            for name in (*BESIDE, "random")
        },
        "cost": {
            "ms_per_100": {name: round(value, 3) for name, value in cost.items()},
            "limit": COST_LIMIT,
            "within_limit": cost["smpso"] <= COST_LIMIT,
        },
        "speed": speeds(seeds),
        "worlds": {name: compare(name, pairs, budget, chance, others, quick) for name in WORLDS},
    }


def table(figures: dict[str, Any]) -> str:
    gated = (
        f"{row['optimizer']:<10} {row['problem']:<8} {row['evaluations']:>11,}  {row['hypervolume']:>11.4f}  "
        f"{row['gate']:.3f}  {row['seconds']:>7.2f}  {'' if row['passed'] else 'MISSED'}"
        for row in figures["results"]
    )
    speeds = (
        f"{name} is {row['ratio_peer']} times as fast as {row['peer']} "
        f"(hypervolume {row['hypervolume']} against {row['hypervolume_peer']})"
        for name, row in figures["speed"].items()
    )
    worlds = (
        f"{name}: skipped, {row['skipped']}"
        if "skipped" in row
        else f"{name}: {row['optimizer']} with {row['evaluations']:,} evaluations against "
        f"{row['random_evaluations']:,} random ones: {row['gain_percent']:+.2f} %, better in {row['wins']} of "
        f"{row['seeds']} seeds (p = {row['p']})"
        for name, row in figures["worlds"].items()
    )
    return "\n".join(
        (
            "optimizer  problem  evaluations  hypervolume  gate   seconds",
            *gated,
            f"{figures['gates_passed']} of {figures['gates']} gates passed, medians of {len(figures['seeds'])} seeds",
            f"smpso itself takes {figures['cost']['ms_per_100']['smpso']} ms for 100 evaluations (limit {COST_LIMIT})",
            *speeds,
            *worlds,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="one seed, few requests and evaluations")
    arguments = parser.parse_args()
    figures = measure(arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
