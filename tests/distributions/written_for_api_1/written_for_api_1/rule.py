"""Nothing that has been in the catalogue for too long."""

from __future__ import annotations

import numpy as np
from paretorec.contracts import DAY, Array, CandidateView, ComponentConfig
from pydantic import Field


class OneRuleConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    days: float = Field(default=365.0, gt=0, description="An item is shown for so many days after it was first seen.")


class OneRule:
    """Shows an item until it is `days` old at the moment of the request."""

    def __init__(self, config: OneRuleConfig) -> None:
        self.config = config

    def mask(self, view: CandidateView) -> Array:
        """bool [B, C]; the same code when judging and when serving."""
        age = view.histories.now[:, None] - view.table.first_seen[np.maximum(view.items, 0)]
        shown: Array = view.mask & (age <= self.config.days * DAY)
        return shown
