"""Intervals by resampling users: whoever was asked, other users of the same kind would have given other values."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from paretorec.contracts.evaluator import Exposure
from paretorec.contracts.run import Array
from paretorec.evaluation.lists import score_exposure

RESAMPLES = 2000
HALVES = 200


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and where it may lie at the confidence asked for; NaN bounds with fewer than two users."""

    value: float
    low: float
    high: float


def ratio_intervals(numerator: Array, denominator: Array, confidence: float, seed: int) -> list[list[Interval]]:
    """[M][S + 1] intervals of M metrics for S systems; the last one is of the first system minus the last.

    numerator, denominator: float64 [M, S, U], one column a user; value = sum of numerators / sum of denominators.
    Percentile bootstrap over users (Efron & Tibshirani 1993, chapter 13), the same resamples for everything, so
    that differences are paired. O(RESAMPLES x U x M S).
    """
    metrics, systems, users = numerator.shape
    parts = np.concatenate([numerator, denominator]).reshape(-1, users).T
    rng = np.random.default_rng(seed)
    sums = np.empty((RESAMPLES + 1, parts.shape[1]))
    sums[0] = parts.sum(axis=0)
    for draw in range(1, RESAMPLES + 1):
        times = np.bincount(rng.integers(users, size=users), minlength=users)
        sums[draw] = times @ parts
    top, bottom = sums.reshape(-1, 2, metrics, systems).swapaxes(0, 1)
    value = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
    value = np.concatenate([value, value[..., :1] - value[..., -1:]], axis=-1)
    tail = (1 - confidence) / 2
    low, high = (
        np.quantile(value[1:], [tail, 1 - tail], axis=0) if users > 1 else np.full((2, *value.shape[1:]), np.nan)
    )
    return [
        [Interval(float(value[0, m, s]), float(low[m, s]), float(high[m, s])) for s in range(systems + 1)]
        for m in range(metrics)
    ]


def exposure_intervals(
    metric: Exposure, lists: list[Array], items: int, confidence: float, seed: int
) -> list[Interval]:
    """[S + 1] intervals for S systems and their difference. lists: S times int32 [U, k].

    By half-sampling (McCarthy 1969): the spread of the values of random halves of the users is the spread of the
    value itself. A bootstrap sample would hold only 63 % of the users, and coverage would come out too low.
    """
    users = len(lists[0])
    rng = np.random.default_rng(seed)
    halves = [rng.permutation(users)[: users // 2] for _ in range(HALVES)]
    value = [score_exposure(metric, one, items) for one in lists]
    drawn = np.array([[score_exposure(metric, one[half], items) for one in lists] for half in halves])
    value.append(value[0] - value[-1])
    drawn = np.concatenate([drawn, drawn[:, :1] - drawn[:, -1:]], axis=1)
    error = drawn.std(axis=0, ddof=1) if users > 1 else np.full(len(value), np.nan)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return [Interval(v, float(v - r), float(v + r)) for v, r in zip(value, reach, strict=True)]
