"""Kind ``rule``: what may be shown; the same code offline and when serving."""

from __future__ import annotations

from typing import Protocol

from paretorec.contracts.items import ItemTable
from paretorec.contracts.ranker import CandidateView
from paretorec.contracts.run import Array


class MaskRule(Protocol):
    """Takes candidates away before ranking: availability, block, allow, cool-down."""

    def mask(self, view: CandidateView) -> Array:
        """bool [B, C]: True = may be shown."""


class ShapeRule(Protocol):
    """Takes items out of ranked lists that are deeper than needed: caps per category."""

    depth: int
    """How many times k the ranked list must be."""

    def shape(self, items: Array, table: ItemTable) -> Array:
        """int32 [L, depth] item codes in rank order (-1 = none) -> bool [L, depth]: True = keeps its place."""


Rule = MaskRule | ShapeRule
