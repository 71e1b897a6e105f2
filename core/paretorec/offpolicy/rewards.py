"""A reward model of another family than any ranker here: additive, with random item effects, cross-fitted by user.

It makes doubly robust estimates less noisy and cannot bias them: what it predicts for an item is learned from other
users than the one it is predicted for (Robins et al. 1994; Dudik, Langford & Li, ICML 2011; cross-fitting:
Chernozhukov et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paretorec.contracts.run import Array
from paretorec.offpolicy.logs import Log

ROUNDS = 5
"""Alternations between coefficients and item effects (backfitting, Hastie & Tibshirani 1990)."""
RIDGE = 1.0
"""Penalty of the coefficients, in observations."""


@dataclass(frozen=True)
class Predicted:
    """What the model says, by users that it was not learned from."""

    logged: Array
    """float64 [n]: reward of the item that was shown."""
    target: Array
    """float64 [n]: mean reward of what the target policy would show in its place."""
    logging: Array
    """float64 [n]: mean reward of what the logging policy would show in its place; of what it did show, where its
    probabilities of other items are not known."""


def cross_fitted(log: Log, folds: int, seed: int) -> Predicted:
    """O(folds x ROUNDS x n F^2). Without actions the model sees request and position only, so that both predictions
    are equal: the target's mean over items is not known."""
    fold = np.random.default_rng([seed, 2]).permutation(log.users)[log.user][log.request] % folds
    logged, target, logging = np.zeros((3, len(log.reward)))
    for one in range(folds):
        inside = fold == one
        model = AdditiveModel.fit(log, ~inside)
        logged[inside] = model.predict(log.position[inside], log.item[inside], log.features[inside])
        if log.actions is None:
            target[inside] = logged[inside]
            continue
        actions = log.actions
        mine = inside[actions.row]
        row = actions.row[mine]
        worth = model.predict(log.position[row], actions.item[mine], actions.features[mine])
        target += np.bincount(row, weights=worth * actions.probability[mine], minlength=len(target))
        if actions.propensity is not None:
            logging += np.bincount(row, weights=worth * actions.propensity[mine], minlength=len(target))
    known = log.actions is not None and log.actions.propensity is not None
    return Predicted(logged, target, logging if known else logged)


@dataclass(frozen=True)
class AdditiveModel:
    """reward = level[position] + scale[position] x (features . coefficients + effect[item])."""

    level: Array
    """float64 [K]: mean reward."""
    scale: Array
    """float64 [K]: level by the mean of all, so that effects fade down a list as rewards do."""
    coefficients: Array
    """float64 [F]."""
    effect: Array
    """float64 [items]; 0 where no item was told apart or seen."""

    @classmethod
    def fit(cls, log: Log, rows: Array) -> AdditiveModel:
        """rows: bool [n]. Item effects are shrunk towards 0 by as much as their spread is noise."""
        position, item, reward = log.position[rows], log.item[rows], log.reward[rows]
        count = np.bincount(position, minlength=log.positions)
        total = np.bincount(position, weights=reward, minlength=log.positions)
        mean = reward.mean() if len(reward) else 0.0
        level = np.divide(total, count, out=np.full(log.positions, mean), where=count > 0)
        scale = level / mean if mean > 0 and (level >= 0).all() else np.ones(log.positions)
        off, size = reward - level[position], scale[position]
        design = log.features[rows] * size[:, None]
        gram = design.T @ design + RIDGE * np.eye(design.shape[1])
        coefficients, effect = np.zeros(design.shape[1]), np.zeros(log.items)
        for _ in range(ROUNDS):
            coefficients = np.linalg.solve(gram, design.T @ (off - size * effect[item]))
            if log.actions is None:
                break
            effect = item_effects(off - design @ coefficients, size, item, log.items)
        return cls(level, scale, coefficients, effect)

    def predict(self, position: Array, item: Array, features: Array) -> Array:
        """float64 [n]."""
        return np.asarray(
            self.level[position] + self.scale[position] * (features @ self.coefficients + self.effect[item])
        )


def item_effects(residual: Array, size: Array, item: Array, items: int) -> Array:
    """float64 [items]: best linear predictions of ``residual = size x effect[item] + noise``.

    The variance of the effects is estimated by moments (one-way random effects; Searle, Casella & McCulloch 1992).
    """
    weight = np.bincount(item, weights=size * size, minlength=items)
    moment = np.bincount(item, weights=size * residual, minlength=items)
    seen = weight > 0
    raw = np.divide(moment, weight, out=np.zeros(items), where=seen)
    degrees = max(len(residual) - int(seen.sum()), 1)
    noise = np.square(residual - size * raw[item]).sum() / degrees
    grand = moment.sum() / max(weight.sum(), 1e-300)
    spread = (weight * np.square(raw - grand))[seen].sum() - noise * (seen.sum() - 1)
    variance = spread / max(weight.sum() - np.square(weight).sum() / max(weight.sum(), 1e-300), 1e-300)
    if variance <= 0:
        return np.zeros(items)
    return np.asarray(moment / (weight + noise / variance))
