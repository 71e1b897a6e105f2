"""Encoders in plain Python, by the definitions; histories are lists of item numbers, oldest first."""

import math

import numpy as np


def markov(pasts, items, history, lags, lag_decay, recent, recent_decay, backward, shrinkage):
    """log p(next = j | history) of every item j."""
    counts = [[0.0] * items for _ in range(items)]
    popularity = [1.0] * items
    for past in pasts:
        for place, item in enumerate(past):
            popularity[item] += 1
            for lag in range(1, lags + 1):
                if place + lag < len(past):
                    follower = past[place + lag]
                    counts[item][follower] += lag**-lag_decay
                    counts[follower][item] += backward * lag**-lag_decay
    share = [one / sum(popularity) for one in popularity]

    def chance(i, j):
        return (counts[i][j] + shrinkage * share[j]) / (sum(counts[i]) + shrinkage)

    newest = history[::-1][:recent]
    weights = [(rank + 1) ** -recent_decay for rank in range(len(newest))]
    if not newest:
        return [math.log(one) for one in share]
    return [
        math.log(sum(w * chance(i, j) for w, i in zip(weights, newest, strict=True)) / sum(weights))
        for j in range(items)
    ]


def recency(past, items, half_life, length):
    """float64 [items]: 2^(-events after an item's newest event / half_life), of the newest `length` events."""
    out = np.zeros(items)
    for rank, item in enumerate(past[::-1][:length]):
        if out[item] == 0:
            out[item] = 2 ** (-rank / half_life)
    return out


def ease(taken, l2):
    """Item weights of Steck 2019, with numpy's inverse. taken: [users, items]."""
    inverse = np.linalg.inv(taken.T @ taken + l2 * np.eye(taken.shape[1]))
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def ridge_without_self(taken, l2, item):
    """The same column of weights by least squares: item predicted from all others, which is what EASE minimises."""
    others = [other for other in range(taken.shape[1]) if other != item]
    x, y = taken[:, others], taken[:, item]
    solution = np.linalg.solve(x.T @ x + l2 * np.eye(len(others)), x.T @ y)
    out = np.zeros(taken.shape[1])
    out[others] = solution
    return out
