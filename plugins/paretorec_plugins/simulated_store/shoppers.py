"""The shop's customers: what they like, how much a price hurts, how often they come."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from paretorec.contracts import Array
from paretorec_plugins.simulated_store.catalogue import TASTES, Catalogue

SEGMENTS: Final = ("premium", "regular", "budget")


@dataclass(frozen=True)
class Shoppers:
    """U customers; all arrays [U] unless said otherwise."""

    ids: Array
    """object: external ids."""
    taste: Array
    """float32 [U, TASTES]."""
    thrift: Array
    """How much a price twice as high puts off."""
    patience: Array
    """Tendency to stay on what was clicked."""
    activity: Array
    """Visits a week."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Array | slice) -> Shoppers:
        """The customers at `rows`."""
        return Shoppers(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def table(self) -> pd.DataFrame:
        """The user table that the log comes with: the price segment, which tells part of `thrift`."""
        segment = np.searchsorted([0.7, 1.3], self.thrift)
        return pd.DataFrame({"user_id": self.ids, "segment": [SEGMENTS[code] for code in segment]})


def draw_shoppers(catalogue: Catalogue, count: int, visits: float, seed: int, prefix: str) -> Shoppers:
    """Customers who like a few items' tastes mixed; the same seed draws the same people."""
    rng = np.random.default_rng([seed, 1])
    liked = catalogue.taste[rng.integers(len(catalogue.taste), size=(count, 3))]
    shares = rng.dirichlet([1.0, 1.0, 1.0], size=count)
    taste = (liked * shares[:, :, None]).sum(axis=1) + 0.15 * rng.normal(size=(count, TASTES))
    taste /= np.linalg.norm(taste, axis=1, keepdims=True)
    return Shoppers(
        ids=np.array([f"{prefix}{number:05d}" for number in range(count)], dtype=object),
        taste=taste.astype(np.float32),
        thrift=np.exp(0.5 * rng.normal(size=count)),
        patience=rng.normal(size=count),
        activity=visits * rng.gamma(2.0, 0.5, size=count),
    )
