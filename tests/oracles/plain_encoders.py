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


def similarity(users, items, weighting, shrinkage=0.0, k1=1.2, b=0.75):
    """[items][items] of item-knn, 0 on the diagonal; users: sets of items."""
    takers = [[u for u, taken in enumerate(users) if item in taken] for item in range(items)]
    idf = [math.log(items) - math.log(1 + len(taken)) for taken in users]
    mean = sum(map(len, takers)) / items or 1.0

    def weight(u, i):
        if weighting == "tf-idf":
            return idf[u]
        if weighting == "bm25":
            return idf[u] * (k1 + 1) / (k1 * (1 - b + b * len(takers[i]) / mean) + 1)
        return 1.0

    def similar(i, j):
        both = sum(weight(u, i) * weight(u, j) for u in takers[i] if u in takers[j])
        if weighting == "bm25":
            return both
        squares = [sum(weight(u, one) ** 2 for u in takers[one]) for one in (i, j)]
        if weighting == "jaccard":
            return both / (sum(squares) - both + shrinkage) if both else 0.0
        return both / (math.sqrt(squares[0] * squares[1]) + shrinkage) if both else 0.0

    return [[similar(i, j) if i != j else 0.0 for j in range(items)] for i in range(items)]


def decayed(past, items, half_life):
    """[items]: summed 2^(-days before the newest event / half_life); past: (item, age in days), oldest first."""
    out = [0.0] * items
    for item, age in past:
        out[item] += 2 ** ((past[-1][1] - age) / half_life)
    return out


def user_knn(pasts, items, asked, neighbours, half_life, itself=None):
    """[items]: what the most similar others take; `itself`: the row of `pasts` that is the asking user."""

    def cosine(a, b):
        length = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
        return sum(x * y for x, y in zip(a, b, strict=True)) / length if length else 0.0

    rows = [decayed(past, items, half_life) for past in pasts]
    mine = decayed(asked, items, half_life)
    similar = [0.0 if u == itself else cosine(mine, row) for u, row in enumerate(rows)]
    best = sorted(range(len(rows)), key=lambda u: -similar[u])[:neighbours]
    return [sum(similar[u] * rows[u][item] for u in best) for item in range(items)]


def folded_in(vectors, confidence, penalty):
    """argmin over x of sum over items of c (p - x y)^2 + penalty |x|^2: c = confidence and p = 1 where it is above 0,
    else 1 and 0; by stacked least squares."""
    vectors = np.asarray(vectors, np.float64)
    c = np.sqrt(np.where(confidence > 0, confidence, 1.0))
    rows = np.vstack([vectors * c[:, None], math.sqrt(penalty) * np.eye(vectors.shape[1])])
    wanted = np.concatenate([(confidence > 0) * c, np.zeros(vectors.shape[1])])
    return np.linalg.lstsq(rows, wanted, rcond=None)[0]
