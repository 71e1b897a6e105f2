"""How much of the lists is outside the head of the catalogue."""

from __future__ import annotations

from typing import Literal

import numpy as np
from paretorec.contracts import ComponentConfig, Gain, Truth
from pydantic import Field


class OneEvaluatorConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    head: float = Field(default=0.2, ge=0, le=1, description="Share of the items, the most popular ones, to leave out.")


class OneEvaluator:
    """The share of a list's places held by items outside the head, averaged over requests."""

    direction: Literal["max", "min"] = "max"
    unit = ""

    def __init__(self, config: OneEvaluatorConfig) -> None:
        self.config = config

    def metric(self, truth: Truth, k: int) -> Gain:
        """Arrays, no function of a list: thousands of policies are judged at once."""
        by_popularity = np.argsort(-truth.item_counts, kind="stable")
        tail = np.ones(len(truth.item_counts))
        tail[by_popularity[: round(self.config.head * len(tail))]] = 0
        return Gain(item=tail / k)
