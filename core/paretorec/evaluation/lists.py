"""The value of lists under a metric, one list at a time: the definition that faster code is tested against."""

from __future__ import annotations

import numpy as np

from paretorec.contracts.evaluator import Exposure, Gain, Metric, Ratio, Truth, Vector
from paretorec.contracts.run import Array


def score_lists(metric: Metric, truth: Truth, lists: Array) -> tuple[Array, Array]:
    """(numerator float64 [R], denominator float64 [R]): the metric's value is sum of numerators / sum of denominators.

    lists: int32 [R, k] item codes, best first, -1 = none, no item twice in a list; row r answers request r. The
    denominator is 1 except for a `Ratio`. Raises TypeError for an `Exposure`, which has no value per list: see
    `score_exposure`.
    """
    if isinstance(metric, Gain):
        return _gains(metric, truth, lists), np.ones(len(lists))
    if isinstance(metric, Ratio):
        return _gains(metric.numerator, truth, lists), _gains(metric.denominator, truth, lists)
    if isinstance(metric, Vector):
        return _diversity(metric, lists), np.ones(len(lists))
    raise TypeError("an Exposure has one value for all lists together: use score_exposure")


def score_exposure(metric: Exposure, lists: Array, items: int) -> float:
    """The metric's value. lists: int32 [R, k] codes below `items`, -1 = none."""
    return float(metric.value(np.bincount(lists[lists >= 0], minlength=items).astype(np.float64)))


def _gains(gain: Gain, truth: Truth, lists: Array) -> Array:
    rows, depth = lists.shape
    listed = lists >= 0
    by_position = np.zeros((rows, depth))
    if gain.target is not None and len(gain.target):
        target = _find_targets(truth, lists)
        by_position += np.where(target >= 0, np.asarray(gain.target, np.float64)[target], 0)
    if gain.item is not None:
        by_position += np.where(listed, np.asarray(gain.item, np.float64)[lists], 0)
    z = np.ones(rows) if gain.z is None else np.asarray(gain.z, np.float64)
    if gain.reduce is not None:
        return np.where(z > 0, gain.reduce(by_position, z), 0.0)
    discount = np.ones(depth) if gain.discount is None else gain.discount
    total = (by_position * discount).sum(axis=1)
    return np.asarray(np.divide(total, z, out=np.zeros(rows), where=z > 0))


def _find_targets(truth: Truth, lists: Array) -> Array:
    """int64 [R, k]: index of each listed item among the targets of its request, -1 where it is none."""
    requests, width = truth.requests, len(truth.items)
    key = requests.target_rows * width + requests.target_items
    order = np.argsort(key)
    wanted = np.arange(len(lists))[:, None] * width + lists
    place = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    found = (key[order][place] == wanted) & (lists >= 0)
    return np.where(found, order[place], -1)


def _diversity(metric: Vector, lists: Array) -> Array:
    out = np.zeros(len(lists))
    for row, codes in enumerate(lists):
        items = codes[codes >= 0]
        if len(items) < 2:
            continue
        vectors = metric.vectors[items].astype(np.float64)
        cosine = vectors @ vectors.T
        out[row] = 1 - (cosine.sum() - np.trace(cosine)) / (len(items) * (len(items) - 1))
    return out
