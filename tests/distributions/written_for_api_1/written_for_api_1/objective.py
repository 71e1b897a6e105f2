"""New items: the metric that says how many there are, and the objective that wants more of them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from paretorec.contracts import (
    DAY,
    Array,
    CandidateView,
    ComponentConfig,
    ComponentRef,
    Gain,
    ItemTable,
    Truth,
)
from pydantic import Field


class OneObjectiveConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    days: float = Field(default=60.0, gt=0, description="Items first seen within so many days are new.")


class OneObjectiveShareConfig(OneObjectiveConfig):
    """The metric takes what the objective was given."""


class OneObjectiveShare:
    """Evaluator: the share of listed items that were new when the judged requests began."""

    direction: Literal["max", "min"] = "max"
    unit = ""

    def __init__(self, config: OneObjectiveShareConfig) -> None:
        self.config = config

    def metric(self, truth: Truth, k: int) -> Gain:
        began = truth.requests.time.min() if len(truth.requests) else 0
        return Gain(item=(began - truth.items.first_seen < self.config.days * DAY) / k)


class OneObjective:
    """Objective: pushed by the day on which an item was first seen."""

    label = "new items"
    needs_events: tuple[str, ...] = ()

    def __init__(self, config: OneObjectiveConfig) -> None:
        self.evaluator = ComponentRef(use="one-objective-share", params={"days": config.days})

    def signal(self, view: CandidateView) -> Array | None:
        """float32 [B, C]: what a policy may weigh."""
        return self._day(view.table)[np.maximum(view.items, 0)]

    def item_signal(self, items: ItemTable) -> Array | None:
        """float32 [N]: the newest items are proposed as candidates, too."""
        return self._day(items)

    def _day(self, items: ItemTable) -> Array:
        return (items.first_seen / DAY).astype(np.float32)
