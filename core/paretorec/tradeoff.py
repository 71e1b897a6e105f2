"""Search the trade-off on the select requests, freeze the front, and only then certify it on the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paretorec.artifact import write_json
from paretorec.bundle import Bundle, SignalPlan
from paretorec.certify import Certificate, certify
from paretorec.components import Components
from paretorec.config import RunConfig
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.dataset import Requests
from paretorec.contracts.optimizer import SearchProblem
from paretorec.contracts.policy import Box, PolicyKind
from paretorec.contracts.run import Array, RunContext
from paretorec.errors import ConfigError
from paretorec.explain import explain_policies
from paretorec.front import Front, ObjectiveInfo, Point
from paretorec.judging import Judged, directions, judge_part, plan_signals
from paretorec.looks import front_optimism, paired_errors
from paretorec.pick import standing_pick, standing_wish
from paretorec.policyfile import PolicyFile
from paretorec.prepare import Prepared
from paretorec.record import Record
from paretorec.registry import Built, Registry
from paretorec.registry.explain import nearest
from paretorec.sample import TRIED, search_requests
from paretorec.search.archive import Archive
from paretorec.search.choose import choose
from paretorec.search.loop import search
from paretorec.search.shown import shown
from paretorec.search.thin import thin
from paretorec.search.wish import Wish

FIRST = 100
"""First policies of a search, a generation of most optimizers; at most a fifth of the budget is drawn."""
CONSIDERED = 400
"""Front points among which those that can be told apart are chosen."""


@dataclass(frozen=True)
class Frozen:
    """The front as it stood before any certify tensor existed."""

    theta: Array
    """float64 [P, D] the points."""
    corners: Array
    """float64 [K, D] each signal alone."""
    baseline: int
    """Row of `corners`."""


def find_front(
    components: Components,
    prepared: Prepared,
    bundle: Bundle,
    ident: str,
    config: RunConfig,
    run: RunContext,
    record: Record,
    registry: Registry,
) -> Front:
    """Search, freeze, certify; fills `record` with what the report shows beside the front."""
    plan = plan_signals(bundle, prepared, config.policy)
    kind = components.policy.component
    box = kind.space(plan.names)
    sign = directions(components)

    def judged(requests: Requests) -> Judged:
        return record.timed(
            "signals (select)",
            lambda: judge_part("select", requests, prepared, bundle, components, plan, config.k, run),
        )

    def wished(values: Array, errors: Array) -> tuple[Wish, int]:
        """The standing wish and the baseline's row among the corners, by what these are worth."""
        row = choose_baseline(plan, values, sign, config, tuple(components.encoders))
        return standing_wish(tuple(components.objectives), -sign * values[row], errors[row], config.pick), row

    pilot = np.vstack([box.corners, kind.sample(box, TRIED, config.seed)])
    requests, record.data["searched"] = search_requests(
        *(prepared.split.select, config.search.requests, prepared.data.user_ids, config.seed, judged, pilot),
        lambda some: wished(*some.judge.evaluate(box.corners)),
    )
    searched = record.data["searched"]
    record.requests |= {
        "select": searched["requests"],
        "users": {**record.requests.get("users", {}), "select": searched["users"]},
    }
    select = judged(requests)
    corner_values, corner_errors = select.judge.evaluate(box.corners)
    wish, baseline = wished(corner_values, corner_errors)
    archive = record.timed(
        "search", lambda: run_search(components, select, box, corner_values, wish, config, run, record, registry)
    )
    frozen = Frozen(
        told_apart(archive, select, config.search.points, wish, box.corners[baseline]), box.corners, baseline
    )
    optimism = record.timed(
        "optimism",
        lambda: front_optimism(archive, select, config.search.points, wish, box.corners[baseline], sign, config.seed),
    )
    objectives = tuple(
        ObjectiveInfo(name, e.component.direction, e.component.unit, objective_label(name, components.objectives[name]))
        for name, e in components.evaluators.items()
    )

    def policy(theta: Array) -> dict[str, Any]:
        resolved = components.policy.resolved
        return PolicyFile(
            kind=f"{resolved.provenance.distribution}/{resolved.spec.name}",
            config=components.policy.config.model_dump(mode="json"),
            parameters=dict(zip(box.names, map(float, theta), strict=True)),
            signals=plan.names,
            normalisers=dict(plan.normalisers),
            explore=config.policy.explore,
            bundle=ident,
            protocol=record.protocol,
        ).to_json()

    values, errors = select.judge.evaluate(frozen.theta)
    names = [objective.name for objective in objectives]
    points = [
        Point(f"p{i + 1:02d}", policy(theta), named(names, values[i]), named(names, errors[i]))
        for i, theta in enumerate(frozen.theta)
    ]
    corners = [
        Point(signal, policy(theta), named(names, corner_values[i]), named(names, corner_errors[i]))
        for i, (signal, theta) in enumerate(zip(plan.names, box.corners, strict=True))
    ]
    if run.folder is not None:
        write_json(run.folder / "frozen.json", [dict(point.policy) for point in (*points, *corners)])
    certified = record.timed(
        "certify", lambda: certify_frozen(frozen, components, prepared, bundle, plan, config, run, sign)
    )
    front = Front(
        objectives=objectives,
        baseline=plan.names[baseline],
        points=tuple(with_changes(points, certified.points, certified.names)),
        baselines=tuple(with_changes(corners, certified.corners, certified.names)),
        protocol=record.protocol,
        confidence=config.certify.confidence,
        max_t=certified.points.max_t,
        uncertified=certified.points.uncertified,
        requests=certified.points.requests,
        users=certified.points.users,
        optimism=optimism,
    )
    record.data["candidates"] = {
        "mode": config.candidates.mode,
        "size": int(select.batch.items.shape[1]),
        "recall": {"select": dict(select.recall), "certify": dict(certified.recall)},
    }
    record.pick = standing_pick(front, config.pick)
    lists_of, part = (certified.judged, "certify") if front.certified else (select, "select")
    policies = {point.id: theta for point, theta in zip(points, frozen.theta, strict=True)}
    document = record.timed(
        "explain",
        lambda: explain_policies(lists_of, part, front.baseline, box.corners[baseline], policies, prepared),
    )
    return replace(front, explanations=document)


def objective_label(name: str, built: Built) -> str:
    """What people read: the objective's own label, or the name that the configuration gives it."""
    label: str = built.component.label
    if name == built.resolved.spec.name:
        return label
    return name.replace("-", " ") + (" (replay)" if label.endswith("(replay)") else "")


def named(names: Sequence[str], values: Array) -> dict[str, float]:
    """name -> value."""
    return dict(zip(names, map(float, values), strict=True))


def choose_baseline(plan: SignalPlan, values: Array, sign: Array, config: RunConfig, encoders: tuple[str, ...]) -> int:
    """The row of the corners that is the baseline: the one named, or the encoder best in the first objective."""
    wanted = config.certify.baseline
    if wanted:
        if wanted not in plan.names:
            raise ConfigError(f"certify.baseline: there is no signal {wanted!r}{nearest(wanted, plan.names)}")
        return plan.names.index(wanted)
    rows = [plan.names.index(f"encoder.{name}") for name in encoders if f"encoder.{name}" in plan.names]
    rows = rows or list(range(len(plan.names)))
    return max(rows, key=lambda row: values[row, 0] * sign[0])


def run_search(
    components: Components,
    select: Judged,
    box: Box,
    corner_values: Array,
    wish: Wish,
    config: RunConfig,
    run: RunContext,
    record: Record,
    registry: Registry,
) -> Archive:
    """The configured optimizer, and random search with the same budget beside it. Returns all that was judged."""
    sign = directions(components)
    reference = (-sign * corner_values).max(axis=0)
    names = tuple(components.objectives)

    def evaluate(x: Array) -> tuple[Array, Array]:
        judged, error = select.judge.evaluate(x, halves=False)
        return -sign * judged, error

    budget = config.search.evaluations if config.search.evaluations or config.search.seconds else 1000
    first = first_policies(components.policy.component, box, budget, config.seed)
    problem = SearchProblem(box.lower, box.upper, names, first, budget)
    chosen, why = choose(components.optimizer, problem, registry)
    name = chosen.resolved.spec.name
    searchers = {name: chosen}
    if name != "random":
        searchers["random"] = registry.build("optimizer", ComponentRef(use="random"), "optimizer")
    archives = {}
    for label, optimizer in searchers.items():
        archives[label] = search(
            problem,
            optimizer.component,
            evaluate,
            evaluations=budget,
            seconds=config.search.seconds,
            seed=config.seed,
            run=run,
            name=label,
            resume=run.folder is not None,
            wish=wish if "single" in optimizer.resolved.spec.capabilities else None,
            reference=reference,
            origin=optimizer.resolved.origin,
        )
    record.search = {
        "optimizer": name,
        "chosen": why,
        "reference": [float(value) for value in -sign * reference],
        "runs": [
            {
                "name": label,
                "evaluations": archive.evaluations.tolist(),
                "seconds": [round(value, 4) for value in archive.seconds.tolist()],
                "hypervolume": archive.hypervolume.tolist(),
            }
            for label, archive in archives.items()
        ],
    }
    return archives[name]


def first_policies(kind: PolicyKind, box: Box, budget: int | None, seed: int) -> Array:
    """float64 [F, D]: each signal alone, then draws by the policy's own law, which for weights leans on few of them.

    Populations that begin with uniform draws from the box, most of which weigh everything alike, need many generations
    to come to its corners.
    """
    draws = max(FIRST - len(box.corners), 1)
    if budget is not None:
        draws = max(min(draws, budget // 5), 1)
    return np.vstack([box.corners, kind.sample(box, draws, seed)])


def told_apart(archive: Archive, select: Judged, limit: int, wish: Wish, baseline: Array) -> Array:
    """float64 [P, D]: at most `limit` policies of the archive's front that the select requests can tell apart, the
    best in the first objective first.

    Half of them are policies that meet the standing wish by a margin such as a certificate will ask for: it is there
    that a person will look for one whose promise holds. baseline: float64 [D].
    """
    rows = archive.front()
    if len(rows) > CONSIDERED:
        meets = wish.scalar(archive.values[rows]) < 0
        rows = rows[thin(archive.values[rows], np.zeros_like(archive.errors[rows]), CONSIDERED, among=meets)]
    errors = paired_errors(select, *select.judge.parts(np.vstack([archive.x[rows], baseline])))
    values = archive.values[rows]
    kept = rows[shown(values, errors, errors(len(rows), np.arange(len(rows))), limit, wish)]
    best_first = np.argsort(archive.values[kept, 0], kind="stable")
    return archive.x[kept[best_first]]


@dataclass(frozen=True)
class Certified:
    """What the certify requests said."""

    points: Certificate
    """Of the front alone, with the baseline as its last row: what promises are made of."""
    corners: Certificate
    """Of each signal alone, a family of its own: for display beside the front."""
    names: tuple[str, ...]
    """Objectives in the certificates."""
    recall: Mapping[str, float]
    judged: Judged


def certify_frozen(
    frozen: Frozen,
    components: Components,
    prepared: Prepared,
    bundle: Bundle,
    plan: SignalPlan,
    config: RunConfig,
    run: RunContext,
    sign: Array,
) -> Certified:
    """Build the certify tensors, once, and bound every change of every frozen policy at once."""
    judged = judge_part("certify", prepared.split.certify, prepared, bundle, components, plan, config.k, run)
    names = judged.judge.additive
    which = [list(components.evaluators).index(name) for name in names]

    def bounds(theta: Array, baseline: int) -> Certificate:
        return certify(
            *judged.judge.parts(theta),
            baseline,
            judged.requests.user,
            sign[which] > 0,
            config.certify.confidence,
            config.certify.resamples,
            config.seed,
            same=(theta == theta[baseline]).all(axis=1),
        )

    points = bounds(np.vstack([frozen.theta, frozen.corners[frozen.baseline]]), len(frozen.theta))
    return Certified(points, bounds(frozen.corners, frozen.baseline), names, judged.recall, judged)


def with_changes(points: Sequence[Point], certificate: Certificate, names: Sequence[str]) -> list[Point]:
    """The points with their certified changes: row i of the certificate is point i."""
    return [
        replace(point, certify={name: certificate.at(i, m) for m, name in enumerate(names)})
        for i, point in enumerate(points)
    ]
