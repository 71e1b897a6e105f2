"""Intra-list diversity over item attributes."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, ItemTable, Truth, Vector
from paretorec.errors import ConfigError
from paretorec_plugins.metrics.events import Metric


class IntraListDiversityConfig(ComponentConfig):
    """What makes two items alike."""

    columns: tuple[str, ...] = Field(
        default=(),
        description="Item columns, categorical or numeric; none named: all categorical ones up to `most_values`.",
    )
    most_values: int = Field(
        default=1000,
        ge=1,
        description="Categorical columns with more values are not taken unless named: nearly all items differ there.",
    )


class IntraListDiversity(Metric[IntraListDiversityConfig]):
    """``1 - mean cosine over all pairs of the list``.

    Smyth & McClave, *Similarity vs. Diversity*, ICCBR 2001; Ziegler et al., *Improving Recommendation Lists Through
    Topic Diversification*, WWW 2005. An item's vector holds a one-hot code for each categorical column and the
    z-score over the catalogue for each numeric one, scaled to length 1; with categorical columns only, the cosine of
    two items is the share of columns in which they agree. Lists shorter than two count as 0.
    """

    def metric(self, truth: Truth, k: int) -> Vector:
        return Vector(attribute_vectors(truth.items, self._columns(truth.items)))

    def _columns(self, items: ItemTable) -> tuple[str, ...]:
        have = (*items.categories, *items.numbers)
        for name in self.config.columns:
            if name not in have:
                raise ConfigError(
                    f"intra-list-diversity: no categorical or numeric item column {name!r}; "
                    f"there {'are ' + ', '.join(have) if have else 'is none'}"
                )
        if self.config.columns:
            return self.config.columns
        chosen = tuple(name for name, c in items.categories.items() if len(c.names) <= self.config.most_values)
        if not chosen:
            raise ConfigError(
                "intra-list-diversity needs item attributes, and no categorical item column has at most "
                f"{self.config.most_values} values; name some in columns (there "
                f"{'are ' + ', '.join(have) if have else 'is none: give an item table'})"
            )
        return chosen


def attribute_vectors(items: ItemTable, columns: tuple[str, ...]) -> Array:
    """float64 [N, d] of length 1 (0 where an item has nothing but average numbers)."""
    widths = [len(items.categories[name].names) if name in items.categories else 1 for name in columns]
    vectors = np.zeros((len(items), sum(widths)))
    for name, start in zip(columns, np.cumsum([0, *widths]), strict=False):
        if name in items.categories:
            vectors[np.arange(len(items)), start + items.categories[name].codes] = 1
        else:
            number = items.numbers[name].astype(np.float64)
            vectors[:, start] = (number - number.mean()) / (number.std() or 1.0)
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]
    vectors /= np.where(length > 0, length, 1)
    return vectors
