"""How well and how fast the multi-objective optimizers search: hypervolume on ZDT and DTLZ problems, against gates.

    python tests/benchmarks/optimizers.py [--quick] [--json]

Every figure is the median over the seeds after 25,000 evaluations, of the 100 places that the optimizer itself ends
with (not of the loop's unbounded archive, which is better): hypervolume with the reference point (1, ..., 1), after
scaling to the range of the true front. The gates lie a little below what the published implementations reach (Lim et
al. 2013, doi 10.1155/2013/510763; jMetalPy; pymoo). ZDT4 after 10,000 evaluations is the canary for the sign of
SMPSO's constriction. Problems and the peers of the speed ratios come from pymoo; both sides of a ratio run here, one
after the other, on one core; ours keep the unbounded archive and follow its hypervolume, the peers do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from pymoo.algorithms.moo.cmopso import CMOPSO
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.optimize import minimize
from pymoo.problems import get_problem

from paretorec.contracts import Array, RunContext, SearchProblem
from paretorec.record import machine
from paretorec.search.loop import search
from paretorec.search.pareto import hypervolume
from paretorec_plugins.pymoo_search.genetic import Nsga2, Nsga2Config
from paretorec_plugins.random_search.draws import RandomSearch, RandomSearchConfig
from paretorec_plugins.swarm.smpso import Smpso, SmpsoConfig

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
)
"""(optimizer, problem, evaluations, least hypervolume)."""

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "smpso": lambda: Smpso(SmpsoConfig()),
    "nsga2": lambda: Nsga2(Nsga2Config()),
    "random": lambda: RandomSearch(RandomSearchConfig(law="uniform")),
}


def solve(name: str, problem: str, evaluations: int, seed: int) -> tuple[float, float]:
    """(hypervolume of the optimizer's own last set, seconds)."""
    optimizer, known = OPTIMIZERS[name](), get_problem(problem)
    lower, upper = (np.asarray(bound, dtype=np.float64) for bound in known.bounds())
    objectives = tuple(f"f{m + 1}" for m in range(known.n_obj))

    def evaluate(x: Array) -> tuple[Array, Array]:
        values = known.evaluate(x, return_values_of=["F"])
        return values, np.zeros_like(values)

    started = time.perf_counter()
    space = SearchProblem(lower, upper, objectives, np.empty((0, len(lower))), evaluations)
    archive = search(space, optimizer, evaluate, evaluations=evaluations, seed=seed, run=RunContext())
    seconds = time.perf_counter() - started
    if name == "smpso":
        values = optimizer.leaders.values
    elif name == "nsga2":
        values = optimizer.population()[1]
    else:
        values = archive.values
    return scaled_hypervolume(values, known), seconds


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
    return hypervolume((values - low) / (high - low), np.ones(len(low)))


def median(pairs: list[tuple[float, float]]) -> dict[str, float]:
    volume, seconds = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"hypervolume": round(volume, 4), "seconds": round(seconds, 3)}


def measure(seeds: list[int]) -> dict[str, Any]:
    """Everything that the JSON says."""
    rows, passed = [], 0
    for name, problem, evaluations, gate in GATES:
        figures = median([solve(name, problem, evaluations, seed) for seed in seeds])
        good = figures["hypervolume"] >= gate
        passed += good
        rows.append(
            {"optimizer": name, "problem": problem, "evaluations": evaluations, "gate": gate, **figures, "passed": good}
        )
    speed = {}
    for name, other in (("smpso", CMOPSO), ("nsga2", NSGA2)):
        ours = median([solve(name, "zdt1", 10_000, seed) for seed in seeds])
        theirs = median([peer(other(pop_size=100), "zdt1", 10_000, seed) for seed in seeds])
        speed[name] = {
            "peer": f"pymoo {other.__name__}",
            "problem": "zdt1",
            "evaluations": 10_000,
            "ratio_peer": round(theirs["seconds"] / ours["seconds"], 2),
            "hypervolume": ours["hypervolume"],
            "hypervolume_peer": theirs["hypervolume"],
        }
    return {
        "benchmark": "optimizers",
        "machine": {"processor": machine()["processor"], "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("paretorec", "numpy", "pymoo", "moocore")},
        },
        "seeds": seeds,
        "sizes": {"evaluations": BUDGET, "population": 100, "kept": 100},
        "gates": len(GATES),
        "gates_passed": passed,
        "results": rows,
        "random": {"problem": "zdt1", **median([solve("random", "zdt1", BUDGET, seed) for seed in seeds])},
        "speed": speed,
    }


def table(figures: dict[str, Any]) -> str:
    gates = (
        f"{row['optimizer']:<10} {row['problem']:<8} {row['evaluations']:>11,}  {row['hypervolume']:>11.4f}  "
        f"{row['gate']:.3f}  {row['seconds']:>7.2f}  {'' if row['passed'] else 'MISSED'}"
        for row in figures["results"]
    )
    speeds = (
        f"{name} is {row['ratio_peer']} times as fast as {row['peer']} "
        f"(hypervolume {row['hypervolume']} against {row['hypervolume_peer']})"
        for name, row in figures["speed"].items()
    )
    return "\n".join(
        (
            "optimizer  problem  evaluations  hypervolume  gate   seconds",
            *gates,
            f"{figures['gates_passed']} of {figures['gates']} gates passed, medians of {len(figures['seeds'])} seeds",
            *speeds,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="one seed instead of five")
    arguments = parser.parse_args()
    figures = measure([0] if arguments.quick else [0, 1, 2, 3, 4])
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
