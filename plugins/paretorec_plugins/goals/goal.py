"""What objectives share: the evaluator that a configuration may replace, and no signal unless they have one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from pydantic import Field

from paretorec.contracts import Array, CandidateView, ComponentConfig, ComponentRef, ItemTable


class GoalConfig(ComponentConfig):
    """How the objective is judged."""

    evaluator: ComponentRef | None = Field(
        default=None,
        description="Evaluator that judges the objective, with its own params, such as {use = 'acme/ndcg'}; "
        "none named: the built-in one, on this objective's events.",
    )


C = TypeVar("C", bound=GoalConfig)


class Goal(ABC, Generic[C]):
    """An objective without a signal of its own: encoders' scores and the ranker's heads push it."""

    label: str
    needs_events: tuple[str, ...] = ()

    def __init__(self, config: C) -> None:
        self.config = config
        self.evaluator = config.evaluator or self.default_evaluator()

    @abstractmethod
    def default_evaluator(self) -> ComponentRef:
        """The evaluator used unless the configuration names another."""

    def signal(self, view: CandidateView) -> Array | None:
        """float32 [B, C], or None."""
        return None

    def item_signal(self, items: ItemTable) -> Array | None:
        """float32 [N], or None."""
        return None


def ref(use: str, **params: Any) -> ComponentRef:
    """An evaluator with the params that are not empty."""
    return ComponentRef(use=use, params={key: value for key, value in params.items() if value})


def named(*events: str) -> tuple[str, ...]:
    """The events that are named; an empty name stands for whatever the data has."""
    return tuple(event for event in events if event)
