"""Probabilities of Plackett-Luce policies: lists drawn without replacement, in proportion to exp(score).

A score divided by a temperature, or the largest of score + temperature x Gumbel noise, is such a policy.
"""

from __future__ import annotations

import numpy as np

from paretorec.contracts.run import Array

POINTS = 96
"""Points of the integral: probabilities are right to 1e-8 or better."""
_CELLS = 1 << 21


def given_above(scores: Array, items: Array) -> Array:
    """float64 [B, L]: probability of each item of lists ``items`` int [B, L], given those above it.

    scores: float64 [B, N], -inf = cannot be shown.
    """
    mass = np.exp(scores - scores.max(axis=1, keepdims=True))
    chosen = np.take_along_axis(mass, items, axis=1)
    left = mass.sum(axis=1, keepdims=True) - (np.cumsum(chosen, axis=1) - chosen)
    return np.asarray(chosen / left)


def position_probabilities(scores: Array, depth: int) -> Array:
    """float64 [B, depth, N]: probability that item n stands at each of the first `depth` positions.

    scores: float64 [B, N], -inf = cannot be shown; at least `depth` items of each row can.

    Drawing without replacement is a race: item n arrives at an exponential time of rate ``w[n] = exp(score)`` and
    stands at position j if j others arrive before it. So the probability is the integral over t of
    ``w[n] exp(-w[n] t) P(j others arrived by t)``, where the number of arrivals is Poisson-binomial. The trapezoidal
    rule in log t converges geometrically. O(B x POINTS x N x depth^2).
    """
    out = np.empty((len(scores), depth, scores.shape[1]))
    step = max(1, _CELLS // (POINTS * depth * scores.shape[1]))
    for start in range(0, len(scores), step):
        out[start : start + step] = _positions(scores[start : start + step], depth)
    return out


def _positions(scores: Array, depth: int) -> Array:
    rate = np.exp(scores - scores.max(axis=1, keepdims=True))
    rate /= rate.sum(axis=1, keepdims=True)
    rows, items = rate.shape
    # By the last moment that counts, depth + 1 items have arrived for sure.
    slowest = -np.sort(-rate, axis=1)[:, min(depth, items - 1)]
    slowest = np.where(slowest > 0, slowest, np.min(rate, axis=1, where=rate > 0, initial=np.inf))
    low, high = np.log(1e-9), np.log(40.0 / slowest)
    at = np.linspace(0, 1, POINTS) * (high - low)[:, None] + low
    time = np.exp(at)
    width = (high - low) / (POINTS - 1)
    stay = np.exp(-rate[:, None, :] * time[..., None])  # [B, G, N]: has not arrived
    before = np.zeros((items + 1, rows, POINTS, depth))  # of the first n items, how many have arrived
    before[0, ..., 0] = 1.0
    for n in range(items):
        gone = 1 - stay[..., n, None]
        before[n + 1] = before[n] * stay[..., n, None]
        before[n + 1, ..., 1:] += before[n, ..., :-1] * gone
    after = np.zeros((rows, POINTS, depth))  # and of those behind n
    after[..., 0] = 1.0
    out = np.empty((rows, depth, items))
    for n in range(items - 1, -1, -1):
        density = rate[:, n, None] * time * stay[..., n] * width[:, None]
        for j in range(depth):
            others = (before[n, ..., : j + 1] * after[..., j::-1]).sum(axis=-1)
            out[:, j, n] = (density * others).sum(axis=1)
        gone = 1 - stay[..., n, None]
        shifted = after * stay[..., n, None]
        shifted[..., 1:] += after[..., :-1] * gone
        after = shifted
    return out
