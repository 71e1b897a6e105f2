"""Small worlds for the judge's tests: signals with ties, targets inside and outside the candidates, uneven users."""

import numpy as np

from paretorec.contracts import Event, ItemTable, Requests, SignalBatch, Truth


class Weighted:
    """A linear kind whose parameters are its weights."""

    linear = True

    def prepare(self, values):
        return values

    def weights(self, theta):
        return theta.astype(np.float32)


class ByFirstSignal:
    """Not linear: ranks by the first signal to the power of its only parameter."""

    linear = False

    def rank(self, batch, theta, depth):
        out = np.full((len(theta), len(batch), depth), -1, np.int32)
        for policy, (power,) in enumerate(theta):
            for row, (values, mask) in enumerate(zip(batch.values[..., 0], batch.mask, strict=True)):
                best = [c for c in np.argsort(-(values**power), kind="stable") if mask[c]][:depth]
                out[policy, row, : len(best)] = best
        return out


def make_batch(rng, requests, candidates, signals, items, levels=4):
    """Signals on a coarse grid, so that equal scores are common; masked candidates last, as in every batch."""
    values = rng.integers(0, levels, size=(requests, candidates, signals)).astype(np.float32) / np.float32(levels - 1)
    order = np.argsort(-values.sum(axis=2, dtype=np.float64), axis=1, kind="stable")
    allowed = rng.integers(0, candidates + 1, size=requests)
    codes = np.stack([rng.permutation(items)[:candidates] for _ in range(requests)]).astype(np.int32)
    return SignalBatch(
        names=tuple(f"s{i}" for i in range(signals)),
        values=np.take_along_axis(values, order[..., None], axis=1),
        mask=np.arange(candidates) < allowed[:, None],
        items=codes,
    )


def make_truth(rng, requests, items, users=5, targets=3):
    """Each request with 0 .. `targets` targets, of all items."""
    counts = rng.integers(0, targets + 1, size=requests)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    codes = [rng.permutation(items)[:count] for count in counts]
    total = int(offsets[-1])
    return Truth(
        requests=Requests(
            user=rng.integers(0, users, size=requests).astype(np.int32),
            time=np.zeros(requests, np.int64),
            offsets=offsets,
            target_items=np.concatenate([*codes, np.zeros(0, np.int64)]).astype(np.int32),
            target_labels={"buy": np.ones(total, np.float32)},
        ),
        items=make_table(items),
        events=(Event("buy"),),
        item_counts=np.ones(items),
        user_count=users,
        known=np.zeros(total, bool),
    )


def make_table(items, **columns):
    return ItemTable(np.array([f"i{code}" for code in range(items)], object), np.zeros(items, np.int64), **columns)
