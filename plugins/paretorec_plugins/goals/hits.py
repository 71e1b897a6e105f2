"""Objectives of hitting what the user goes on to take: relevance, precision, discovery."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, CandidateView, ComponentRef
from paretorec_plugins.goals.goal import Goal, GoalConfig, named, ref

_EVENT = "Event that makes a target a hit; empty: any event of histories."


class RelevanceConfig(GoalConfig):
    """Which targets are relevant."""

    event: str = Field(default="", description=_EVENT)


class Relevance(Goal[RelevanceConfig]):
    """The right items at the top: ``ndcg``. Every encoder pushes it."""

    label = "relevance (replay)"

    def __init__(self, config: RelevanceConfig) -> None:
        super().__init__(config)
        self.needs_events = named(config.event)

    def default_evaluator(self) -> ComponentRef:
        return ref("ndcg", event=self.config.event)


class PrecisionConfig(GoalConfig):
    """Which targets are hits."""

    event: str = Field(default="", description=_EVENT)


class Precision(Goal[PrecisionConfig]):
    """Many hits in the list, in any order: ``precision``. Every encoder pushes it."""

    label = "precision (replay)"

    def __init__(self, config: PrecisionConfig) -> None:
        super().__init__(config)
        self.needs_events = named(config.event)

    def default_evaluator(self) -> ComponentRef:
        return ref("precision", event=self.config.event)


class DiscoveryConfig(GoalConfig):
    """Which targets are hits."""

    event: str = Field(default="", description=_EVENT)


class Discovery(Goal[DiscoveryConfig]):
    """Hits on what the user never had: ``discovery``, pushed by 1 for a candidate never had and 0 for the others."""

    label = "discovery (replay)"

    def __init__(self, config: DiscoveryConfig) -> None:
        super().__init__(config)
        self.needs_events = named(config.event)

    def default_evaluator(self) -> ComponentRef:
        return ref("discovery", event=self.config.event)

    def signal(self, view: CandidateView) -> Array:
        return np.asarray(view.own.count == 0, np.float32)
