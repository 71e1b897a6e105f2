"""`Judge`: many policies on the same requests at once."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any, Literal, TypeVar

import numpy as np

from paretorec.contracts import Array, Exposure, ItemTable, Metric, PolicyKind, ShapeRule, SignalBatch, Truth
from paretorec.data.mapped import forget
from paretorec.errors import ConfigError, PluginError
from paretorec.judge.blocks import Block, cut, joined, taken
from paretorec.judge.exposure import ExposureCounts, exposures, group_of_users
from paretorec.judge.lists import Shape, finite, fitted, shaped
from paretorec.judge.moments import Moments
from paretorec.judge.packed import Packed
from paretorec.judge.path import near_tree
from paretorec.judge.scorecard import Scorecard
from paretorec.loops import available_cores, inner_loops

POLICIES = 128
"""Policies whose values by request a block holds at a time."""

COUNTED = 8
"""Policies whose exposure metrics a thread works out at a time."""

MEMORY = 1 << 30
"""Bytes of candidates that a judge keeps ready; blocks beyond are made ready anew in every call."""

TRIED = 32
"""Requests on which a judge finds out whether pruning pays."""

WORTH = 0.7
"""Share of candidates left by pruning above which it does not."""

HEAVIEST = 1e6
"""Largest weight of a signal: with it, terms of 1e30 add up to a number that float32 has."""

T = TypeVar("T")
U = TypeVar("U")


class Judge:
    """Judges policies of one kind on R requests.

    For linear and grouped kinds the work is done by compiled loops (numba) or by plain numpy, with the same lists to
    the bit, and candidates that no policy can list are left out once (k-skyband). Other kinds rank for themselves.
    Nothing of size [policies, requests, candidates] ever exists; results depend on neither threads nor how requests
    came. Signals may be memory maps: they are read block by block, once as far as what is kept of them fits into
    `memory`, the rest once in every call. Thread-safe.
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
        memory: int = MEMORY,
    ) -> None:
        """batches: together the requests of `truth`, in its order. shape: the shape rules and the item table that
        they read. threads: 0 = every core that the process may use. loops: ``auto`` takes numba where it is installed.
        memory: bytes, see above.
        """
        requests = sum(len(batch) for batch in batches)
        if requests != len(truth.requests):
            raise ConfigError(f"the judge got signals of {requests} requests and the truth of {len(truth.requests)}")
        self.metrics = dict(metrics)
        self._batch = joined(batches)
        self._kind: Any = kind
        self._k = k
        self._shape = Shape(*shape) if shape else None
        self._depth = self._shape.depth(k) if self._shape else k
        self._weighted = kind.linear or hasattr(kind, "group_weights")
        self._threads = (threads or available_cores()) if self._weighted else 1
        self._loops = inner_loops(loops, "paretorec.judge.kernel", "paretorec.judge.reference")
        self._card = Scorecard(metrics, truth, k)
        self._exposed = {name: metric for name, metric in metrics.items() if isinstance(metric, Exposure)}
        self._group = group_of_users(truth.requests.user)
        self._items = len(truth.items)
        self._requests = requests
        self._cuts = cut(truth.requests.user, int(np.prod(self._batch.values.shape[1:])))
        self._prune = self._weighted and self._worth_pruning()
        self._blocks = self._kept(memory)

    @property
    def additive(self) -> tuple[str, ...]:
        """M' names: the metrics that `parts` covers, which is every one but exposure metrics."""
        return self._card.names

    @property
    def candidates_kept(self) -> float:
        """Mean number of candidates that pruning leaves of a request; NaN where some are made ready in every call."""
        if not self._blocks or len(self._blocks) < len(self._cuts):
            return math.nan
        return float(np.concatenate([block.packed.count for block in self._blocks]).mean())

    def lists(self, theta: Array) -> Array:
        """theta float64 [P, D] -> int32 [P, R, k]: positions in the batches' candidates, -1 = none."""
        out = np.empty((len(theta), self._requests, self._k), np.int32)
        order, parent = self._path(theta)
        theta = theta[order]

        def work(block: Block) -> tuple[Block, Array]:
            return block, block.packed.places(self._lists(block, theta, parent))

        for block, lists in self._each_block(work):
            for policy, row in enumerate(order):
                out[row, block.rows] = lists[:, policy]
        return out

    def parts(self, theta: Array) -> tuple[Array, Array]:
        """theta float64 [P, D] -> (numerator, denominator), float64 [P, M', R], of the `additive` metrics.

        A metric's value is the sum of its numerators divided by the sum of its denominators (1, but for a `Ratio`;
        read-only where there is none).
        """
        numerator = np.empty((len(theta), len(self.additive), self._requests))
        denominator = np.empty_like(numerator) if self._card.ratios else None
        for start in range(0, len(theta), POLICIES):
            order, parent = self._path(theta[start : start + POLICIES])
            policies = start + order
            none = np.zeros((len(order), 1, 0), np.int32)

            def work(
                block: Block, policies: Array = policies, parent: Array = parent, none: Array = none
            ) -> tuple[Block, Array, Array | None]:
                return block, *self._card.parts(self._appraised(block, theta[policies], parent, none))

            for block, above, below in self._each_block(work):
                for place, policy in enumerate(policies):
                    numerator[policy, :, block.rows] = above[:, place]
                    if denominator is not None and below is not None:
                        denominator[policy, :, block.rows] = below[:, place]
        return numerator, np.broadcast_to(1.0, numerator.shape) if denominator is None else denominator

    def evaluate(self, theta: Array, *, halves: bool = True) -> tuple[Array, Array]:
        """theta float64 [P, D] -> (values, standard errors), float64 [P, M], each metric in its natural direction.

        Users are the clusters; exposure metrics by half-sampling of users, or without errors (NaN) where `halves` is
        false, which is much faster. NaN where a metric has no value.
        """
        values = np.empty((len(theta), len(self.metrics)))
        errors = np.empty_like(values)
        step = min(POLICIES, ExposureCounts.policies(self._items, halves)) if self._exposed else POLICIES
        for start in range(0, len(theta), step):
            order, parent = self._path(theta[start : start + step])
            rows = start + order
            values[rows], errors[rows] = self._evaluated(theta[rows], parent, halves)
        return values, errors

    def _evaluated(self, theta: Array, parent: Array, halves: bool) -> tuple[Array, Array]:
        columns = list(self.metrics)
        counts = ExposureCounts(len(theta), self._items if self._exposed else 0, halves)
        moments = Moments(len(theta), len(self.additive))

        def work(block: Block) -> tuple[Array, Array, int]:
            own = counts.taken()
            worth = self._appraised(block, theta, parent, own)
            counts.back(own)
            return *self._moments(block, worth), len(block.users)

        for part in self._each_block(work):
            moments.add(*part)
        values = np.empty((len(theta), len(columns)))
        errors = np.empty_like(values)
        additive = [columns.index(name) for name in self.additive]
        values[:, additive], errors[:, additive] = moments.results()
        if self._exposed:
            exposed = [columns.index(name) for name in self._exposed]
            total = counts.total()
            parts = [total[start : start + COUNTED] for start in range(0, len(total), COUNTED)]
            found = np.concatenate(list(self._each(partial(exposures, list(self._exposed.values())), parts)))
            values[:, exposed], errors[:, exposed] = found[..., 0], found[..., 1]
        return values, errors

    def _moments(self, block: Block, worth: Array) -> tuple[Array, Array]:
        """Of the additive metrics, users as clusters."""
        sums = np.add.reduceat(worth, block.users, axis=0) if len(block.users) < len(worth) else worth
        requests = np.diff(block.users, append=len(worth)).astype(np.float64)
        return self._card.moments(self._loops, sums, requests)

    def _appraised(self, block: Block, theta: Array, parent: Array, counts: Array) -> Array:
        """float64 [B, P, X + V]: see `Scorecard.appraise`."""
        lists = self._lists(block, theta, parent)
        group = self._group[block.rows] if counts.shape[1] > 1 else np.zeros(len(block.rows), np.int64)
        slots = (block.packed.start, block.hit, block.items)
        return self._card.appraise(self._loops, block.rows, lists, parent, slots, group, counts)

    def _lists(self, block: Block, theta: Array, parent: Array) -> Array:
        """int32 [B, P, k]: slots of the block."""
        lists: Array
        if block.batch is not None:
            lists = fitted(self._kind.rank(block.batch, theta, self._depth), self._depth).transpose(1, 0, 2)
        else:
            weights, group = self._weights(block, theta)
            lists = self._loops.rank(block.packed, weights, group, parent, self._depth)
        if self._shape is not None:
            lists = self._shaped(block, lists)
        return np.ascontiguousarray(lists)

    def _weights(self, block: Block, theta: Array) -> tuple[Array, Array]:
        """(float32 [G, P, K], int64 [B])."""
        if self._kind.linear:
            return self._checked(self._kind.weights(theta))[None], np.zeros(len(block.rows), np.int64)
        weights, group = self._kind.group_weights(theta, block.requests)
        return self._checked(weights), np.asarray(group, np.int64)

    def _checked(self, weights: Array) -> Array:
        """float32 weights; pruning and screening are right only where none is below 0 and no score overflows."""
        weights = np.asarray(weights, np.float32)
        if not ((weights >= 0) & (weights <= HEAVIEST)).all():
            raise PluginError(
                f"policy kind {type(self._kind).__qualname__} gave weights below 0 or not finite (or > 1e6)"
            )
        return weights

    def _shaped(self, block: Block, lists: Array) -> Array:
        """The first k of int32 [B, P, depth] that shape rules leave."""
        assert self._shape is not None
        width = int(np.diff(block.packed.start).max(initial=1))
        items = np.full((len(block.rows), width), -1, np.int32)
        for row, (first, last) in enumerate(zip(block.packed.start[:-1], block.packed.start[1:], strict=True)):
            items[row, : last - first] = block.items[first:last]
        return shaped(lists.transpose(1, 0, 2), items, self._k, self._shape).transpose(1, 0, 2)

    def _path(self, theta: Array) -> tuple[Array, Array]:
        """`near_tree` of the policies, by their weights where these are all that counts."""
        return near_tree(self._checked(self._kind.weights(theta)).astype(np.float64) if self._kind.linear else theta)

    def _ready(self, part: tuple[Array, Array]) -> Block:
        rows, users = part
        batch = taken(self._batch, rows)
        if self._weighted:
            terms = finite(np.asarray(self._kind.prepare(batch.values), np.float32))
            packed: Packed = self._loops.pack(terms, np.asarray(batch.mask), self._depth, self._prune)
            kept = None
        else:
            start = np.arange(len(rows) + 1) * batch.items.shape[1]
            position = np.tile(np.arange(batch.items.shape[1], dtype=np.int32), len(rows))
            none = np.zeros(0, np.float32)
            packed, kept = Packed(start, batch.mask.sum(axis=1), position, none, none), batch
        items = np.ascontiguousarray(packed.slots(batch.items), np.int32)
        forget(self._batch.values, self._batch.mask, self._batch.items)
        hit = self._card.hits(rows, packed.start, items)
        return Block(rows, users, packed, items, hit, kept, batch.histories)

    def _kept(self, memory: int) -> list[Block]:
        """The first blocks, as many as take about `memory` bytes by the size of the first one."""
        if not self._cuts:
            return []
        first = self._ready(self._cuts[0])
        ends = np.cumsum([len(rows) for rows, _ in self._cuts])
        count = int(np.searchsorted(ends, memory / max(first.bytes, 1) * len(first.rows), side="right"))
        return [first, *self._each(self._ready, self._cuts[1:count])][:count]

    def _worth_pruning(self) -> bool:
        """Whether pruning leaves out enough, on the first requests; it changes no result."""
        batch = taken(self._batch, np.arange(min(TRIED, self._requests)))
        terms = finite(np.asarray(self._kind.prepare(batch.values), np.float32))
        left = self._loops.pack(terms, np.asarray(batch.mask), self._depth, True).count.sum()
        return bool(left <= WORTH * batch.mask.sum())

    def _each_block(self, work: Callable[[Block], U]) -> Iterator[U]:
        def made(block: Block | tuple[Array, Array]) -> U:
            return work(block if isinstance(block, Block) else self._ready(block))

        todo: Iterable[Block | tuple[Array, Array]] = chain(self._blocks, self._cuts[len(self._blocks) :])
        return self._each(made, todo)

    def _each(self, work: Callable[[T], U], todo: Iterable[T]) -> Iterator[U]:
        """Results in the order of `todo`, a few at a time."""
        if self._threads == 1:
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
