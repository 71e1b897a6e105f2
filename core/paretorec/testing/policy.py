"""The contract of policies."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import Array, Box, ComponentRef
from paretorec.judge import rank_weighted
from paretorec.testing.checks import broken, check, require_methods, skip
from paretorec.testing.compare import differing, fingerprint
from paretorec.testing.contract import SEED
from paretorec.testing.serving import Answers, ServingContract
from paretorec.testing.world import BLOCK, CANDIDATES, World, tiny_shop

POLICIES = 6
DEPTH = 5


class PolicyContract(ServingContract):
    """`paretorec.contracts.PolicyKind`."""

    kind = "policy"
    test_finite = None  # type: ignore[assignment]  # lists hold integers

    def new(self) -> Any:
        """The kind, completed by the block's requests where it is a `DataKind`."""
        component = super().new()
        if not hasattr(component, "settle"):
            return component
        world = tiny_shop()
        params = component.settle(world.histories, world.items).model_dump(mode="json")
        return self.source.build(self.kind, ComponentRef(use=self.use, params=params)).component

    def serve(self, component: Any, world: World, rows: Any) -> Answers:
        batch = world.batch.take(rows)
        theta = component.sample(component.space(batch.names), POLICIES, 0)
        return {"rank": np.moveaxis(component.rank(batch, theta, DEPTH), 1, 0)}

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        box = component.space(world.batch.names)
        drawn = component.sample(box, POLICIES, seed)
        return {**super().exercise(component, world, seed), "space": box, "sample": drawn}

    def shapes(self, world: World) -> dict[str, tuple[tuple[int, ...], str]]:
        return {"rank": ((POLICIES, DEPTH), "int32")}

    @check(
        "protocol", "give it `space`, `sample`, `rank` and the flag `linear`; a linear one also `prepare` and `weights`"
    )
    def test_protocol(self) -> None:
        """It has the methods of its kind: plain, linear or grouped."""
        component = self.new()
        require_methods(component, ("space", "sample", "rank"), "a policy")
        if not isinstance(getattr(component, "linear", None), bool):
            broken("it has no flag `linear`")
        if component.linear:
            require_methods(component, ("prepare", "weights"), "a linear policy")
        elif hasattr(component, "group_weights"):
            require_methods(component, ("prepare",), "a grouped policy")

    @check("space", "return a Box of finite float64 bounds, one name a parameter, and corners inside it")
    def test_space(self) -> None:
        """The box is sound, for one signal as for several, and holds its corners."""
        component = self.new()
        for signals in (("encoder.one",), tiny_shop().batch.names):
            box = component.space(signals)
            _check_box(box)

    @check("sample", "draw `count` points inside the box from np.random.default_rng(seed), for any count from 0")
    def test_sample(self) -> None:
        """Samples lie inside the box, as many as asked for, and depend on the seed."""
        component = self.new()
        box = component.space(tiny_shop().batch.names)
        for count in (0, 1, POLICIES):
            drawn = component.sample(box, count, 0)
            if drawn.shape != (count, len(box.lower)) or drawn.dtype != np.float64:
                broken(f"{count} samples are {drawn.dtype} {list(drawn.shape)}")
            if not ((drawn >= box.lower) & (drawn <= box.upper)).all():
                broken("a sample lies outside the box")
        if fingerprint(component.sample(box, 20, 0)) == fingerprint(component.sample(box, 20, 1)):
            broken("seeds 0 and 1 gave the same samples")

    @check("lists", "list positions of candidates in the mask, each once, and -1 where there are no more")
    def test_lists(self) -> None:
        """Lists hold allowed candidates, each once, as many as there are, then -1."""
        component, batch = self.new(), tiny_shop().batch
        theta = component.sample(component.space(batch.names), POLICIES, 0)
        for depth in (1, DEPTH, CANDIDATES + 3):
            lists = component.rank(batch, theta, depth)
            if lists.shape != (POLICIES, BLOCK, depth):
                broken(f"{POLICIES} policies, {BLOCK} requests, depth {depth}: lists are {list(lists.shape)}")
            if problem := _wrong(lists, batch.mask):
                broken(problem)

    @check("policies", "rank each policy as if it were asked for alone")
    def test_policies(self) -> None:
        """A policy's lists depend on no other policy."""
        component, batch = self.new(), tiny_shop().batch
        theta = component.sample(component.space(batch.names), POLICIES, 0)
        together = component.rank(batch, theta, DEPTH)
        alone = np.concatenate([component.rank(batch, theta[row : row + 1], DEPTH) for row in range(POLICIES)])
        if (together != alone).any():
            broken("a policy's lists are different beside other policies")
        if component.rank(batch, theta[:0], DEPTH).shape != (0, BLOCK, DEPTH):
            broken("no policy has lists")

    @check("corners", "make corner f the policy that ranks by signal f alone, ties to the earlier candidate")
    def test_corners(self) -> None:
        """Each corner ranks by one signal, and what is equal in it keeps its order."""
        component, batch = self.new(), tiny_shop().batch
        corners = component.space(batch.names).corners
        if len(corners) != len(batch.names):
            broken(f"{len(batch.names)} signals have {len(corners)} corners")
        lists = component.rank(batch, corners, DEPTH)
        wanted = rank_weighted(batch.values, batch.mask, np.eye(len(corners), dtype=np.float32), DEPTH)
        for place, name in enumerate(batch.names):
            if (lists[place] != wanted[place]).any():
                broken(f"corner {place} does not rank by {name} alone")

    @check(
        "fast", "let weights (and group_weights) give the lists that rank gives, none below 0, or set linear = False"
    )
    def test_fast(self) -> None:
        """A linear or grouped kind's weights, at least 0 and float32, give the lists of `rank`."""
        component, batch = self.new(), tiny_shop().batch
        theta = component.sample(component.space(batch.names), POLICIES, 0)
        if component.linear:
            weights, group = component.weights(theta)[None], np.zeros(BLOCK, np.int64)
        elif hasattr(component, "group_weights"):
            weights, group = component.group_weights(theta, batch.histories)
        else:
            skip("it ranks for itself")
        if weights.dtype != np.float32 or not np.isfinite(weights).all() or (weights < 0).any():
            broken(f"weights are {weights.dtype}, with {weights.min()} as the least")
        terms = component.prepare(batch.values)
        lists = component.rank(batch, theta, DEPTH)
        for row in range(BLOCK):
            own = rank_weighted(terms[row : row + 1], batch.mask[row : row + 1], weights[group[row]], DEPTH)
            if (lists[:, row] != own[:, 0]).any():
                broken("its weights give other lists than rank does")

    @check("settled", "write everything that the data decides into the configuration that settle returns")
    def test_settled(self) -> None:
        """What `settle` returns says everything: written as JSON and read, it makes the same kind."""
        component = super().new()
        if not hasattr(component, "settle"):
            skip("the data decides no part of it")
        world = tiny_shop()
        config = component.settle(world.histories, world.items)
        ref = ComponentRef(use=self.use, params=config.model_dump(mode="json"))
        again = self.source.build(self.kind, ref)
        if again.config != config:
            broken("the configuration is another one after it was written as JSON")
        if differing(self.answers, self.exercise(again.component, world, SEED)):
            broken("made of what settle returned, it ranks otherwise")


def _check_box(box: Box) -> None:
    size = len(box.names)
    if not size or len(set(box.names)) < size:
        broken(f"parameter names are {box.names}")
    for name, bound in (("lower", box.lower), ("upper", box.upper)):
        if bound.shape != (size,) or bound.dtype != np.float64 or not np.isfinite(bound).all():
            broken(f"{name} is {bound.dtype} {list(bound.shape)} for {size} names")
    if (box.lower > box.upper).any():
        broken("lower is above upper")
    if box.corners.ndim != 2 or box.corners.shape[1] != size:
        broken(f"corners are {list(box.corners.shape)} for {size} names")
    if not ((box.corners >= box.lower) & (box.corners <= box.upper)).all():
        broken("a corner lies outside the box")


def _wrong(lists: Array, mask: Array) -> str:
    """What is wrong with lists [P, B, depth] of candidates in mask [B, C]; empty: nothing."""
    depth = lists.shape[2]
    for row, allowed in enumerate(mask):
        filled = min(depth, int(allowed.sum()))
        for places in lists[:, row]:
            if (places[filled:] != -1).any() or (places[:filled] < 0).any():
                return f"a list of {int(allowed.sum())} candidates at depth {depth} holds {places.tolist()}"
            listed = places[:filled]
            if listed.max(initial=0) >= len(allowed) or not allowed[listed].all():
                return "a list holds what is no candidate"
            if len(set(listed.tolist())) < filled:
                return "a list holds a candidate twice"
    return ""
