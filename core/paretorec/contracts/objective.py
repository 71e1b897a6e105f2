"""Kind ``objective``: what we want more of, the metric that judges it, the signal that pushes it."""

from __future__ import annotations

from typing import Protocol

from paretorec.contracts.component import ComponentRef
from paretorec.contracts.items import ItemTable
from paretorec.contracts.ranker import CandidateView
from paretorec.contracts.run import Array


class Objective(Protocol):
    """Names an evaluator by reference, so that replacing ``ndcg`` replaces what ``relevance`` means."""

    evaluator: ComponentRef
    needs_events: tuple[str, ...]
    """Events without which the objective has no meaning; core refuses a run that lacks one."""
    label: str
    """For people, such as ``"sales (replay)"``: what is scored on logs is labelled so."""

    def signal(self, view: CandidateView) -> Array | None:
        """float32 [B, C]: what a policy may weigh to push the objective; None: it has no signal of its own."""

    def item_signal(self, items: ItemTable) -> Array | None:
        """float32 [N]: if given, the best items by it are proposed as candidates too."""
