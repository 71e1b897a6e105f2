"""The bundle: fitted encoders and ranker, and the one way from histories to signals that search and serving share."""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from paretorec.candidates import best, locate, union
from paretorec.config import CandidatesConfig
from paretorec.contracts.dataset import Event, HistoryStore, Requests
from paretorec.contracts.histories import Histories
from paretorec.contracts.index import Index
from paretorec.contracts.items import ItemTable
from paretorec.contracts.objective import Objective
from paretorec.contracts.policy import SignalBatch
from paretorec.contracts.ranker import CandidateView, ExampleBlock, Ranker
from paretorec.contracts.run import Array
from paretorec.signals import build_signals
from paretorec.stored import stored

BLOCK = 32
"""Requests that encoders and rankers see at a time, always exactly: rounding in products depends on the number of
rows, and a list must not depend on how many others were asked for with it."""

T = TypeVar("T")


@dataclass(frozen=True)
class FittedEncoder:
    """An encoder that has learned; `item_vectors` float32 [N, d] where it has vectors."""

    component: Any
    item_vectors: Array | None = None
    index: Index | None = None
    """Of `item_vectors`, where candidates are searched for instead of all items scored."""

    def score(self, histories: Histories) -> tuple[Array, Array | None]:
        """(scores float32 [B, N], user vectors float32 [B, d] or None)."""
        if self.item_vectors is None:
            return np.asarray(self.component.score(histories, None), np.float32), None
        users = self.users(histories)
        return users @ self.item_vectors.T, users

    def users(self, histories: Histories) -> Array:
        """float32 [B, d]."""
        return np.asarray(self.component.encode_users(histories), np.float32)

    def products(self, users: Array, items: Array) -> Array:
        """float32 [B, C]: scores of chosen items. users: float32 [B, d]; items: int [B, C]."""
        assert self.item_vectors is not None
        return np.asarray(np.einsum("bd,bcd->bc", users, self.item_vectors[items]))


@dataclass(frozen=True)
class SignalPlan:
    """Which signals, in which order and normalised how; part of every policy file."""

    names: tuple[str, ...]
    normalisers: Mapping[str, str]


@dataclass(frozen=True)
class Bundle:
    """Everything fitted that signals come from. Immutable, so that threads may share it."""

    encoders: Mapping[str, FittedEncoder]
    ranker: Ranker | None
    objectives: Mapping[str, Objective]
    items: ItemTable
    tie_hash: Array
    """uint64 [N]: the last tie-break."""
    candidates: CandidatesConfig

    def view(self, histories: Histories, logged: Array | None = None) -> CandidateView:
        """Candidates with everything known about them, of exactly `BLOCK` requests; without the ranker's heads."""
        searched = {name: encoder for name, encoder in self.encoders.items() if encoder.index is not None}
        scored = {name: encoder.score(histories) for name, encoder in self.encoders.items() if name not in searched}
        scores = {name: score for name, (score, _) in scored.items()}
        users = {name: vectors for name, (_, vectors) in scored.items() if vectors is not None}
        users |= {name: encoder.users(histories) for name, encoder in searched.items()}
        items = self._choose(histories, scores, users, logged)
        mask = items >= 0
        line, column = np.arange(len(items))[:, None], np.maximum(items, 0)
        given = {name: score[line, column] for name, score in scores.items()}
        given |= {name: encoder.products(users[name], column) for name, encoder in searched.items()}
        return CandidateView(
            histories=histories,
            items=items,
            mask=mask,
            table=self.items,
            scores={name: np.where(mask, given[name], np.float32(0)) for name in self.encoders},
            user_vectors={name: users[name] for name in self.encoders if name in users},
            item_vectors={
                name: encoder.item_vectors
                for name, encoder in self.encoders.items()
                if encoder.item_vectors is not None
            },
        )

    def _choose(
        self, histories: Histories, scores: Mapping[str, Array], users: Mapping[str, Array], logged: Array | None
    ) -> Array:
        if self.candidates.mode == "logged" and logged is not None:
            return logged
        available = self.items.first_seen[None, :] <= histories.now[:, None]
        if self.candidates.mode != "union":
            return np.where(available, np.arange(len(self.items), dtype=np.int32), np.int32(-1))
        proposers = dict(scores)
        for name, objective in self.objectives.items():
            signal = objective.item_signal(self.items)
            if signal is not None:
                proposers[name] = np.broadcast_to(np.asarray(signal, np.float32), available.shape)
        size = min(self.candidates.size, len(self.items))
        lists = {name: best(score, available, size) for name, score in proposers.items()}
        for name, encoder in self.encoders.items():
            if encoder.index is not None:
                lists[name], _ = encoder.index.search(users[name], size, available)
        return union(lists, len(histories), size, self.candidates.shares)

    def with_heads(self, view: CandidateView) -> CandidateView:
        """The view with what the ranker says."""
        if self.ranker is None:
            return view
        heads = {name: np.asarray(value, np.float32) for name, value in self.ranker.predict(view).items()}
        return replace(view, heads=heads)

    def raw_signals(self, view: CandidateView) -> dict[str, Array]:
        """signal -> float32 [B, C], in the order encoders, ranker heads, objectives."""
        out = {f"encoder.{name}": score for name, score in view.scores.items()}
        out |= {f"ranker.{name}": head for name, head in view.heads.items()}
        for name, objective in self.objectives.items():
            signal = objective.signal(view)
            if signal is not None:
                out[f"objective.{name}"] = np.asarray(signal, np.float32)
        return out

    def signals(
        self,
        histories: Histories,
        plan: SignalPlan,
        rules: Sequence[Any] = (),
        logged: Array | None = None,
        threads: int = 1,
        advance: Callable[[int], None] = lambda _: None,
        memory: float = math.inf,
        folder: Path | None = None,
    ) -> SignalBatch:
        """S[request, candidate, signal] of any number of requests, normalised, in tie order, rules applied.

        memory, folder: see `stored`.
        """

        def one(block: Block) -> SignalBatch:
            view = self.with_heads(self.view(block.histories, block.logged))
            allowed = view.mask.copy()
            for rule in rules:
                if hasattr(rule, "mask"):
                    allowed &= rule.mask(view)
            raw = self.raw_signals(view)
            batch, _ = build_signals(
                view, {name: raw[name] for name in plan.names}, plan.normalisers, self.tie_hash, allowed
            )
            advance(block.count)
            real = slice(0, block.count)
            return replace(batch, values=batch.values[real], mask=batch.mask[real], items=batch.items[real])

        parts = parallel(one, blocks(histories, logged), threads)
        batch = stored(parts, len(histories), plan.names, memory, folder)
        return replace(batch, histories=histories, table=self.items)


@dataclass(frozen=True)
class Block:
    """`BLOCK` histories, the first `count` of them asked for, the rest repeats of the first."""

    histories: Histories
    logged: Array | None
    start: int
    count: int


def blocks(histories: Histories, logged: Array | None = None) -> Iterator[Block]:
    """Cut into blocks of exactly `BLOCK` rows."""
    for start in range(0, len(histories), BLOCK):
        count = min(BLOCK, len(histories) - start)
        rows = np.full(BLOCK, start)
        rows[:count] += np.arange(count)
        yield Block(histories.take(rows), None if logged is None else logged[rows], start, count)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Inference runs block by block on several threads; inside a block, one torch thread keeps the bits the same."""
    torch = sys.modules.get("torch")
    if torch is None or torch.get_num_threads() == 1:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def parallel(work: Callable[[Block], T], todo: Iterator[Block], threads: int) -> Iterator[T]:
    """Results in order, whatever the number of threads."""
    with one_torch_thread():
        if threads <= 1:
            yield from map(work, todo)
            return
        with ThreadPoolExecutor(threads) as pool:
            running: deque[Future[T]] = deque()
            for one in todo:  # a few at a time: results wait in memory
                running.append(pool.submit(work, one))
                if len(running) > 2 * threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()


@dataclass(frozen=True)
class Examples:
    """The rank part as a ranker sees it (`RankingExamples`)."""

    bundle: Bundle
    history: HistoryStore
    requests: Requests
    held_out: Array
    """bool [R]."""
    events: tuple[Event, ...]
    threads: int = 1

    def __len__(self) -> int:
        return len(self.requests)

    def blocks(self) -> Iterator[ExampleBlock]:
        histories = self.history.at(self.requests.user, self.requests.time, self.requests.context)
        yield from parallel(self._block, blocks(histories, self.requests.logged), self.threads)

    def _block(self, block: Block) -> ExampleBlock:
        view = self.bundle.view(block.histories, block.logged)
        rows = slice(block.start, block.start + block.count)
        wanted = self.requests.take(rows)
        line = wanted.target_rows
        column = locate(view.items, line, wanted.target_items)
        found = column >= 0
        labels = {}
        for name, values in wanted.target_labels.items():
            label = np.zeros(view.items.shape, np.float32)
            label[line[found], column[found]] = values[found]
            labels[name] = label[: block.count]
        return ExampleBlock(head(view, block.count), labels, self.held_out[rows])


def head(view: CandidateView, count: int) -> CandidateView:
    """The first `count` requests of a view."""
    part = slice(0, count)
    return replace(
        view,
        histories=view.histories.take(part),
        items=view.items[part],
        mask=view.mask[part],
        scores={name: score[part] for name, score in view.scores.items()},
        user_vectors={name: users[part] for name, users in view.user_vectors.items()},
        heads={name: values[part] for name, values in view.heads.items()},
    )


def shape_of(rules: Sequence[Any], bundle: Bundle) -> Any:
    """The shape rules as one, as `paretorec.judge` takes it; None when there is none."""
    shaping = [rule for rule in rules if hasattr(rule, "shape")]
    return (shaping, bundle.items) if shaping else None
