"""`cool-down`: not again so soon."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, CandidateView, ComponentConfig


class CoolDownConfig(ComponentConfig):
    """`cool-down`: for how long."""

    days: float | None = Field(
        default=None, gt=0, description="Days for which an item that the user had is not shown; none: never again."
    )


class CoolDown:
    """Does not show what the user had in the last days; without a period, what the user ever had."""

    def __init__(self, config: CoolDownConfig) -> None:
        self.config = config

    def mask(self, view: CandidateView) -> Array:
        if self.config.days is None:
            return np.asarray(view.mask & (view.own.count == 0))
        return np.asarray(view.mask & (view.own.days_since >= self.config.days))
