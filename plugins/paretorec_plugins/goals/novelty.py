"""The objective of showing what few people have."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array, CandidateView, ComponentRef
from paretorec_plugins.goals.goal import Goal, GoalConfig, ref


class NoveltyConfig(GoalConfig):
    """Nothing to choose but the evaluator."""


class Novelty(Goal[NoveltyConfig]):
    """Items that few people have: ``novelty``.

    Pushed by the very thing that the evaluator adds up: -log2 of the candidate's share of all interactions of the
    fit part. No signal where the item table has no counts.
    """

    label = "novelty"

    def default_evaluator(self) -> ComponentRef:
        return ref("novelty")

    def signal(self, view: CandidateView) -> Array | None:
        counts = view.table.counts
        if not len(counts):
            return None
        surprise = np.log2(max(counts.sum(), 1)) - np.log2(np.maximum(counts, 1))
        return np.asarray(surprise[np.maximum(view.items, 0)], np.float32)
