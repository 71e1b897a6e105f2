"""The objective of lists whose items are unlike each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from paretorec.contracts import Array, CandidateView, ComponentRef
from pydantic import Field

from paretorec_plugins.goals.goal import Goal, GoalConfig


class DiversityConfig(GoalConfig):
    """What makes two items alike, and how far down alternatives are looked for."""

    columns: tuple[str, ...] = Field(
        default=(), description="Item columns that make items alike; none named: the evaluator's default."
    )
    most_values: int = Field(
        default=1000, ge=1, description="Categorical columns with more values are not taken unless named."
    )
    depth: int = Field(
        default=50, ge=2, description="Candidates of a request, the best by encoders' mean score, that are ordered."
    )


class Diversity(Goal[DiversityConfig]):
    """Items unlike each other: ``intra-list-diversity``.

    Diversity belongs to lists, and a policy weighs items one by one. So the signal says where the candidate stands
    in one very diverse list of the request's best candidates: greedy max-sum diversification (Gollapudi & Sharma,
    WWW 2009), which starts with the best candidate by the encoders' mean score and goes on with the one that agrees
    with those chosen in the fewest columns, the better one of equals. Every prefix of that order is a diverse list
    of its length, so with all weight on the signal a policy shows it for any k, and with less weight it moves
    towards it. Falls evenly from 1 for the first to 0 for candidates below `depth`. Only categorical columns are
    looked at; no signal without one.
    """

    label = "diversity"

    def default_evaluator(self) -> ComponentRef:
        params: dict[str, Any] = {"most_values": self.config.most_values}
        if self.config.columns:
            params["columns"] = list(self.config.columns)
        return ComponentRef(use="intra-list-diversity", params=params)

    def signal(self, view: CandidateView) -> Array | None:
        known = view.table.categories
        chosen = self.config.columns or [n for n, c in known.items() if len(c.names) <= self.config.most_values]
        codes = [known[name].codes for name in chosen if name in known]
        if not codes:
            return None
        rows, width = view.items.shape
        depth = min(self.config.depth, width)
        best = best_first(mean_score(view), view.items)[:, :depth]
        line = np.arange(rows)[:, None]
        real = view.mask[line, best]
        order = greedy_order(np.stack(codes)[:, np.maximum(view.items, 0)[line, best]], real)
        signal = np.zeros((rows, width), np.float32)
        steps = 1 - np.arange(depth, dtype=np.float32) / depth
        signal[line, best[line, order]] = np.where(real[line, order], steps, 0)
        return signal


def mean_score(view: CandidateView) -> Array:
    """float64 [B, C]: the mean of the encoders' scores, each scaled to 0..1 over the request; -inf at padding."""
    total = np.zeros(view.items.shape)
    for score in view.scores.values():
        low = np.where(view.mask, score, np.inf).min(axis=1, keepdims=True, initial=np.inf)
        high = np.where(view.mask, score, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
        spread = high - low
        total += np.divide(score - low, spread, out=np.zeros(score.shape), where=view.mask & (spread > 0))
    return np.where(view.mask, total, -np.inf)


def best_first(score: Array, items: Array) -> Array:
    """int64 [B, C]: columns by falling score, equal ones by item code, so that their order in the view is nothing."""
    by_item = np.argsort(items, axis=1, kind="stable")
    by_score = np.argsort(-np.take_along_axis(score, by_item, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(by_item, by_score, axis=1))


def greedy_order(codes: Array, real: Array) -> Array:
    """int64 [B, T]: columns in the order in which they are taken. codes: int32 [m, B, T], best first. O(m B T^2)."""
    rows, depth = real.shape
    line = np.arange(rows)
    alike = np.where(real, 0, np.iinfo(np.int32).max)
    order = np.empty((rows, depth), np.int64)
    taken = np.zeros((rows, depth), bool)
    for step in range(depth):
        pick = np.where(taken, np.iinfo(np.int64).max, alike.astype(np.int64)).argmin(axis=1)
        order[:, step] = pick
        taken[line, pick] = True
        agree = (codes == codes[:, line, pick][:, :, None]).sum(axis=0)
        alike = np.where(real, alike + agree, alike)
    return order
