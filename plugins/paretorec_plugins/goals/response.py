"""Objectives of how people respond: clicks, purchases per click, ratings. A ranker with these heads pushes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paretorec.contracts import ComponentRef
from paretorec_plugins.goals.goal import Goal, GoalConfig, ref


class ClickRateConfig(GoalConfig):
    """Which event is a click."""

    event: str = Field(default="click", min_length=1, description="Event that is a click.")


class ClickRate(Goal[ClickRateConfig]):
    """Clicks a slot, as logged: ``click-rate``. Never the rate that the new lists will have."""

    label = "click-rate (replay)"

    def __init__(self, config: ClickRateConfig) -> None:
        super().__init__(config)
        self.needs_events = (config.event,)

    def default_evaluator(self) -> ComponentRef:
        return ref("click-rate", event=self.config.event)


class ConversionConfig(GoalConfig):
    """What is counted, per what."""

    event: str = Field(default="purchase", min_length=1, description="Event that is counted.")
    per: str = Field(default="click", min_length=1, description="Event that it is counted against.")


class Conversion(Goal[ConversionConfig]):
    """Purchases per click, as logged: ``conversion``."""

    label = "conversion (replay)"

    def __init__(self, config: ConversionConfig) -> None:
        super().__init__(config)
        self.needs_events = (config.event, config.per)

    def default_evaluator(self) -> ComponentRef:
        return ref("conversion", event=self.config.event, per=self.config.per)


class SatisfactionConfig(GoalConfig):
    """Which event says how content a user was."""

    event: str = Field(default="rating", min_length=1, description="Ordinal event, such as a rating.")
    gain: Literal["linear", "exponential"] = Field(
        default="linear", description="Gain of a listed item: its label, or 2^label - 1, which stresses the best."
    )


class Satisfaction(Goal[SatisfactionConfig]):
    """What people rate highly, at the top: ``ndcg`` with the label as gain.

    Not the mean rating of what was listed, which is best for a list with a single well-rated item in it.
    """

    label = "satisfaction (replay)"

    def __init__(self, config: SatisfactionConfig) -> None:
        super().__init__(config)
        self.needs_events = (config.event,)

    def default_evaluator(self) -> ComponentRef:
        return ref("ndcg", event=self.config.event, gain=self.config.gain)
