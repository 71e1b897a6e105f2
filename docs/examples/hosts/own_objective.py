"""A host's own objective, without packaging: a closure over what the host knows, the margin of each item.

python own_objective.py
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from paretorec import Engine, Front, Registry
from paretorec.contracts import (
    Array,
    CandidateView,
    ComponentConfig,
    ComponentRef,
    ComponentSpec,
    Gain,
    ItemTable,
    Truth,
)

MARGIN = {f"i{code:04}": 0.1 + code % 7 / 10 for code in range(1, 200)}
"""From the host's own books."""


class MarginConfig(ComponentConfig):
    unknown: float = Field(default=0.0, description="Margin of an item that the books do not have.")


def registry_with_margin(margin: dict[str, float]) -> Registry:
    """A registry that offers the objective ``margin`` to the engine that gets it, and to no other."""

    def of(items: ItemTable, config: MarginConfig) -> Array:
        return np.array([margin.get(str(ident), config.unknown) for ident in items.ids])

    class MeanMargin:
        """The evaluator: the mean margin of listed items."""

        direction: Literal["max", "min"] = "max"
        unit = ""

        def __init__(self, config: MarginConfig) -> None:
            self.config = config

        def metric(self, truth: Truth, k: int) -> Gain:
            return Gain(item=of(truth.items, self.config) / k)

    class Margin:
        """The objective: pushed by the margin itself."""

        evaluator = ComponentRef(use="mean-margin")
        label = "margin"
        needs_events: tuple[str, ...] = ()

        def __init__(self, config: MarginConfig) -> None:
            self.config = config

        def signal(self, view: CandidateView) -> Array | None:
            return of(view.table, self.config)[np.maximum(view.items, 0)].astype(np.float32)

        def item_signal(self, items: ItemTable) -> Array | None:
            return None

    registry = Registry()
    registry.add("evaluator", ComponentSpec("mean-margin", MeanMargin, MarginConfig, "Mean margin of listed items"))
    registry.add("objective", ComponentSpec("margin", Margin, MarginConfig, "Lists that earn more"))
    return registry


def main() -> Front:
    config = {
        "source": {"use": "simulated-store", "params": {"users": 200, "weeks": 16}},
        "objectives": [{"use": "relevance"}, {"use": "margin"}],
        "search": {"evaluations": 200},
    }
    front = Engine(config, registry=registry_with_margin(MARGIN)).run()
    for point in front.points:
        print(point.id, {name: round(value, 4) for name, value in point.select.items()})
    return front


if __name__ == "__main__":
    main()
