"""The contract of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.contracts import ItemTable
from paretorec.errors import ConfigError, DataError
from paretorec.testing.checks import broken, check, skip
from paretorec.testing.compare import differing
from paretorec.testing.grown import grown
from paretorec.testing.ranker import bare
from paretorec.testing.serving import Answers, ServingContract
from paretorec.testing.world import BLOCK, CANDIDATES, World, tiny_shop


class RuleContract(ServingContract):
    """`paretorec.contracts.Rule`."""

    kind = "rule"
    test_finite = None  # type: ignore[assignment]  # answers are yes and no

    def serve(self, component: Any, world: World, rows: Any) -> Answers:
        return _asked(component, world, rows, world.items)

    def shapes(self, world: World) -> dict[str, tuple[tuple[int, ...], str]]:
        return dict.fromkeys(("mask", "shape"), ((CANDIDATES,), "bool"))

    @check("protocol", "give it `mask`, or `shape` and an integer `depth` of at least 1, or all three")
    def test_protocol(self) -> None:
        """It has `mask`, or `shape` with a `depth`."""
        component = self.new()
        shapes = callable(getattr(component, "shape", None))
        if not shapes and not callable(getattr(component, "mask", None)):
            broken("it has neither mask nor shape")
        depth = getattr(component, "depth", None)
        if shapes and (not isinstance(depth, int) or depth < 1):
            broken(f"depth is {depth!r}")

    @check("places", "keep places of a list by what stands before them alone")
    def test_places(self) -> None:
        """Whether an item keeps its place in a list does not depend on what comes after it."""
        component, world = self.new(), tiny_shop()
        if not callable(getattr(component, "shape", None)):
            skip("it has no shape")
        lists = world.candidates
        whole = component.shape(lists, world.items)
        half = component.shape(lists[:, : CANDIDATES // 2], world.items)
        if (whole[:, : CANDIDATES // 2] != half).any():
            broken("the first places of a list are kept differently when the list goes on")

    @check("new-table", "work out what depends on the item table anew when another table is given")
    def test_new_table(self) -> None:
        """Asked about a table after another one, it answers as a new instance does."""
        world, used = tiny_shop(), self.new()
        longer = grown(world.items, 3)
        rows = np.arange(BLOCK)
        for table in (world.items, longer, _turned(world.items)):
            names = differing(_asked(self.new(), world, rows, table), _asked(used, world, rows, table))
            if names:
                broken(f"{', '.join(names)} is that of the table asked about before")

    @check("bare-items", "raise a ConfigError that names the column, where a column is not there")
    def test_bare_items(self) -> None:
        """Where items have no columns, it allows and forbids as before, or raises a ConfigError."""
        world, component = tiny_shop(), self.new()
        view = bare(world.view)
        try:
            if callable(getattr(component, "mask", None)):
                component.mask(view)
            if callable(getattr(component, "shape", None)):
                component.shape(view.items, view.table)
        except (ConfigError, DataError):
            return
        except Exception as error:
            broken(f"without item columns it raised {type(error).__name__}: {error}")


def _asked(component: Any, world: World, rows: Any, table: ItemTable) -> Answers:
    view = replace(world.look(world.histories.take(rows), world.candidates[rows]), table=table)
    answers = {}
    if callable(getattr(component, "mask", None)):
        answers["mask"] = component.mask(view)
    if callable(getattr(component, "shape", None)):
        answers["shape"] = component.shape(view.items, table)
    return answers


def _turned(items: ItemTable) -> ItemTable:
    """The table with its columns in reverse: item 0 has the attributes of the last one."""
    return replace(
        items,
        ids=items.ids[::-1],
        categories={name: replace(c, codes=c.codes[::-1]) for name, c in items.categories.items()},
        numbers={name: values[::-1] for name, values in items.numbers.items()},
    )
