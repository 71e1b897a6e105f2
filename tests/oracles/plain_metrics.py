"""Metrics of one list at a time in plain Python, written from their definitions; imports nothing of paretorec.

listed: item names, best first. gains: item -> gain of the targets (a hit has a gain above 0).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Gains = Mapping[str, float]


def hits(listed: Sequence[str], gains: Gains, k: int) -> list[int]:
    return [1 if gains.get(item, 0) > 0 else 0 for item in listed[:k]]


def wanted(gains: Gains) -> int:
    return sum(1 for gain in gains.values() if gain > 0)


def precision(listed: Sequence[str], gains: Gains, k: int) -> float:
    return sum(hits(listed, gains, k)) / k


def recall(listed: Sequence[str], gains: Gains, k: int) -> float:
    return sum(hits(listed, gains, k)) / wanted(gains) if wanted(gains) else 0.0


def accuracy(listed: Sequence[str], gains: Gains, k: int) -> float:
    return sum(hits(listed, gains, k)) / min(k, wanted(gains)) if wanted(gains) else 0.0


def f1(listed: Sequence[str], gains: Gains, k: int) -> float:
    p, r = precision(listed, gains, k), recall(listed, gains, k)
    return 2 * p * r / (p + r) if p + r else 0.0


def hit_rate(listed: Sequence[str], gains: Gains, k: int) -> float:
    return float(any(hits(listed, gains, k)))


def mrr(listed: Sequence[str], gains: Gains, k: int) -> float:
    for position, hit in enumerate(hits(listed, gains, k), start=1):
        if hit:
            return 1 / position
    return 0.0


def average_precision(listed: Sequence[str], gains: Gains, k: int) -> float:
    if not wanted(gains):
        return 0.0
    found = hits(listed, gains, k)
    total = sum(sum(found[:position]) / position for position in range(1, len(found) + 1) if found[position - 1])
    return total / min(k, wanted(gains))


def dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(position + 1) for position, gain in enumerate(gains, start=1))


def ndcg(listed: Sequence[str], gains: Gains, k: int) -> float:
    best = dcg(sorted(gains.values(), reverse=True)[:k])
    return dcg([gains.get(item, 0.0) for item in listed[:k]]) / best if best else 0.0


def total(listed: Sequence[str], gains: Gains, k: int) -> float:
    return sum(gains.get(item, 0.0) for item in listed[:k])


def novelty(listed: Sequence[str], counts: Mapping[str, float], k: int) -> float:
    everything = sum(counts.values())
    return sum(-math.log2(max(counts.get(item, 0), 1) / everything) for item in listed[:k]) / k


def diversity(listed: Sequence[str], attributes: Mapping[str, tuple[str, ...]], k: int) -> float:
    """1 - the mean share of columns in which two items agree."""
    shown = listed[:k]
    pairs = [(a, b) for place, a in enumerate(shown) for b in shown[place + 1 :]]
    if not pairs:
        return 0.0
    alike = [
        sum(x == y for x, y in zip(attributes[a], attributes[b], strict=True)) / len(attributes[a]) for a, b in pairs
    ]
    return 1 - sum(alike) / len(alike)


def coverage(lists: Sequence[Sequence[str]], catalogue: Sequence[str], k: int) -> float:
    return len({item for listed in lists for item in listed[:k]}) / len(catalogue)


def gini(lists: Sequence[Sequence[str]], catalogue: Sequence[str], k: int) -> float:
    """Half the relative mean absolute difference of exposures."""
    shown = [item for listed in lists for item in listed[:k]]
    counts = [shown.count(item) for item in catalogue]
    if not shown:
        return 0.0
    differences = sum(abs(a - b) for a in counts for b in counts)
    return differences / (2 * len(counts) * sum(counts))
