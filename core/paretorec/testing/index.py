"""The contract of indexes."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import Array, RunContext, State
from paretorec.testing.checks import broken, check, require_methods
from paretorec.testing.learned import LearnedContract
from paretorec.testing.serving import Answers
from paretorec.testing.world import BLOCK, VECTORS, World, tiny_shop

K = 10
LEAST_RECALL = 0.8
"""Share of the exact best ten of 300 vectors; whoever misses more has a fault, not a trade-off."""
NEW = 5


class IndexContract(LearnedContract):
    """`paretorec.contracts.Index`."""

    kind = "index"
    test_strangers = None  # type: ignore[assignment]  # queries are vectors; those of strangers are among them

    def fit(self, component: Any, world: World, run: RunContext) -> None:
        component.build(world.vectors, run)

    @classmethod
    def restore(cls, component: Any, state: State, world: World) -> None:
        component.restore(state, world.vectors)

    def serve(self, component: Any, world: World, rows: Any) -> Answers:
        codes, scores = component.search(world.queries[rows], K, None)
        return {"codes": codes, "scores": scores}

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        answers = super().exercise(component, world, seed)
        masked = component.search(world.queries, K, world.allowed)
        return {**answers, "codes of what is allowed": masked[0], "scores of what is allowed": masked[1]}

    def shapes(self, world: World) -> dict[str, tuple[tuple[int, ...], str]]:
        return {"codes": ((K,), "int32"), "scores": ((K,), "float32")}

    @check("protocol", "give it the methods of paretorec.contracts.Index")
    def test_protocol(self) -> None:
        """It has `build`, `search`, `state` and `restore`."""
        require_methods(self.new(), ("build", "search", "state", "restore"), "an index")

    @check("lists", "list each item once, with its inner product, the largest first; then -1 and -inf")
    def test_lists(self) -> None:
        """A query's items are distinct, their scores are the inner products and fall."""
        world = tiny_shop()
        for allowed in (None, world.allowed):
            codes, scores = self.component.search(world.queries, K, allowed)
            _check_lists(codes, scores, world.queries, world.vectors)

    @check("allowed", "leave out what the mask does not allow while you search, not afterwards")
    def test_allowed(self) -> None:
        """Nothing is found that is not allowed, and where few items are, all of them are found."""
        world = tiny_shop()
        codes, _ = self.component.search(world.queries, K, world.allowed)
        for row, found in enumerate(codes):
            items = found[found >= 0]
            if not world.allowed[row, items].all():
                broken(f"query {row} found an item that is not allowed")
            few = np.flatnonzero(world.allowed[row])
            if len(few) <= 3 and set(items) != set(few):
                broken(f"query {row} found {len(items)} of the {len(few)} items that are allowed")

    @check("recall", "look at more items for a query by default")
    def test_recall(self) -> None:
        """With its defaults it finds at least 80 % of the best ten of 300 vectors."""
        world = tiny_shop()
        codes, _ = self.component.search(world.queries, K, None)
        asked = np.flatnonzero(world.queries.any(axis=1))
        best = np.argsort(-(world.queries @ world.vectors.T), axis=1)[:, :K]
        share = float(np.mean([np.isin(best[row], codes[row]).mean() for row in asked]))
        if share < LEAST_RECALL:
            broken(f"it found {100 * share:.0f} % of the best {K} items")

    @check("few-items", "fill up with -1 and -inf where there are fewer items than asked for")
    def test_few_items(self) -> None:
        """A catalogue of one item can be built and searched for more."""
        world, component = tiny_shop(), self.new()
        try:
            component.build(world.vectors[:1], RunContext())
            codes, scores = component.search(world.queries, K, None)
        except Exception as error:
            broken(f"of one item it raised {type(error).__name__}: {error}")
        if codes.shape != (BLOCK, K) or (codes[:, 0] != 0).any() or (codes[:, 1:] != -1).any():
            broken(f"of one item it found {codes[0].tolist()}")
        _check_lists(codes, scores, world.queries, world.vectors[:1])

    @check("new-items", "restore(state, vectors) with more rows: add the last ones")
    def test_new_items(self) -> None:
        """Restored with vectors that are new, it finds them too."""
        world, component = tiny_shop(), self.new()
        new = 10 * world.queries[:NEW]
        component.restore(self.component.state(), np.concatenate([world.vectors, new]))
        codes, _ = component.search(world.queries[:NEW], K, None)
        missed = [row for row in range(NEW) if VECTORS + row not in codes[row]]
        if missed:
            broken(f"{len(missed)} of {NEW} new items were not found by the query that they are made of")


def _check_lists(codes: Array, scores: Array, queries: Array, vectors: Array) -> None:
    for row, (found, score) in enumerate(zip(codes, scores, strict=True)):
        real = found >= 0
        items = found[real]
        if (np.diff(real.astype(int)) > 0).any() or (score[~real] != -np.inf).any():
            broken(f"query {row}: what was not found is not -1 and -inf behind the rest")
        if len(set(items.tolist())) < len(items) or (items >= len(vectors)).any():
            broken(f"query {row} found {items.tolist()}: an item twice, or one that there is not")
        if not np.allclose(score[real], vectors[items] @ queries[row], rtol=1e-4, atol=1e-4):
            broken(f"query {row}: scores are not the inner products")
        if (np.diff(score[real]) > 1e-6).any():
            broken(f"query {row}: scores rise")
