"""Requests cut into blocks that hold whole users, each made ready to be ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from paretorec.contracts import Array, Histories, SignalBatch
from paretorec.judge.packed import Packed

REQUESTS = 128
"""Requests of a block at most, unless one user has more: what bounds the memory and what one thread takes."""

SIGNALS = 1 << 24
"""Numbers of S that a block reads at most, unless one user has more: 64 MiB."""


@dataclass(frozen=True)
class Block:
    """B requests of whole users with the candidates that a policy may list."""

    rows: Array
    """int64 [B]: the requests."""
    users: Array
    """int64 [U]: where each user's requests begin."""
    packed: Packed
    items: Array
    """int32 [S]: the item in each slot."""
    hit: Array
    """int32 [S]: 1 + the target that it is, 0 = none."""
    batch: SignalBatch | None
    """What kinds that rank for themselves rank."""
    requests: Histories | None
    """What the weights of a grouped kind depend on."""

    @property
    def bytes(self) -> int:
        """Memory that it holds."""
        packed = self.packed
        arrays = (packed.position, packed.terms, packed.peaks, self.items, self.hit)
        return int(sum(x.nbytes for x in arrays) + (0 if self.batch is None else self.batch.values.nbytes))


def cut(users: Array, width: int) -> list[tuple[Array, Array]]:
    """(rows int64 [B], where each user's begin int64 [U]) of every block: users ascending, requests in their order.

    users: int [R]; width: numbers of S in a request.
    """
    order = np.argsort(users, kind="stable")
    starts = np.flatnonzero(np.diff(users[order], prepend=users[order][:1] - 1))
    ends = np.append(starts[1:], len(order))
    most = max(1, min(REQUESTS, SIGNALS // max(width, 1)))
    blocks, first = [], 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + most, side="right")))
        blocks.append((order[starts[first] : ends[last - 1]], starts[first:last] - starts[first]))
        first = last
    return blocks


def taken(batch: SignalBatch, rows: Array) -> SignalBatch:
    """The requests at `rows`: views where they follow each other, which reads a file once and in order."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return batch.take(slice(int(rows[0]), int(rows[-1]) + 1))
    return batch.take(rows)


def joined(batches: Sequence[SignalBatch]) -> SignalBatch:
    """One batch of them all; their histories are windows into the same arrays. Copies where there are several."""
    if len(batches) == 1:
        return batches[0]
    width = max(batch.items.shape[1] for batch in batches)
    histories = [batch.histories for batch in batches if batch.histories is not None]
    together = None
    if histories:
        together = replace(
            histories[0],
            start=np.concatenate([x.start for x in histories]),
            end=np.concatenate([x.end for x in histories]),
            now=np.concatenate([x.now for x in histories]),
            user=np.concatenate([x.user for x in histories]),
            context={name: np.concatenate([x.context[name] for x in histories]) for name in histories[0].context},
        )
    return replace(
        batches[0],
        values=np.concatenate([padded(batch.values, width) for batch in batches]),
        mask=np.concatenate([padded(batch.mask, width) for batch in batches]),
        items=np.concatenate([padded(batch.items, width) for batch in batches]),
        histories=together,
    )


def padded(array: Array, width: int) -> Array:
    """[B, C, ...] with C = `width`, zeros added."""
    short = width - array.shape[1]
    return np.pad(array, [(0, 0), (0, short)] + [(0, 0)] * (array.ndim - 2)) if short else array
