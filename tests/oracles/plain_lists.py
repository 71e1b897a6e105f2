"""Lists and their metrics in plain Python, one request and one policy at a time. Imports nothing of paretorec."""

import math

import numpy as np


def ranked(terms, mask, weights, k):
    """Positions of the k best: float32 sums in signal order, ties to the earlier. terms: [C][K]."""
    scored = []
    for position, (row, allowed) in enumerate(zip(terms, mask, strict=True)):
        if allowed:
            score = np.float32(0)
            for weight, term in zip(weights, row, strict=True):
                score = np.float32(score + np.float32(np.float32(weight) * np.float32(term)))
            scored.append((-score, position))
    return [position for _, position in sorted(scored)[:k]]


def capped(positions, categories, most, k):
    """The first k of a ranked list with at most `most` of each category (None: not capped)."""
    kept, seen = [], {}
    for position in positions:
        category = categories[position]
        if category is not None and seen.get(category, 0) >= most:
            continue
        seen[category] = seen.get(category, 0) + 1
        kept.append(position)
    return kept[:k]


def discounted(items, targets, worth, discounts, z):
    """Sum of discount x (target gain + item gain), divided by z; 0 where z is 0."""
    total = sum(
        discount * (targets.get(item, 0.0) + worth.get(item, 0.0))
        for discount, item in zip(discounts, items, strict=False)
    )
    return total / z if z else 0.0


def diversity(vectors):
    """1 - mean cosine of all pairs; 0 for fewer than two."""
    pairs = [(a, b) for i, a in enumerate(vectors) for b in vectors[i + 1 :]]
    if not pairs:
        return 0.0
    return 1 - sum(sum(x * y for x, y in zip(a, b, strict=True)) for a, b in pairs) / len(pairs)


def clustered(numerators, denominators, users):
    """(sum / sum, its standard error) with users as clusters: the linearised ratio."""
    value = sum(numerators) / sum(denominators)
    off = {}
    for above, below, user in zip(numerators, denominators, users, strict=True):
        off[user] = off.get(user, 0.0) + above - value * below
    count = len(off)
    if count < 2:
        return value, math.nan
    variance = count / (count - 1) * sum(x * x for x in off.values())
    return value, math.sqrt(variance) / abs(sum(denominators))
