"""One configuration on one fold: its models fitted, its requests' signals made, ready for policies to compete."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paretorec.bundle import Bundle, SignalPlan
from paretorec.components import Components
from paretorec.config import RunConfig
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.optimizer import SearchProblem
from paretorec.contracts.policy import Box, SignalBatch
from paretorec.contracts.run import Array, RunContext
from paretorec.fitting import bundle_id
from paretorec.judging import Judged, directions, judge_batch, part_signals, plan_signals, settle_policy
from paretorec.pick import standing_wish
from paretorec.registry import Registry
from paretorec.search.choose import choose
from paretorec.search.loop import search
from paretorec.search.thin import thin
from paretorec.tradeoff import choose_baseline, first_policies
from paretorec.tuning.folds import Fold
from paretorec.tuning.models import fit_once
from paretorec.tuning.result import FoldResult, json_values


@dataclass(frozen=True)
class Made:
    """Models of one configuration, and the signals of all requests of a fold: shared by folds that share models."""

    components: Components
    bundle: Bundle
    plan: SignalPlan
    batch: SignalBatch
    seconds: Mapping[str, float]
    """CPU seconds: ``fit`` (in full, also where another trial had fitted the same) and ``signals``."""

    @classmethod
    def of(cls, config: RunConfig, registry: Registry, fold: Fold, run: RunContext, states: Path) -> Made:
        """Fit, or bring back from `states` what the same configuration fitted before. Raises what that raises."""
        prepared = fold.prepared
        components = Components.build(config.model_copy(update={"source": None}), registry)
        components.check_data(prepared.data, config)
        bundle, fitting = fit_once(config, components, fold, run, states)
        start = time.process_time()
        plan = plan_signals(bundle, prepared, config.policy)
        batch = part_signals("fold's", fold.requests, prepared, bundle, components, plan, run)
        seconds = {"fit": fitting, "signals": time.process_time() - start}
        return cls(components, bundle, plan, batch, seconds)


@dataclass(frozen=True)
class Arena:
    """What policies of one configuration are searched and judged with on one fold."""

    config: RunConfig
    made: Made
    components: Components
    box: Box
    searched: Judged
    held_out: Judged

    @classmethod
    def open(cls, config: RunConfig, registry: Registry, fold: Fold, made: Made, run: RunContext) -> Arena:
        """Two judges: of the requests that are searched on, and of those held out."""
        components = settle_policy(made.components, fold.prepared, registry)

        def judged(rows: Array) -> Judged:
            requests = fold.requests.take(rows)
            return judge_batch(made.batch.take(rows), requests, fold.prepared, made.bundle, components, config.k, run)

        box = components.policy.component.space(made.plan.names)
        return cls(config, made, components, box, judged(~fold.out), judged(fold.out))

    def compete(self, ref: ComponentRef, evaluations: int, registry: Registry, run: RunContext) -> FoldResult:
        """Search with optimizer `ref`; judge at most `[search] points` of the front on the held-out requests.

        A search that was interrupted goes on from its archive in `run.folder`. Raises what the optimizer raises.
        """
        start = time.process_time()
        components, judge = self.components, self.searched.judge
        optimizer = registry.build("optimizer", ref, "optimizer")
        sign = directions(components)
        corners, errors = judge.evaluate(self.box.corners)
        baseline = choose_baseline(self.made.plan, corners, sign, self.config, tuple(components.encoders))
        names = tuple(components.objectives)
        wish = standing_wish(names, -sign * corners[baseline], errors[baseline], self.config.pick)

        def evaluate(x: Array) -> tuple[Array, Array]:
            values, error = judge.evaluate(x)
            return -sign * values, error

        first = first_policies(components.policy.component, self.box, evaluations, self.config.seed)
        problem = SearchProblem(self.box.lower, self.box.upper, names, first, evaluations)
        chosen, _ = choose(optimizer, problem, registry)
        archive = search(
            problem,
            chosen.component,
            evaluate,
            evaluations=evaluations,
            seed=self.config.seed,
            run=run,
            name=optimizer.resolved.spec.name,
            resume=True,
            wish=wish if "single" in chosen.resolved.spec.capabilities else None,
            reference=(-sign * corners).max(axis=0),
            origin=chosen.resolved.origin,
        )
        rows = archive.front()
        # Spread evenly over the whole front: hypervolume is of all of it, not of where a wish looks.
        theta = archive.x[rows[thin(archive.values[rows], archive.errors[rows] * 0, self.config.search.points)]]
        values = -sign * self.held_out.judge.evaluate(np.vstack([theta, self.box.corners]))[0]
        kind = components.policy.resolved
        return FoldResult(
            bundle=bundle_id(self.made.bundle),
            policy={
                "kind": f"{kind.provenance.distribution}/{kind.spec.name}",
                "config": components.policy.config.model_dump(mode="json"),
                "normalisers": dict(self.made.plan.normalisers),
            },
            signals=self.made.plan.names,
            parameters=self.box.names,
            theta=theta.tolist(),
            held_out=json_values(values[: len(theta)]),
            corners=json_values(values[len(theta) :]),
            searched_corners=json_values(-sign * corners),
            seconds={**self.made.seconds, "search": time.process_time() - start},
            optimizer=optimizer.resolved.spec.name,
        )
