"""Estimators: the value of the target policy, of the logging policy, and of the difference, with users as clusters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from paretorec.contracts.run import Array
from paretorec.judge.clusters import Clusters
from paretorec.offpolicy.logs import Log
from paretorec.offpolicy.rewards import Predicted


@dataclass(frozen=True, slots=True)
class Value:
    """A mean reward of a list, or a difference of two."""

    value: float
    error: float
    """Standard error, users as clusters."""
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Parts:
    """An estimate and what every request contributes to its deviation."""

    value: float
    influence: Array
    """float64 [R], of mean 0: the estimate minus the truth is their sum, to first order."""

    def __sub__(self, other: Parts) -> Parts:
        """Paired: the covariance of two estimates from one log is kept."""
        return Parts(self.value - other.value, self.influence - other.influence)

    def with_interval(self, clusters: Clusters, confidence: float) -> Value:
        """Normal interval from the variance of the users' contributions; NaN bounds for a single user."""
        count = clusters.count
        by_user = clusters.sums(self.influence)
        error = float(np.sqrt(np.square(by_user).sum() * count / (count - 1))) if count > 1 else float("nan")
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
        return Value(self.value, error, self.value - reach, self.value + reach)


def weights(log: Log, lists: str) -> Array:
    """float64 [n]: how much likelier the target policy is to show what was shown.

    ``item-position``: by the probability of the item at its position (IIPS; Li et al., KDD 2018), for rewards that do
    not depend on the other items. ``cascade``: probabilities are those given the items above, and multiply down the
    list (RIPS; McInerney et al., KDD 2020), for rewards that depend on the items above only.
    """
    ratio = log.target / log.propensity
    if lists == "item-position":
        return np.asarray(ratio)
    table = np.ones((log.requests, log.positions))
    table[log.request, log.position] = ratio
    return np.asarray(np.cumprod(table, axis=1)[log.request, log.position])


def on_policy(log: Log) -> Parts:
    """The mean reward of the logged lists."""
    total = log.by_request(log.reward)
    return Parts(float(total.mean()), (total - total.mean()) / log.requests)


def snips(log: Log, weight: Array) -> Parts:
    """Self-normalised importance sampling (Swaminathan & Joachims 2015), by position, added up over positions."""
    share = np.bincount(log.position, minlength=log.positions) / log.requests
    mass = np.bincount(log.position, weights=weight, minlength=log.positions)
    worth = np.bincount(log.position, weights=weight * log.reward, minlength=log.positions)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = worth / mass
        moves = share[log.position] * weight * (log.reward - mean[log.position]) / mass[log.position]
    # How many lists reach a position is random too.
    moves = moves + mean[log.position] / log.requests
    value = float((share * mean).sum())
    return Parts(value, log.by_request(moves) - value / log.requests)


def doubly_robust(log: Log, weight: Array, predicted: Predicted) -> Parts:
    """What the model says of the target policy, corrected by the weighted error of what it says of the log."""
    total = log.by_request(predicted.target + weight * (log.reward - predicted.logged))
    return Parts(float(total.mean()), (total - total.mean()) / log.requests)


def doubly_robust_change(log: Log, weight: Array, predicted: Predicted) -> Parts:
    """The same of both policies, subtracted: what the model knows of items that happened to be drawn cancels."""
    moved = predicted.target - predicted.logging + (weight - 1) * (log.reward - predicted.logged)
    total = log.by_request(moved)
    return Parts(float(total.mean()), (total - total.mean()) / log.requests)


def direct(log: Log, predicted: Predicted) -> Parts:
    """What the model alone says; biased by as much as it is wrong, which no interval shows."""
    total = log.by_request(predicted.target)
    return Parts(float(total.mean()), (total - total.mean()) / log.requests)
