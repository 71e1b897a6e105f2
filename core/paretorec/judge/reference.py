"""The judge's inner loops in plain numpy: the oracle of `paretorec.judge.kernel`, and what runs without numba."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array
from paretorec.judge.lists import best_places, fitted, weighted_scores


def skyband(terms: Array, count: Array, depth: int) -> Array:
    """bool [B, C]: everything may be listed; finding out what cannot costs more here than it saves."""
    del depth
    return np.asarray(np.arange(terms.shape[2]) < count[:, None])


def rank(terms: Array, count: Array, weights: Array, parent: Array, depth: int) -> Array:
    """int32 [B, P, depth]: see `paretorec.judge.kernel.rank`."""
    del parent
    mask = np.arange(terms.shape[2]) < count[:, None]
    lists = np.empty((len(terms), len(weights), depth), np.int32)
    for policy, weight in enumerate(weights):
        lists[:, policy] = fitted(best_places(weighted_scores(terms, weight), mask, depth), depth)
    return lists


def gain_sums(lists: Array, gains: Array, discounts: Array) -> Array:
    """float64 [G, P, B]: see `paretorec.judge.kernel.gain_sums`."""
    sums = np.zeros((gains.shape[2], lists.shape[1], lists.shape[0]))
    request = np.arange(len(lists))[:, None]
    for place in range(lists.shape[2]):
        listed = lists[:, :, place]
        found = np.where((listed >= 0)[..., None], gains[request, np.maximum(listed, 0)], 0.0)
        sums += discounts[:, place, None, None] * found.transpose(2, 1, 0)
    return sums


def diversity(lists: Array, items: Array, starts: Array, places: Array, values: Array, width: int) -> Array:
    """float64 [P, B]: see `paretorec.judge.kernel.diversity`."""
    out = np.zeros((lists.shape[1], lists.shape[0]))
    requests = len(lists)
    for policy in range(lists.shape[1]):
        request, place = np.nonzero(lists[:, policy] >= 0)
        item = items[request, lists[request, policy, place]]
        length = starts[item + 1] - starts[item]
        row = np.repeat(request, length)
        entry = np.arange(len(row)) + np.repeat(starts[item] - np.cumsum(length) + length, length)
        at = row * width + places[entry]
        total = np.bincount(at, weights=values[entry], minlength=requests * width).reshape(requests, width)
        own = np.bincount(row, weights=np.square(values[entry]), minlength=requests)
        number = np.bincount(request, minlength=requests)
        alike = (np.square(total).sum(axis=1) - own) / np.maximum(number * (number - 1), 1)
        out[policy] = np.where(number >= 2, 1.0 - alike, 0.0)
    return out


def count_exposure(lists: Array, items: Array, group: Array, counts: Array) -> None:
    """Adds to counts int32 [P, H, N]: see `paretorec.judge.kernel.count_exposure`."""
    request, policy, place = np.nonzero(lists >= 0)
    item = items[request, lists[request, policy, place]]
    np.add.at(counts, (policy, group[request], item), 1)
