"""The contract of encoders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.contracts import FitData, Histories, ItemTable, RunContext, State
from paretorec.data.catalogue import take_items
from paretorec.errors import DataError
from paretorec.testing.checks import broken, check, require_methods, skip
from paretorec.testing.compare import not_finite
from paretorec.testing.grown import grown
from paretorec.testing.learned import LearnedContract
from paretorec.testing.serving import Answers
from paretorec.testing.world import BLOCK, CANDIDATES, World, tiny_shop

VECTORS = "vectors"
NEW = 3


class EncoderContract(LearnedContract):
    """`paretorec.contracts.Encoder`."""

    kind = "encoder"

    def fit(self, component: Any, world: World, run: RunContext) -> None:
        component.fit(world.fit_data, run)

    @classmethod
    def restore(cls, component: Any, state: State, world: World) -> None:
        component.restore(state, world.items)

    def serve(self, component: Any, world: World, rows: Any) -> Answers:
        histories = world.histories.take(rows)
        if callable(getattr(component, "encode_users", None)):
            return {"encode_users": component.encode_users(histories)}
        return {
            "score of all items": component.score(histories, None),
            "score of candidates": component.score(histories, world.candidates[rows]),
        }

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        answers = super().exercise(component, world, seed)
        if callable(getattr(component, "encode_items", None)):
            answers["encode_items"] = component.encode_items(world.items)
        return answers

    def shapes(self, world: World) -> dict[str, tuple[tuple[int, ...], str]]:
        if self.declares(VECTORS):
            return {"encode_users": (self.component.encode_items(world.items).shape[1:], "float32")}
        return {
            "score of all items": ((len(world.items),), "float32"),
            "score of candidates": ((CANDIDATES,), "float32"),
        }

    @check("protocol", 'give it the methods, and declare "vectors" if it has encode_users and encode_items')
    def test_protocol(self) -> None:
        """It has `fit`, `state`, `restore`; with capability `vectors` the two encode methods, else `score`."""
        component = self.new()
        require_methods(component, ("fit", "state", "restore"), "an encoder")
        if self.declares(VECTORS):
            require_methods(component, ("encode_users", "encode_items"), "an encoder with the capability 'vectors'")
        else:
            require_methods(component, ("score",), "an encoder without the capability 'vectors'")
        for method in ("export", "embed"):
            if self.declares(method):
                require_methods(component, (method,), f"an encoder with the capability {method!r}")

    @check("candidates", "return for candidates [B, C] what the scores of all items [B, N] say at those places")
    def test_candidates(self) -> None:
        """The scores of given candidates are those among the scores of all items."""
        if self.declares(VECTORS):
            skip("core takes the dot product of its vectors")
        world = tiny_shop()
        answers = self.serve(self.component, world, np.arange(BLOCK))
        picked = np.take_along_axis(answers["score of all items"], np.maximum(world.candidates, 0), axis=1)
        off = (world.candidates >= 0) & ~np.isclose(picked, answers["score of candidates"], rtol=1e-5, atol=1e-6)
        if off.any():
            broken(f"{off.sum()} of {off.size} candidates score differently among all items")

    @check("new-items", "restore(state, items) with a longer table: answer for its last rows too, finitely")
    def test_new_items(self) -> None:
        """Restored with a table that has grown, it answers for the new items, and for the old ones as before."""
        world, component = tiny_shop(), self.new()
        longer = grown(world.items, NEW)
        component.restore(self.component.state(), longer)
        histories = world.histories
        new: Answers = {"scores": _scores(component, histories, longer)}
        old = _scores(self.component, histories, world.items)
        if new["scores"].shape != (BLOCK, len(longer)):
            broken(f"scores are {list(new['scores'].shape)}, with {len(longer)} items in the table")
        if not_finite(new):
            broken("scores of new items are not finite")
        if not np.allclose(new["scores"][:, : len(world.items)], old, rtol=1e-5, atol=1e-6):
            broken("old items score differently once there are new ones")

    @check("warm-start", "know items again by their ids: codes and the number of rows differ from run to run")
    def test_warm_start(self) -> None:
        """With a method `warm_start`, it goes on from a state whose items had other codes, and answers finitely."""
        world, before, component = tiny_shop(), self.new(), self.new()
        if not callable(getattr(component, "warm_start", None)):
            skip("it has no method warm_start")
        data = _recoded(world.fit_data)
        before.fit(data, RunContext())
        component.warm_start(before.state(), data.items)
        component.fit(world.fit_data, RunContext())
        if not_finite({"scores": _scores(component, world.histories, world.items)}):
            broken("its scores are not finite after a warm start")

    @check("little-data", "learn what there is, or raise a DataError that says what is missing")
    def test_little_data(self) -> None:
        """With one user, and with no history at all, it learns or raises a DataError."""
        for users in (1, 0):
            world, component = tiny_shop(), self.new()
            data = _few(world.fit_data, users)
            try:
                component.fit(data, RunContext())
            except DataError:
                continue
            except Exception as error:
                broken(f"fitting on the histories of {users} users raised {type(error).__name__}: {error}")
            if not_finite({"scores": _scores(component, world.histories, world.items)}):
                broken(f"fitted on the histories of {users} users, its scores are not finite")


def _scores(component: Any, histories: Histories, items: ItemTable) -> Any:
    if callable(getattr(component, "encode_users", None)):
        return component.encode_users(histories) @ component.encode_items(items).T
    return component.score(histories, None)


def _recoded(data: FitData) -> FitData:
    """The same with every item under another code, and with new items."""
    items = grown(data.items, NEW)
    last = len(items) - 1

    def recoded(histories: Histories) -> Histories:
        return replace(histories, items=(last - histories.items).astype(np.int32))

    return replace(
        data,
        items=take_items(items, np.arange(len(items))[::-1]),
        histories=recoded(data.histories),
        validation=replace(data.validation, target_items=(last - data.validation.target_items).astype(np.int32)),
        validation_histories=recoded(data.validation_histories),
    )


def _few(data: FitData, users: int) -> FitData:
    none = data.validation.take(slice(0, 0))
    return replace(
        data,
        histories=data.histories.take(slice(0, users)),
        validation=none,
        validation_histories=data.validation_histories.take(slice(0, 0)),
    )
