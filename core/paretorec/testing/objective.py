"""The contract of objectives."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import ComponentRef
from paretorec.errors import ConfigError, DataError, ParetoRecError
from paretorec.testing.checks import broken, check, require_methods
from paretorec.testing.compare import not_finite
from paretorec.testing.ranker import bare, with_new_items
from paretorec.testing.serving import Answers, ServingContract
from paretorec.testing.world import CANDIDATES, World, tiny_shop


class ObjectiveContract(ServingContract):
    """`paretorec.contracts.Objective`."""

    kind = "objective"

    def serve(self, component: Any, world: World, rows: Any) -> Answers:
        signal = component.signal(world.look(world.histories.take(rows), world.candidates[rows]))
        return {} if signal is None else {"signal": signal}

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        answers = super().exercise(component, world, seed)
        items = component.item_signal(world.items)
        return answers if items is None else {**answers, "item_signal": items}

    def shapes(self, world: World) -> dict[str, tuple[tuple[int, ...], str]]:
        return {"signal": ((CANDIDATES,), "float32")}

    @check("protocol", "give it `evaluator` (a ComponentRef), `needs_events`, `label`, `signal` and `item_signal`")
    def test_protocol(self) -> None:
        """It names an evaluator, the events it needs and a label, and has `signal` and `item_signal`."""
        component = self.new()
        require_methods(component, ("signal", "item_signal"), "an objective")
        if not isinstance(getattr(component, "evaluator", None), ComponentRef):
            broken(f"evaluator is {getattr(component, 'evaluator', None)!r}, not a ComponentRef")
        events = getattr(component, "needs_events", None)
        if not isinstance(events, tuple) or not all(isinstance(event, str) and event for event in events):
            broken(f"needs_events is {events!r}, not a tuple of event names")
        if not isinstance(getattr(component, "label", None), str) or not component.label.strip():
            broken("label is no text for people")

    @check("evaluator", "name an installed evaluator, with params that its configuration model accepts")
    def test_evaluator(self) -> None:
        """The evaluator that it names can be built, and judges."""
        ref = self.new().evaluator
        try:
            self.source.build("evaluator", ref).component.metric(tiny_shop().truth, 3)
        except ParetoRecError as error:
            broken(f"its evaluator {ref.use!r} cannot judge: {error}")

    @check("item-signal", "return float32 [N], one finite number an item, or None")
    def test_item_signal(self) -> None:
        """`item_signal` gives one finite float32 an item, or None."""
        world = tiny_shop()
        signal = self.new().item_signal(world.items)
        if signal is None:
            return
        given = np.asarray(signal)
        if (given.shape, given.dtype.name) != ((len(world.items),), "float32"):
            broken(f"item_signal of {len(world.items)} items is {given.dtype} {list(given.shape)}")
        if not_finite({"item_signal": given}):
            broken("item_signal is not finite")

    @check("new-items", "look items up in the table that is given with them")
    def test_new_items(self) -> None:
        """Candidates that are newer than anything else get finite signals."""
        component, view = self.new(), with_new_items(tiny_shop())
        signals = {"signal": component.signal(view), "item_signal": component.item_signal(view.table)}
        answers = {name: np.asarray(signal) for name, signal in signals.items() if signal is not None}
        if not_finite(answers):
            broken(f"{', '.join(not_finite(answers))} of new items is not finite")

    @check("bare-items", "give None, or raise a ConfigError that names the column, where a column is not there")
    def test_bare_items(self) -> None:
        """Where items and requests have no columns, it has no signal, another one, or a ConfigError."""
        world = tiny_shop()
        view, component = bare(world.view), self.new()
        try:
            signals = component.signal(view), component.item_signal(view.table)
        except (ConfigError, DataError):
            return
        except Exception as error:
            broken(f"without item columns it raised {type(error).__name__}: {error}")
        answers = {str(place): np.asarray(signal) for place, signal in enumerate(signals) if signal is not None}
        if not_finite(answers):
            broken("without item columns its signal is not finite")
