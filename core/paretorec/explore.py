"""Lists that vary at random, with the probability of every item shown: what evaluation off policy needs of a log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from paretorec.config import Exploration
from paretorec.contracts import Array, ItemTable, PolicyKind, ShapeRule, SignalBatch
from paretorec.judge import ranked
from paretorec.scores import candidate_scores

_LISTS = 1 << 18
"""Lists that a shape rule is asked about at a time."""


def explored(
    batch: SignalBatch,
    kind: PolicyKind,
    theta: Array,
    k: int,
    how: Exploration,
    keys: Iterable[Sequence[int]],
    shape: tuple[Sequence[ShapeRule], ItemTable] | None = None,
) -> tuple[Array, Array]:
    """(places int32 [B, k], -1 = none; propensity float64 [B, k], 0 where there is none) of theta float64 [D].

    Lists are drawn from the top down. The propensity of an item is the probability that it is at its place given those
    before it, exactly; the product over a list is the probability of the list. What may come next are the candidates
    that are not listed yet and that every shape rule accepts after those listed.

    ``temperature``: Plackett-Luce, odds ``exp(score / temperature)``; for kinds that only rank, ``rank ** (-1 /
    temperature)`` of the rank in the list without exploration. ``epsilon``: with probability epsilon one of the m that
    may come next, all alike, else the best of them: ``epsilon / m``, and ``1 - epsilon`` more for the best.

    keys: B times numbers >= 0 that seed a request's own generator: equal keys, equal list, whoever else is asked for,
    and a shorter list is a longer one's beginning. O(k B C).
    """
    noise = np.concatenate([np.zeros((0, k, 2)), *(np.random.default_rng(list(key)).random((1, k, 2)) for key in keys)])
    draw = (
        _PlackettLuce(log_odds(batch, kind, theta) / how.temperature, noise)
        if how.temperature
        else _EpsilonGreedy(full_ranks(batch, kind, theta), how.epsilon or 0.0, noise)
    )
    left, line = batch.mask.copy(), np.arange(len(batch))
    places = np.full((len(batch), k), -1, np.int32)
    listed = np.full((len(batch), k), -1, np.int32)
    propensity = np.zeros((len(batch), k))
    for place in range(min(k, left.shape[1])):
        allowed = left if shape is None else accepted(shape, listed[:, :place], batch.items, left)
        some = allowed.any(axis=1)
        chosen, probability = draw(allowed, place)
        places[:, place] = np.where(some, chosen, -1)
        listed[:, place] = np.where(some, batch.items[line, chosen], -1)
        propensity[:, place] = np.where(some, probability, 0.0)
        left[line[some], chosen[some]] = False
    return places, propensity


class _PlackettLuce:
    def __init__(self, utility: Array, noise: Array) -> None:
        """utility: float64 [B, C], logarithms of odds; noise: float64 [B, k, 2] in [0, 1)."""
        self._utility = utility
        self._noise = noise[..., 0]

    def __call__(self, allowed: Array, place: int) -> tuple[Array, Array]:
        """(candidate int64 [B], its probability float64 [B]); of no meaning where nothing is allowed."""
        likely = np.where(allowed, self._utility, -np.inf)
        top = likely.max(axis=1, keepdims=True)
        odds = np.exp(likely - np.where(np.isfinite(top), top, 0.0))
        # Added up from left to right: padding behind the candidates then changes no bit.
        sums = np.cumsum(odds, axis=1)
        total = sums[:, -1]
        # The product may be rounded up to the total, where no candidate is.
        target = np.minimum(self._noise[:, place] * total, np.nextafter(total, 0.0))
        chosen = (sums > target[:, None]).argmax(axis=1)
        own = odds[np.arange(len(odds)), chosen]
        return chosen, np.divide(own, total, out=np.zeros_like(own), where=total > 0)


class _EpsilonGreedy:
    def __init__(self, rank: Array, epsilon: float, noise: Array) -> None:
        """rank: int64 [B, C] in the list without exploration; noise: float64 [B, k, 2] in [0, 1)."""
        self._rank = rank
        self._epsilon = epsilon
        self._noise = noise

    def __call__(self, allowed: Array, place: int) -> tuple[Array, Array]:
        """As in `_PlackettLuce`."""
        best = np.where(allowed, self._rank, self._rank.shape[1]).argmin(axis=1)
        count = np.maximum(allowed.sum(axis=1), 1)
        wanted = np.minimum(self._noise[:, place, 1] * count, count - 1).astype(np.int64)
        any_one = (np.cumsum(allowed, axis=1) > wanted[:, None]).argmax(axis=1)
        chosen = np.where(self._noise[:, place, 0] < self._epsilon, any_one, best)
        return chosen, self._epsilon / count + (1 - self._epsilon) * (chosen == best)


def log_odds(batch: SignalBatch, kind: PolicyKind, theta: Array) -> Array:
    """float64 [B, C] at temperature 1."""
    scores = candidate_scores(kind, theta, batch.values, batch.histories)
    return -np.log1p(full_ranks(batch, kind, theta)) if scores is None else scores.astype(np.float64)


def full_ranks(batch: SignalBatch, kind: PolicyKind, theta: Array) -> Array:
    """int64 [B, C]: where each candidate stands in the list of all of them without exploration; C for those in none."""
    places = ranked(batch, kind, theta[None], batch.items.shape[1])[0]
    rank = np.full(places.shape, places.shape[1], np.int64)
    row, column = np.nonzero(places >= 0)
    rank[row, places[row, column]] = column
    return rank


def accepted(shape: tuple[Sequence[ShapeRule], ItemTable], listed: Array, items: Array, left: Array) -> Array:
    """bool [B, C]: those of `left` that every shape rule keeps as the next one after items `listed` int32 [B, t]."""
    rules, table = shape
    out = np.zeros_like(left)
    rows, columns = np.nonzero(left)
    for start in range(0, len(rows), _LISTS):
        row, column = rows[start : start + _LISTS], columns[start : start + _LISTS]
        lists = np.column_stack([listed[row], items[row, column]])
        keep = np.ones(len(lists), bool)
        for rule in rules:
            keep &= rule.shape(lists, table)[:, -1]
        out[row, column] = keep
    return out
