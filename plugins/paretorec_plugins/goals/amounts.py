"""Objectives of amounts: sales, time spent, the share watched."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, CandidateView, ComponentRef
from paretorec.errors import ConfigError
from paretorec_plugins.goals.goal import Goal, GoalConfig, ref


class SalesConfig(GoalConfig):
    """Which event is the money, and where prices are."""

    event: str = Field(default="sales", min_length=1, description="Amount event, such as the value of a purchase.")
    price: str = Field(
        default="price",
        description="Item column with the price, one that changes with time or a plain number; empty: no signal.",
    )


class Sales(Goal[SalesConfig]):
    """Sales a list, as logged: ``revenue``.

    Pushed by the candidate's price at the moment of the request (0 where it is not known yet); expected sales, the
    better signal, are the ranker's head for the event. Without a price column there is no signal.
    """

    label = "sales (replay)"

    def __init__(self, config: SalesConfig) -> None:
        super().__init__(config)
        self.needs_events = (config.event,)

    def default_evaluator(self) -> ComponentRef:
        return ref("revenue", event=self.config.event)

    def signal(self, view: CandidateView) -> Array | None:
        name, table = self.config.price, view.table
        if name in table.timelines:
            price = table.timelines[name].as_of(view.items, view.histories.now)
        elif name in table.numbers:
            price = table.numbers[name][np.maximum(view.items, 0)]
        elif name and "price" in self.config.model_fields_set:
            have = ", ".join([*table.timelines, *table.numbers]) or "no number"
            raise ConfigError(f"objective sales: no item column price = {name!r}; the item table has {have}")
        else:
            return None
        return np.nan_to_num(price, nan=0.0).astype(np.float32)


class DwellConfig(GoalConfig):
    """Which event is the time spent."""

    event: str = Field(default="dwell", min_length=1, description="Amount event with the time spent.")


class Dwell(Goal[DwellConfig]):
    """Time spent a list, as logged: ``revenue`` of the event. The ranker's head for the event pushes it."""

    label = "dwell (replay)"

    def __init__(self, config: DwellConfig) -> None:
        super().__init__(config)
        self.needs_events = (config.event,)

    def default_evaluator(self) -> ComponentRef:
        return ref("revenue", event=self.config.event)


class CompletionConfig(GoalConfig):
    """What was watched or read, of how much."""

    event: str = Field(default="dwell", min_length=1, description="Amount event with the time spent, or the share.")
    duration: str = Field(
        default="duration",
        description="Event or numeric item column with the full length; empty: the event is a share already.",
    )


class Completion(Goal[CompletionConfig]):
    """Share watched or read of what was listed, as logged: ``completion``."""

    label = "completion (replay)"

    def __init__(self, config: CompletionConfig) -> None:
        super().__init__(config)
        self.needs_events = (config.event,)

    def default_evaluator(self) -> ComponentRef:
        return ComponentRef(use="completion", params={"event": self.config.event, "duration": self.config.duration})
