"""Exposure of providers against their share of the catalogue."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field

from paretorec.contracts import Array, CandidateView, ComponentConfig, ComponentRef, Exposure, ItemTable, Truth
from paretorec.errors import ConfigError


class ProviderConfig(ComponentConfig):
    model_config = ConfigDict(json_schema_extra={"examples": [{"column": "brand"}]})
    column: str = Field(min_length=1, description="Categorical item column that names the provider.")


def providers(items: ItemTable, column: str) -> Array:
    if column not in items.categories:
        raise ConfigError(
            f"{column!r} is no categorical item column; there are {', '.join(items.categories) or 'none'}"
        )
    return np.unique(items.categories[column].codes, return_inverse=True)[1]  # unknown (-1) is a provider, too


class ProviderShare:
    """1 - total variation distance between shares of exposure and of the catalogue: 1 is in proportion."""

    direction: Literal["max", "min"] = "max"
    unit = ""

    def __init__(self, config: ProviderConfig) -> None:
        self.column = config.column

    def metric(self, truth: Truth, k: int) -> Exposure:
        provider = providers(truth.items, self.column)
        offered = np.bincount(provider) / max(len(provider), 1)

        def value(counts: Array) -> float:
            shown = np.bincount(provider, weights=counts, minlength=len(offered))
            return float(1 - abs(shown / max(counts.sum(), 1) - offered).sum() / 2)

        return Exposure(value)


class ProviderFairness:
    """Pushed by how few items an item's provider has: those are the ones that popularity buries."""

    label = "provider fairness"
    needs_events: tuple[str, ...] = ()

    def __init__(self, config: ProviderConfig) -> None:
        self.column = config.column
        self.evaluator = ComponentRef(use="provider-fairness", params={"column": config.column})

    def signal(self, view: CandidateView) -> Array | None:
        provider = providers(view.table, self.column)
        return -np.log(np.bincount(provider)[provider][np.maximum(view.items, 0)]).astype(np.float32)

    def item_signal(self, items: ItemTable) -> Array | None:
        return None
