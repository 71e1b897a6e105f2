"""What metrics on events share: which event is a hit, which event is the amount."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Truth
from paretorec.errors import ConfigError

C = TypeVar("C", bound=ComponentConfig)


class EventMetricConfig(ComponentConfig):
    """Which targets are hits."""

    event: str = Field(
        default="", description="Event whose label above 0 makes a target a hit; empty: any event of histories."
    )


class Metric(Generic[C]):
    """Direction, unit and configuration; subclasses add `metric`."""

    direction: Literal["max", "min"] = "max"
    unit: str = ""

    def __init__(self, config: C) -> None:
        self.config = config


def hits(truth: Truth, event: str) -> Array:
    """float64 [T]: 1 for a hit, else 0."""
    return truth.hits(event or None).astype(np.float64)


def slots(truth: Truth, k: int) -> Array:
    """float64 [R]: k for every request, the denominator of a share of slots."""
    return np.full(len(truth.requests), float(k))


def amount_event(truth: Truth, event: str, metric: str) -> str:
    """`event`, or the only amount event of the data. Raises `ConfigError` when there is none or several."""
    if event:
        return event
    amounts = [known.name for known in truth.events if known.kind == "amount"]
    if len(amounts) == 1:
        return amounts[0]
    if not amounts:
        have = ", ".join(known.name for known in truth.events) or "no events"
        raise ConfigError(f"{metric} needs an amount, such as a price paid, and the data has only {have}; add one")
    raise ConfigError(f"{metric} needs to know which amount is meant; set its event to one of {', '.join(amounts)}")
