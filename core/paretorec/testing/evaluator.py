"""The contract of evaluators."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from paretorec.contracts import (
    Array,
    ComponentConfig,
    Exposure,
    Gain,
    Metric,
    PolicyKind,
    Ratio,
    Requests,
    SignalBatch,
    Truth,
    Vector,
)
from paretorec.errors import ConfigError
from paretorec.judge import Judge, rank_weighted
from paretorec.testing.checks import broken, check, require_methods, skip
from paretorec.testing.compare import differing
from paretorec.testing.component import ComponentContract
from paretorec.testing.threads import at_once
from paretorec.testing.world import BLOCK, World, tiny_shop

K = 3
POLICIES = 5


class EvaluatorContract(ComponentContract):
    """`paretorec.contracts.Evaluator`."""

    kind = "evaluator"

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        truth = world.truth
        metric = component.metric(truth, K)
        values, errors = _judged(metric, truth, world.batch)
        return {**_arrays(metric), "value": values, "standard error": errors}

    @check(
        "protocol", 'give it direction = "max" or "min", unit (a text), and a metric(truth, k) that returns a Metric'
    )
    def test_protocol(self) -> None:
        """It has a direction, a unit, and `metric` gives a Gain, Ratio, Exposure or Vector."""
        component = self.new()
        require_methods(component, ("metric",), "an evaluator")
        if getattr(component, "direction", None) not in ("max", "min"):
            broken(f"direction is {getattr(component, 'direction', None)!r}")
        if not isinstance(getattr(component, "unit", None), str):
            broken(f"unit is {getattr(component, 'unit', None)!r}")
        metric = component.metric(tiny_shop().truth, K)
        if not isinstance(metric, Gain | Ratio | Exposure | Vector):
            broken(f"metric gave a {type(metric).__name__}")

    @check("shapes", "return target [T], item [N], z [R], discount [k] as the Metric's docstring says")
    def test_shapes(self) -> None:
        """Its arrays have one number a target, an item, a request and a position, for any k."""
        world, component = tiny_shop(), self.new()
        truth = world.truth
        for k in (1, K, len(world.items) + 5):
            wanted = {
                "target": len(truth.requests.target_items),
                "item": len(world.items),
                "z": len(truth.requests),
                "discount": k,
                "vectors": len(world.items),
            }
            for name, array in _arrays(component.metric(truth, k)).items():
                size = wanted[name.rpartition(" ")[2]]
                if len(array) != size or array.dtype.kind not in "fb":
                    broken(f"{name} at k = {k} is {array.dtype} {list(array.shape)}, not {size} numbers")

    @check("finite", "take labels that were not observed (NaN) for 0: Truth.label does")
    def test_finite(self) -> None:
        """Labels that were not observed give no NaN and no infinity, and lists have values."""
        metric = self.new().metric(tiny_shop().truth, K)
        for name, array in _arrays(metric).items():
            if not np.isfinite(array.astype(np.float64)).all():
                broken(f"{name} is not finite")
        _check_values(metric, self.answers["value"], "lists")

    @check(
        "empty", "return arrays of length 0 for no requests, and count a request without a target or with z = 0 as 0"
    )
    def test_empty(self) -> None:
        """No requests, one request, and requests without a target can be judged."""
        world, component = tiny_shop(), self.new()
        requests, batch = world.truth.requests, world.batch
        for rows, without in ((0, False), (1, False), (BLOCK, True)):
            some = requests.take(slice(0, rows))
            truth = world.truth_of(_without_targets(some) if without else some)
            metric = component.metric(truth, K)
            values, _ = _judged(metric, truth, batch.take(slice(0, rows)))
            if rows:
                _check_values(metric, values, f"{rows} requests{' without targets' if without else ''}")

    @check(
        "unknown-past", "work where nothing is known of what came before, or raise a ConfigError that says what to give"
    )
    def test_unknown_past(self) -> None:
        """Without earlier interactions it judges or raises a ConfigError."""
        world, component = tiny_shop(), self.new()
        truth = world.truth
        nothing = replace(
            truth, item_counts=np.zeros_like(truth.item_counts), user_count=0, known=np.zeros_like(truth.known)
        )
        try:
            metric = component.metric(nothing, K)
            values, _ = _judged(metric, nothing, world.batch)
        except ConfigError:
            return
        except Exception as error:
            broken(f"without earlier interactions it raised {type(error).__name__}: {error}")
        _check_values(metric, values, "lists, where nothing is known of earlier interactions,")

    @check("order", "compute what belongs to a request from that request's targets alone")
    def test_order(self) -> None:
        """The order in which requests come changes no request's numbers."""
        world, component = tiny_shop(), self.new()
        requests = world.truth.requests
        turned = np.arange(len(requests))[::-1]
        other = world.truth_of(requests.take(turned))
        mine, theirs = (_arrays(component.metric(truth, K)) for truth in (world.truth, other))
        targets = np.concatenate([np.arange(requests.offsets[row], requests.offsets[row + 1]) for row in turned])
        for name in mine:
            what = name.rpartition(" ")[2]
            order = {"target": targets, "z": turned}.get(what)
            if not np.allclose(mine[name] if order is None else mine[name][order], theirs[name], rtol=1e-12):
                broken(f"{name} is different when requests come in another order")

    @check("lists", "compute a list's value from its own gains; take the last axis for the positions")
    def test_lists(self) -> None:
        """`reduce` gives each list of many the value that it has alone; `value` takes any counts."""
        component, truth = self.new(), tiny_shop().truth
        metric = component.metric(truth, K)
        if isinstance(metric, Exposure):
            for counts in (np.zeros(len(truth.items)), np.arange(len(truth.items), dtype=np.float64)):
                value = metric.value(counts)
                if not isinstance(value, float) or not np.isfinite(value):
                    broken(f"value({counts.tolist()}) is {value!r}")
            return
        if not isinstance(metric, Gain) or metric.reduce is None:
            skip("core adds its gains up")
        gains = np.random.default_rng(0).integers(0, 2, (20, K)).astype(np.float64)
        z = np.arange(20) % 3.0
        together = metric.reduce(gains, z)
        if together.shape != (20,) or not np.isfinite(together).all():
            broken(f"reduce of 20 lists gave {together.tolist()}")
        alone = np.concatenate([metric.reduce(gains[row : row + 1], z[row : row + 1]) for row in range(20)])
        if (together != alone).any():
            broken("reduce gives a list another value beside other lists")

    @check("threads", "keep nothing of a call on self")
    def test_threads(self) -> None:
        """Several threads may ask for metrics at once and get what one gets."""
        world, component = tiny_shop(), self.component
        requests = world.truth.requests
        parts = [world.truth_of(requests.take(slice(first, first + 20))) for first in range(12)]
        alone = [_arrays(component.metric(truth, K)) for truth in parts]
        for mine, theirs in zip(alone, at_once(lambda truth: _arrays(component.metric(truth, K)), parts), strict=True):
            if differing(mine, theirs):  # which parts do is chance
                broken("answers came out differently while other threads asked")


class _Weighted:
    """A linear kind for the judge, so that the kit needs no plugin."""

    linear = True

    def __init__(self, config: ComponentConfig | None = None) -> None:
        del config

    def prepare(self, values: Array) -> Array:
        return values

    def weights(self, theta: Array) -> Array:
        return theta.astype(np.float32)

    def rank(self, batch: SignalBatch, theta: Array, depth: int) -> Array:
        return rank_weighted(batch.values, batch.mask, self.weights(theta), depth)


def _judged(metric: Metric, truth: Truth, batch: SignalBatch) -> tuple[Array, Array]:
    """(values, standard errors) of `POLICIES` policies, as a run judges them."""
    kind: PolicyKind = _Weighted()  # type: ignore[assignment]
    theta = np.random.default_rng(0).dirichlet(np.ones(3), POLICIES)
    return Judge([batch], kind, {"metric": metric}, truth, K, threads=1, loops="numpy").evaluate(theta)


def _check_values(metric: Metric, values: Array, what: str) -> None:
    """A ratio of nothing to nothing has no value; everything else has."""
    if not isinstance(metric, Ratio) and not np.isfinite(values).all():
        broken(f"{what} have the value {values[~np.isfinite(values)][0]}")


def _arrays(metric: Metric) -> dict[str, Array]:
    """The arrays of a metric by name; those of a ratio's two gains begin with theirs."""
    if isinstance(metric, Ratio):
        parts = {"numerator": metric.numerator, "denominator": metric.denominator}
        return {f"{part} {name}": array for part, gain in parts.items() for name, array in _arrays(gain).items()}
    named = {field.name: getattr(metric, field.name) for field in fields(metric)}
    return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}


def _without_targets(requests: Requests) -> Requests:
    return replace(
        requests,
        offsets=np.zeros(len(requests) + 1, np.int64),
        target_items=requests.target_items[:0],
        target_labels={name: values[:0] for name, values in requests.target_labels.items()},
    )
