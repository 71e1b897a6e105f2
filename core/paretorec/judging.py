"""The bridge from a fitted bundle to judged policies: signals of a part's requests, its truth, its metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from paretorec.bundle import Bundle, SignalPlan, blocks, shape_of
from paretorec.candidates import recall
from paretorec.components import Components
from paretorec.config import PolicyConfig
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.dataset import Dataset, Requests
from paretorec.contracts.policy import SignalBatch
from paretorec.contracts.run import Array, RunContext
from paretorec.data.mapped import forget
from paretorec.data.requests import make_truth
from paretorec.errors import ConfigError
from paretorec.judge import Judge
from paretorec.prepare import Prepared
from paretorec.registry import Registry
from paretorec.registry.explain import nearest


@dataclass(frozen=True)
class Judged:
    """A part of the split, ready to judge policies on it."""

    judge: Judge
    batch: SignalBatch
    requests: Requests
    recall: Mapping[str, float]


def settle_policy(components: Components, prepared: Prepared, registry: Registry) -> Components:
    """The components with the policy's kind as the select requests and the items complete it (`DataKind`)."""
    built = components.policy
    if not hasattr(built.component, "settle"):
        return components
    requests = prepared.split.select
    histories = prepared.history.at(requests.user, requests.time, requests.context)
    params = built.component.settle(histories, prepared.data.items).model_dump(mode="json")
    use = f"{built.resolved.provenance.distribution}/{built.resolved.spec.name}"
    return replace(components, policy=registry.build("policy", ComponentRef(use=use, params=params), "policy"))


def plan_signals(bundle: Bundle, prepared: Prepared, policy: PolicyConfig) -> SignalPlan:
    """Which signals there are, of those that `[policy]` asks for. Looks at one block of select requests."""
    requests = prepared.split.select.take(slice(0, 1))
    block = next(blocks(prepared.history.at(requests.user, requests.time, requests.context), requests.logged))
    view = bundle.with_heads(bundle.view(block.histories, block.logged))
    known = tuple(bundle.raw_signals(view))
    for key, named in (("signals", policy.signals), ("normalisers", policy.normalisers)):
        for name in named:
            if name not in known:
                raise ConfigError(f"policy.{key}: there is no signal {name!r}{nearest(name, known)}")
    names = policy.signals or known
    return SignalPlan(names, {name: policy.normalisers.get(name, policy.normalise) for name in names})


def judge_part(
    part: str,
    requests: Requests,
    prepared: Prepared,
    bundle: Bundle,
    components: Components,
    plan: SignalPlan,
    k: int,
    run: RunContext,
) -> Judged:
    """The tensors of one part, ready to judge policies on."""
    batch = part_signals(part, requests, prepared, bundle, components, plan, run)
    return judge_batch(batch, requests, prepared, bundle, components, k, run)


def part_signals(
    part: str,
    requests: Requests,
    prepared: Prepared,
    bundle: Bundle,
    components: Components,
    plan: SignalPlan,
    run: RunContext,
) -> SignalBatch:
    """Build the tensors of one part: this is the only place where they come into being."""
    rules = [built.component for built in components.rules.values()]
    histories = prepared.history.at(requests.user, requests.time, requests.context)
    with run.progress.bar(f"signals of the {part} requests", len(requests)) as bar:
        advance: Callable[[int], None] = bar.advance
        batch = bundle.signals(histories, plan, rules, requests.logged, run.threads, advance, run.memory, run.folder)
    run.check_stop()
    return batch


def judge_batch(
    batch: SignalBatch,
    requests: Requests,
    prepared: Prepared,
    bundle: Bundle,
    components: Components,
    k: int,
    run: RunContext,
) -> Judged:
    """A judge of policies on `requests`, whose signals are in `batch`, row for row."""
    data = prepared.data
    truth = make_truth(data, requests, prepared.split.fit, prepared.history)
    metrics = {name: built.component.metric(truth, k) for name, built in components.evaluators.items()}
    shape = shape_of([built.component for built in components.rules.values()], bundle)
    judge = Judge([batch], components.policy.component, metrics, truth, k, shape, threads=run.threads)
    found = recall(batch.items, requests, amounts(data, requests))
    forget(batch.items)
    return Judged(judge, batch, requests, found)


def amounts(data: Dataset, requests: Requests) -> dict[str, Array]:
    """event -> float32 [T], of the amount events."""
    return {event.name: requests.target_labels[event.name] for event in data.events if event.kind == "amount"}


def directions(components: Components) -> Array:
    """float64 [M]: +1 where more is better, -1 where less is."""
    return np.array([1.0 if e.component.direction == "max" else -1.0 for e in components.evaluators.values()])
