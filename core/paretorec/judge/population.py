"""`Judge`: many policies on the same requests at once."""

from __future__ import annotations

import importlib.util
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from paretorec.contracts import Array, Exposure, Histories, ItemTable, Metric, PolicyKind, ShapeRule, SignalBatch, Truth
from paretorec.errors import ConfigError
from paretorec.judge.clusters import Clusters, ratio_of_sums
from paretorec.judge.exposure import ExposureCounts
from paretorec.judge.lists import Shape, fitted, shaped
from paretorec.judge.scorecard import Scorecard

BLOCK = 128
"""Requests worked on at a time: what bounds the memory and what one thread takes."""

POLICIES = 128
"""Policies whose values by request `evaluate` holds at a time."""

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Block:
    """B requests with the candidates that a policy may list."""

    first: int
    """Row of the first request."""
    items: Array
    """int32 [B, C], -1 beyond `count`."""
    position: Array
    """int32 [B, C]: where the candidate is in the batch that it came in."""
    count: Array
    """int64 [B]."""
    terms: Array
    """float32 [B, K, C]; [B, 0, C] for kinds that are not linear."""
    gains: Array
    """float64 [B, C, columns]."""
    batch: SignalBatch | None
    """What kinds that are not linear rank."""
    requests: Histories | None
    """What the weights of a grouped kind depend on."""


class Judge:
    """Judges policies of one kind on R requests.

    For linear and grouped kinds the work is done by compiled loops (numba) or by plain numpy, with the same lists to
    the bit, and candidates that no policy can list are left out once (k-skyband). Other kinds rank for themselves.
    Nothing of size [policies, requests, candidates] ever exists; results depend on neither threads nor block size.
    Thread-safe.
    """

    def __init__(
        self,
        batches: Sequence[SignalBatch],
        kind: PolicyKind,
        metrics: Mapping[str, Metric],
        truth: Truth,
        k: int,
        shape: tuple[Sequence[ShapeRule], ItemTable] | None = None,
        *,
        threads: int = 0,
        loops: Literal["auto", "numba", "numpy"] = "auto",
    ) -> None:
        """batches: together the requests of `truth`, in its order. shape: the shape rules and the item table that
        they read. threads: 0 = every core that the process may use. loops: ``auto`` takes numba where it is installed.
        """
        requests = sum(len(batch) for batch in batches)
        if requests != len(truth.requests):
            raise ConfigError(f"the judge got signals of {requests} requests and the truth of {len(truth.requests)}")
        self.metrics = dict(metrics)
        self._kind: Any = kind
        self._k = k
        self._shape = Shape(*shape) if shape else None
        self._depth = self._shape.depth(k) if self._shape else k
        self._weighted = kind.linear or hasattr(kind, "group_weights")
        self._threads = (threads or available_cores()) if self._weighted else 1
        self._loops = inner_loops(loops)
        self._card = Scorecard(metrics, truth, k)
        self._exposed = {name: metric for name, metric in metrics.items() if isinstance(metric, Exposure)}
        self._users = truth.requests.user
        self._clusters = Clusters(truth.requests.user)
        self._items = len(truth.items)
        self._blocks = list(self._each(self._block, list(pieces(batches))))

    @property
    def additive(self) -> tuple[str, ...]:
        """M' names: the metrics that `parts` covers, which is every one but exposure metrics."""
        return self._card.names

    def lists(self, theta: Array) -> Array:
        """theta float64 [P, D] -> int32 [P, R, k]: positions in the batches' candidates, -1 = none."""
        out = np.empty((len(theta), len(self._users), self._k), np.int32)
        order, parent = near_tree(theta)
        theta = theta[order]

        def work(block: Block) -> tuple[Block, Array]:
            lists = self._lists(block, theta, parent)
            found = block.position[np.arange(len(lists))[:, None, None], np.maximum(lists, 0)]
            return block, np.where(lists >= 0, found, np.int32(-1))

        for block, lists in self._each(work, self._blocks):
            out[order, block.first : block.first + len(lists)] = lists.transpose(1, 0, 2)
        return out

    def parts(self, theta: Array) -> tuple[Array, Array]:
        """theta float64 [P, D] -> (numerator, denominator), float64 [P, M', R], of the `additive` metrics.

        A metric's value is the sum of its numerators divided by the sum of its denominators (1, but for a `Ratio`;
        read-only where there is none).
        """
        order, parent = near_tree(theta)
        numerator, denominator = self._parts(theta[order], parent, None)
        back = np.argsort(order)
        if denominator is None:
            return numerator[back], np.broadcast_to(1.0, numerator.shape)
        return numerator[back], denominator[back]

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """theta float64 [P, D] -> (values, standard errors), float64 [P, M], each metric in its natural direction.

        Users are the clusters; exposure metrics by half-sampling of users. NaN where a metric has no value.
        """
        values = np.empty((len(theta), len(self.metrics)))
        errors = np.empty_like(values)
        columns = list(self.metrics)
        additive = [columns.index(name) for name in self.additive]
        step = min(POLICIES, ExposureCounts.policies(self._items)) if self._exposed else POLICIES
        for start in range(0, len(theta), step):
            order, parent = near_tree(theta[start : start + step])
            rows = start + order
            counts = ExposureCounts(len(rows), self._items, self._users) if self._exposed else None
            numerator, denominator = self._parts(theta[rows], parent, counts)
            above = self._clusters.sums(numerator)
            below = self._clusters.sizes if denominator is None else self._clusters.sums(denominator)
            at = rows[:, None], additive
            values[at], errors[at] = ratio_of_sums(above, np.broadcast_to(below, above.shape))
            for name, metric in self._exposed.items():
                assert counts is not None
                column = columns.index(name)
                values[rows, column], errors[rows, column] = counts.judge(metric)
        return values, errors

    def _parts(self, theta: Array, parent: Array, counts: ExposureCounts | None) -> tuple[Array, Array | None]:
        """As `parts`; no denominators where all are 1. Also counts what is listed, where that is asked."""
        numerator = np.empty((len(theta), len(self.additive), len(self._users)))
        denominator = np.empty_like(numerator) if self._card.ratios else None

        def work(block: Block) -> tuple[Block, Array, Array, Array | None]:
            lists = self._lists(block, theta, parent)
            return block, lists, *self._card.parts(self._loops, block.first, lists, block.items, block.gains)

        for block, lists, above, below in self._each(work, self._blocks):
            rows = slice(block.first, block.first + len(lists))
            numerator[..., rows] = above
            if denominator is not None:
                denominator[..., rows] = below
            if counts is not None:
                counts.add(self._loops, rows, lists, block.items)
        return numerator, denominator

    def _lists(self, block: Block, theta: Array, parent: Array) -> Array:
        """int32 [B, P, k]: positions in the block's candidates."""
        lists: Array
        if self._kind.linear:
            weights = np.asarray(self._kind.weights(theta), np.float32)
            lists = self._loops.rank(block.terms, block.count, weights, parent, self._depth)
        elif block.batch is None:
            weights, group = self._kind.group_weights(theta, block.requests)
            lists = np.empty((len(group), len(theta), self._depth), np.int32)
            for one in np.unique(group):
                rows, own = group == one, np.asarray(weights[one], np.float32)
                lists[rows] = self._loops.rank(block.terms[rows], block.count[rows], own, parent, self._depth)
        else:
            lists = fitted(self._kind.rank(block.batch, theta, self._depth), self._depth).transpose(1, 0, 2)
        if self._shape is not None:
            lists = shaped(lists.transpose(1, 0, 2), block.items, self._k, self._shape).transpose(1, 0, 2)
        return np.ascontiguousarray(lists)

    def _block(self, piece: tuple[int, SignalBatch]) -> Block:
        first, batch = piece
        width = batch.items.shape[1]
        if not self._weighted:
            items = np.where(batch.mask, batch.items, np.int32(-1))
            position = np.broadcast_to(np.arange(width, dtype=np.int32), items.shape)
            terms = np.empty((len(batch), 0, width), np.float32)
            gains = self._card.gains(first, items)
            return Block(first, items, position, batch.mask.sum(axis=1), terms, gains, batch, batch.histories)
        terms = np.moveaxis(np.asarray(self._kind.prepare(batch.values), np.float32), 2, 1)
        position, count, width = front(batch.mask)
        terms = np.take_along_axis(terms, position[:, None, :width], axis=2)
        keep = np.zeros_like(batch.mask)
        keep[:, :width] = self._loops.skyband(terms, count, self._depth)
        kept, count, width = front(keep)
        kept = kept[:, :width]
        position = np.take_along_axis(position, kept, axis=1)
        items = np.where(np.arange(width) < count[:, None], np.take_along_axis(batch.items, position, axis=1), -1)
        items = items.astype(np.int32)
        terms = np.ascontiguousarray(np.take_along_axis(terms, kept[:, None], axis=2))
        return Block(first, items, position, count, terms, self._card.gains(first, items), None, batch.histories)

    def _each(self, work: Callable[[T], U], todo: Sequence[T]) -> Iterator[U]:
        """Results in the order of `todo`, a few at a time."""
        if self._threads == 1 or len(todo) < 2:
            yield from map(work, todo)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            running: deque[Future[U]] = deque()
            for one in todo:
                running.append(pool.submit(work, one))
                if len(running) > 2 * self._threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()


def near_tree(points: Array) -> tuple[Array, Array]:
    """(order int64 [P], parent int64 [P]): points joined to the nearest of those before them, nearest ones first.

    In the order given, point i hangs on point ``parent[i] < i``; the first is its own. A minimal spanning tree (Prim,
    1957), O(P^2 D).
    """
    count = len(points)
    order, parent = np.zeros(count, np.int64), np.zeros(count, np.int64)
    place, nearest = np.zeros(count, np.int64), np.zeros(count, np.int64)
    distance = np.full(count, np.inf)
    here = 0
    for step in range(count):
        order[step], parent[step], place[here] = here, place[nearest[here]], step
        distance[here] = -1.0
        away = np.square(points - points[here]).sum(axis=1)
        closer = away < distance
        distance[closer], nearest[closer] = away[closer], here
        here = int(np.where(distance < 0, np.inf, distance).argmin())
    return order, parent


def front(keep: Array) -> tuple[Array, Array, int]:
    """(order int32 [B, C] with the kept ones first, in their order; how many int64 [B]; the most of any row)."""
    count = keep.sum(axis=1)
    return np.argsort(~keep, axis=1, kind="stable").astype(np.int32), count, int(count.max(initial=1))


def pieces(batches: Iterable[SignalBatch]) -> Iterator[tuple[int, SignalBatch]]:
    """(row of the first request, at most `BLOCK` requests)."""
    first = 0
    for batch in batches:
        for start in range(0, len(batch), BLOCK):
            rows = slice(start, start + BLOCK)
            yield first + start, batch.take(rows)
        first += len(batch)


def inner_loops(which: Literal["auto", "numba", "numpy"]) -> Any:
    """The module with the inner loops: `paretorec.judge.kernel` or `paretorec.judge.reference`."""
    if which == "numba" or (which == "auto" and importlib.util.find_spec("numba") is not None):
        try:
            from paretorec.judge import kernel
        except ImportError as error:
            if which == "auto":
                return inner_loops("numpy")
            raise ConfigError("loops='numba' needs numba: pip install 'paretorec[fast]'") from error
        return kernel
    from paretorec.judge import reference

    return reference


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
