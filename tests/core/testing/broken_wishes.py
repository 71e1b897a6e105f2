"""Evaluators and objectives that are broken in one way each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from broken_twins import twin
from sound_components import Evaluator, Objective, ReducingEvaluator

from paretorec.contracts import ComponentRef


class NoisyEvaluator(Evaluator):
    """breaks ties between gains with numpy's global generator"""

    def metric(self, truth, k):
        metric = super().metric(truth, k)
        return replace(metric, target=metric.target + 1e-6 * np.random.random(len(metric.target)))


class FillingEvaluator(Evaluator):
    """fills labels that were not observed in place"""

    def metric(self, truth, k):
        dwell = truth.requests.target_labels["dwell"]
        dwell[np.isnan(dwell)] = 0
        return super().metric(truth, k)


class UpwardEvaluator(Evaluator):
    """says "up" for its direction"""

    direction = "up"


class ShortEvaluator(Evaluator):
    """has ten discounts, whatever k"""

    def metric(self, truth, k):
        return replace(super().metric(truth, k), discount=np.ones(10))


class SpendingEvaluator(Evaluator):
    """takes labels as they are, also those that were not observed"""

    def metric(self, truth, k):
        return replace(super().metric(truth, k), target=truth.requests.target_labels["sales"].astype(np.float64))


class LargestEvaluator(Evaluator):
    """divides by the largest number of targets of a request, of which there may be none"""

    def metric(self, truth, k):
        most = np.diff(truth.requests.offsets).max()
        return replace(super().metric(truth, k), z=np.full(len(truth.requests), 1.0 / (1.0 / most)))


class PopularityEvaluator(Evaluator):
    """divides by the number of earlier interactions, which may be 0"""

    def metric(self, truth, k):
        with np.errstate(all="ignore"):
            return replace(super().metric(truth, k), item=truth.item_counts / truth.item_counts.sum())


class RunningEvaluator(Evaluator):
    """weighs a hit by its place among all requests' targets"""

    def metric(self, truth, k):
        metric = super().metric(truth, k)
        return replace(metric, target=metric.target * np.linspace(1, 2, len(metric.target)))


class FlatEvaluator(ReducingEvaluator):
    """compares a list's gains with the mean over all lists"""

    def reduce(self, gains, z):
        return (gains.mean(axis=-1) >= gains.mean()).astype(np.float64)


class NoisyObjective(Objective):
    """adds noise from numpy's global generator to its signal"""

    def signal(self, view):
        return super().signal(view) + np.random.random(view.items.shape).astype(np.float32)


class FillingObjective(Objective):
    """takes the logarithm of the items' counts in place"""

    def item_signal(self, items):
        return np.log1p(items.counts, out=items.counts).astype(np.float32)


class WideObjective(Objective):
    """returns float64"""

    def signal(self, view):
        return super().signal(view).astype(np.float64)


class PricedObjective(Objective):
    """pushes with the price as of the request, unknown where nobody had seen one"""

    def signal(self, view):
        return view.table.timelines["price"].as_of(view.items, view.histories.now)


class RankedObjective(Objective):
    """ranks the candidates of all requests together"""

    def signal(self, view):
        signal = super().signal(view)
        return np.argsort(np.argsort(signal, axis=None, kind="stable")).reshape(signal.shape).astype(np.float32)


class UnnamedObjective(Objective):
    """names its evaluator by a text"""

    evaluator = "ndcg"


class LostObjective(Objective):
    """names an evaluator that nobody has"""

    evaluator = ComponentRef(use="nobody-has-it")


class InfiniteObjective(Objective):
    """takes the logarithm of counts of 0"""

    def item_signal(self, items):
        with np.errstate(all="ignore"):
            return np.log(np.where(items.counts < 5, 0, items.counts)).astype(np.float32)


class RememberingObjective(Objective):
    """keeps the prices of the first item table that it sees"""

    prices = None

    def signal(self, view):
        if self.prices is None:
            self.prices = view.table.numbers["list_price"][:24]
        return self.prices[np.maximum(view.items, 0)]


class ColumnObjective(Objective):
    """takes it for granted that items have a list price"""

    def signal(self, view):
        return view.table.numbers["list_price"][np.maximum(view.items, 0)]


TWINS = [
    twin("evaluator.same-seed", NoisyEvaluator),
    twin("evaluator.inputs", FillingEvaluator),
    twin("evaluator.protocol", UpwardEvaluator),
    twin("evaluator.shapes", ShortEvaluator),
    twin("evaluator.finite", SpendingEvaluator),
    twin("evaluator.empty", LargestEvaluator),
    twin("evaluator.unknown-past", PopularityEvaluator),
    twin("evaluator.order", RunningEvaluator),
    twin("evaluator.lists", FlatEvaluator),
    twin("objective.same-seed", NoisyObjective),
    twin("objective.inputs", FillingObjective),
    twin("objective.shapes", WideObjective),
    twin("objective.finite", PricedObjective),
    twin("objective.rows", RankedObjective),
    twin("objective.protocol", UnnamedObjective),
    twin("objective.evaluator", LostObjective),
    twin("objective.item-signal", InfiniteObjective),
    twin("objective.new-items", RememberingObjective),
    twin("objective.bare-items", ColumnObjective),
]
