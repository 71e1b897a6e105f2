"""The judge's inner loops in plain numpy: the oracle of `paretorec.judge.kernel`, and what runs without numba."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array
from paretorec.judge.lists import best_places, fitted, weighted_scores
from paretorec.judge.packed import Packed, slots_of


def pack(terms: Array, mask: Array, depth: int, prune: bool = True) -> Packed:
    """Candidates in their order, masked ones last; finding out what is never listed costs more here than it saves."""
    del depth, prune
    requests, width = mask.shape
    count = mask.sum(axis=1)
    order = np.argsort(~mask, axis=1, kind="stable").astype(np.int32)
    laid = np.take_along_axis(np.moveaxis(terms, 2, 1), order[:, None], axis=2)
    return Packed(np.arange(requests + 1) * width, count, order.reshape(-1), laid, np.zeros(0, np.float32))


def rank(packed: Packed, weights: Array, group: Array, parent: Array, depth: int) -> Array:
    """int32 [B, P, depth]: see `paretorec.judge.kernel.rank`."""
    del parent
    terms = packed.terms
    mask = np.arange(terms.shape[2]) < packed.count[:, None]
    lists = np.empty((len(terms), weights.shape[1], depth), np.int32)
    for one in np.unique(group):
        rows = group == one
        for policy, weight in enumerate(weights[one]):
            lists[rows, policy] = fitted(best_places(weighted_scores(terms[rows], weight), mask[rows], depth), depth)
    return lists


def appraise(
    lists: Array,
    parent: Array,
    start: Array,
    hit: Array,
    items: Array,
    target_gains: Array,
    item_gains: Array,
    dense: Array,
    discounts: Array,
    z: Array,
    vectors: tuple[Array, Array, Array, int],
    group: Array,
    counts: Array,
) -> Array:
    """float64 [B, P, X + V]: see `paretorec.judge.kernel.appraise`."""
    del parent
    starts, places, values, width = vectors
    listed = lists >= 0
    slot = slots_of(start, lists)
    item = np.where(listed, items[slot], 0) if len(items) else np.zeros_like(lists)
    target = np.where(listed, hit[slot], 0) if len(hit) else np.zeros_like(lists)
    out = np.zeros((*lists.shape[:2], len(dense) + len(starts)))
    for at in range(lists.shape[2]):
        gain = target_gains[target[..., at]]
        if dense.any():
            gain = gain + np.where(listed[..., at, None] & dense, item_gains[item[..., at]], 0.0)
        out[..., : len(dense)] += discounts[:, at] * gain
    share = out[..., : len(dense)]
    divisor = np.broadcast_to(z[:, None], share.shape)
    share[...] = np.divide(share, divisor, out=np.zeros_like(share), where=divisor != 0)
    for one, own in enumerate(starts):
        for policy in range(lists.shape[1]):
            shown = listed[:, policy], item[:, policy]
            out[:, policy, len(dense) + one] = _diversity(*shown, own, places, values, width)
    if counts.shape[2]:
        where = np.nonzero(listed)
        np.add.at(counts, (where[1], group[where[0]], item[where]), 1)
    return out


def moments(numerator: Array, denominator: Array) -> tuple[Array, Array]:
    """(value [P, M], sums [5, P, M]) of numerators N [U, P, M] by user and denominators D, [U, P, M] or [U, 1, 1].

    value = sum of N / sum of D, 0 where that is 0; sums = those of N, D, E E, E D and D D, with E = N - value x D.
    """
    above, below = numerator.sum(axis=0), np.broadcast_to(denominator, numerator.shape).sum(axis=0)
    value = np.divide(above, below, out=np.zeros_like(above), where=below != 0)
    off = numerator - value * denominator
    squares = (off * off, off * denominator, np.broadcast_to(denominator * denominator, off.shape))
    return value, np.stack([above, below, *(x.sum(axis=0) for x in squares)])


def _diversity(listed: Array, items: Array, starts: Array, places: Array, values: Array, width: int) -> Array:
    """float64 [B]: 1 - mean cosine of all pairs; listed bool [B, k], items int [B, k]."""
    request, place = np.nonzero(listed)
    item = items[request, place]
    length = starts[item + 1] - starts[item]
    row = np.repeat(request, length)
    entry = np.arange(len(row)) + np.repeat(starts[item] - np.cumsum(length) + length, length)
    shape = (len(listed), width)
    total = np.bincount(row * width + places[entry], weights=values[entry], minlength=len(listed) * width)
    own = np.bincount(row, weights=np.square(values[entry]), minlength=len(listed))
    number = listed.sum(axis=1)
    alike = (np.square(total.reshape(shape)).sum(axis=1) - own) / np.maximum(number * (number - 1), 1)
    return np.asarray(np.where(number >= 2, 1.0 - alike, 0.0))
