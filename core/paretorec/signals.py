"""Raw scores -> normalised signals in tie order. Search, certification and serving all call `build_signals`.

Every row is worked out from that row alone, in float64 and in a fixed order, so that a request gets the same signals
to the bit whoever else is in the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from paretorec.contracts import Array, CandidateView, SignalBatch
from paretorec.errors import ConfigError


def build_signals(
    view: CandidateView,
    raw: Mapping[str, Array],
    normalisers: Mapping[str, str],
    tie_hash: Array,
    allowed: Array | None = None,
) -> tuple[SignalBatch, Array]:
    """Normalise over the request's candidates before rules, take away what rules forbid, sort into tie order.

    raw: K signal names -> [B, C] in the view's candidate order; their order is the signals' order in a policy.
    A value that is not finite (NaN, an infinity of either sign) counts as the lowest finite value of its row.
    normalisers: signal name -> ``minmax`` (also for names that are missing), ``zscore``, ``rank`` or ``none``.
    tie_hash: uint64 [N], a seeded hash of each item's external id.
    allowed: bool [B, C] from the rules; None: everything.

    Returns the batch and order int64 [B, C]: candidate ``c`` of the batch is candidate ``order[b, c]`` of the view.
    O(B C (K + log C)). Raises `ConfigError` for an unknown normaliser.
    """
    values = np.zeros((*view.items.shape, len(raw)), np.float32)
    for place, (name, scores) in enumerate(raw.items()):
        values[..., place] = normalise(scores, view.mask, normalisers.get(name, "minmax"), name)
    mask = view.mask if allowed is None else view.mask & allowed
    order = _tie_order(values, mask, view.items, tie_hash)
    batch = SignalBatch(
        names=tuple(raw),
        values=np.take_along_axis(values, order[..., None], axis=1),
        mask=np.take_along_axis(mask, order, axis=1),
        items=np.take_along_axis(view.items, order, axis=1),
    )
    return batch, order


def normalise(scores: Array, mask: Array, normaliser: str, name: str = "") -> Array:
    """float32 [B, C]: one signal over the candidates in `mask` of each row, 0 outside `mask`."""
    if normaliser not in NORMALISERS:
        raise ConfigError(
            f"normaliser {normaliser!r} of signal {name!r} is unknown; choose one of {', '.join(NORMALISERS)}"
        )
    scores = np.ascontiguousarray(scores, np.float64)
    usable = mask & np.isfinite(scores)
    lowest = np.min(scores, axis=1, initial=np.inf, where=usable, keepdims=True)
    scores = np.where(usable, scores, np.where(np.isfinite(lowest), lowest, 0.0))
    return np.where(mask, NORMALISERS[normaliser](scores, mask), 0.0).astype(np.float32)


def _minmax(scores: Array, mask: Array) -> Array:
    """(x - min) / (max - min); 0 where all candidates are equal."""
    low = np.min(scores, axis=1, initial=np.inf, where=mask, keepdims=True)
    high = np.max(scores, axis=1, initial=-np.inf, where=mask, keepdims=True)
    # Halves: the difference of two finite numbers may overflow.
    span = high / 2 - low / 2
    return np.asarray(np.divide(scores / 2 - low / 2, span, out=np.zeros_like(scores), where=span > 0))


def _zscore(scores: Array, mask: Array) -> Array:
    """(x - mean) / standard deviation; 0 where all candidates are equal."""
    count = np.maximum(mask.sum(axis=1, keepdims=True), 1)
    largest = np.max(np.abs(scores), axis=1, initial=0.0, where=mask, keepdims=True)
    scores = np.divide(scores, largest, out=np.zeros_like(scores), where=largest > 0)
    off = np.where(mask, scores - np.where(mask, scores, 0.0).sum(axis=1, keepdims=True) / count, 0.0)
    deviation = np.sqrt((off * off).sum(axis=1, keepdims=True) / count)
    # Rounding of the mean leaves a deviation of about 1e-16 where all candidates are equal.
    return np.asarray(np.divide(off, deviation, out=np.zeros_like(scores), where=deviation > 1e-12))


def _rank(scores: Array, mask: Array) -> Array:
    """Share of the other candidates that are worse, ties counting half; 0 where there is one candidate."""
    place = np.arange(scores.shape[1])
    order = np.argsort(np.where(mask, scores, -np.inf), axis=1, kind="stable")
    ordered = np.take_along_axis(np.where(mask, scores, -np.inf), order, axis=1)
    fresh = np.ones(scores.shape, bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    ends = np.ones(scores.shape, bool)
    ends[:, :-1] = fresh[:, 1:]
    last = np.minimum.accumulate(np.where(ends, place, len(place))[:, ::-1], axis=1)[:, ::-1]
    count = mask.sum(axis=1, keepdims=True)
    middle = (first + last) / 2 - (len(place) - count)
    out = np.empty_like(scores)
    np.put_along_axis(out, order, middle / np.maximum(count - 1, 1), axis=1)
    return out


def _none(scores: Array, mask: Array) -> Array:
    """As they are."""
    del mask
    return scores


NORMALISERS: Mapping[str, Callable[[Array, Array], Array]] = {
    "minmax": _minmax,
    "zscore": _zscore,
    "rank": _rank,
    "none": _none,
}


def _tie_order(values: Array, mask: Array, items: Array, tie_hash: Array) -> Array:
    """int64 [B, C]: in `mask` first; then the float64 sum of the signals, falling; then the items' hash."""
    total = np.zeros(items.shape)
    for place in range(values.shape[-1]):
        total += values[..., place]
    hashes = tie_hash[np.maximum(items, 0)] if len(tie_hash) else np.zeros(items.shape, np.uint64)
    return np.lexsort((items, hashes, -total, ~mask), axis=-1)
