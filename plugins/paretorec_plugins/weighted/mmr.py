"""Relevance against similarity to what the list already holds."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, Box, ComponentConfig, Histories, ItemTable, SignalBatch
from paretorec.errors import ConfigError
from paretorec.judge import rank_weighted, weighted_scores
from paretorec_plugins.weighted.simplex import dirichlet, proportions, unit_box

STRENGTH = "strength"
PADDING = -1e9
"""Worth of no candidate: below every score, and above that of what was taken already."""


class MmrConfig(ComponentConfig):
    """`mmr`: what makes items alike, and how many are re-ranked."""

    columns: tuple[str, ...] = Field(
        default=(),
        max_length=255,
        description="Categorical item columns that make items alike; none named: all up to `most_values`.",
    )
    most_values: int = Field(
        default=1000, ge=1, description="Columns with more values are not taken unless named: nearly all items differ."
    )
    pool: int = Field(
        default=50,
        ge=2,
        description="Candidates that are re-ranked, the best by the weighted sum; costs in proportion.",
    )


class Mmr:
    """Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998) over a weighted sum of the signals.

    Next comes the candidate of the pool with the largest ``(1 - strength) x score - strength x its largest similarity
    to an item already listed``, the better one of equals. Score is what `linear` ranks by; similarity is the share of
    item columns that agree, the cosine of their one-hot codes, as ``intra-list-diversity`` has it: from attributes and
    never from an encoder, so that a policy means the same whatever was learned. The other candidates follow in the
    order of their scores. D = K + 1: the weights, and `strength` between 0 (`linear`) and 1. O(depth x pool) a list.
    """

    linear = False

    def __init__(self, config: MmrConfig) -> None:
        self.config = config

    def settle(self, requests: Histories, items: ItemTable) -> MmrConfig:
        del requests
        have = ", ".join(items.categories) or "none"
        for name in self.config.columns:
            if name not in items.categories:
                raise ConfigError(f"policy.params.columns: {name!r} is no categorical item column; there are {have}")
        few = (name for name, column in items.categories.items() if len(column.names) <= self.config.most_values)
        columns = self.config.columns or tuple(few)
        if not columns:
            raise ConfigError(
                "policy mmr compares items by categorical columns, and none has at most "
                f"{self.config.most_values} values; name some in policy.params.columns (there are {have})"
            )
        return self.config.model_copy(update={"columns": columns})

    def space(self, signals: tuple[str, ...]) -> Box:
        plain = unit_box(signals)
        return Box(
            np.append(plain.lower, 0.0),
            np.append(plain.upper, 1.0),
            (*plain.names, STRENGTH),
            np.pad(plain.corners, ((0, 0), (0, 1))),
        )

    def sample(self, box: Box, count: int, seed: int) -> Array:
        """Strengths evenly between 0 and 1."""
        weights = dirichlet(len(box.names) - 1, count, seed)
        return np.column_stack([weights, np.random.default_rng([seed, 1]).random(count)])

    def rank(self, batch: SignalBatch, theta: Array, depth: int) -> Array:
        """int32 [P, B, depth]."""
        pool = min(self.config.pool, batch.items.shape[1])
        weights = proportions(theta[:, :-1]).astype(np.float32)
        places = rank_weighted(batch.values, batch.mask, weights, max(depth, pool))
        for policy, strength in enumerate(theta[:, -1]):
            if strength > 0:
                best = places[policy, :, :pool]
                order = self._reordered(batch, best, weights[policy], strength, min(depth, pool))
                places[policy, :, : order.shape[1]] = np.take_along_axis(best, order, axis=1)
        return places[..., :depth]

    def _reordered(self, batch: SignalBatch, best: Array, weight: Array, strength: float, depth: int) -> Array:
        """int64 [B, depth]: columns of `best` int32 [B, pool] in the order in which they are taken."""
        line = np.arange(len(best))
        real = best >= 0
        at = line[:, None], np.maximum(best, 0)
        score = weighted_scores(np.moveaxis(batch.values[at], 2, 1), weight).astype(np.float64)
        worth = np.where(real, (1 - strength) * score, PADDING)
        codes = self._codes(batch, batch.items[at])
        cost = strength / len(codes)
        alike = np.zeros(best.shape, np.uint8)
        order = np.empty((len(best), depth), np.int64)
        for step in range(depth):
            pick = (worth - cost * alike).argmax(axis=1)
            order[:, step] = pick
            worth[line, pick] = -np.inf
            agreeing = np.zeros(best.shape, np.uint8)
            for column in codes:
                agreeing += column == column[line, pick][:, None]
            np.maximum(alike, agreeing, out=alike)
        return order

    def _codes(self, batch: SignalBatch, items: Array) -> list[Array]:
        """A times int32 [B, pool]: the items' values in the columns that are compared."""
        if batch.table is None or not self.config.columns:
            raise ConfigError("policy.params.columns: items are not comparable yet; settle the policy on an item table")
        return [batch.table.categories[name].codes[items] for name in self.config.columns]
