"""Splitter ``random``: a share of each user's rows, whenever they happened."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from paretorec.contracts import Array, ComponentConfig, Dataset, Split
from paretorec.data.times import as_text
from paretorec_plugins.splitters.parts import in_first_half, must_learn, requests_at_rows


class RandomConfig(ComponentConfig):
    """`[split.params]` of ``random``."""

    validation: float = Field(default=0.05, ge=0, lt=1, description="Share of all users' rows that stop training.")
    rank: float = Field(default=0.15, ge=0, lt=1, description="Share of all users' rows that train the ranker.")
    test: float = Field(
        default=0.2, gt=0, lt=1, description="Share of rows that select (one half of the users) or certify (the other)."
    )

    @model_validator(mode="after")
    def _leaves_something(self) -> RandomConfig:
        if self.validation + self.rank + self.test >= 1:
            raise ValueError("validation + rank + test must be less than 1")
        return self


class RandomSplitter:
    """Held-out rows are drawn one by one; only rows with a positive history event become requests.

    A request stands at its row's own time with the history before it. Encoders learn from later rows too: for data
    whose times mean little, or to compare with work that splits so; `temporal` is the honest choice elsewhere.
    """

    def __init__(self, config: RandomConfig) -> None:
        self.config = config

    def split(self, data: Dataset, seed: int) -> Split:
        config = self.config
        draw = np.random.default_rng([seed, 0]).random(len(data))
        bounds = np.cumsum([config.validation, config.rank, config.test])
        part = np.searchsorted(bounds, draw, side="right")
        has_past = _after_first(data)
        positive = data.positive()
        first = in_first_half(data, seed)[data.user]
        rows = {
            "validation": part == 0,
            "rank": part == 1,
            "select": (part == 2) & first,
            "certify": (part == 2) & ~first,
        }
        requests = {
            name: requests_at_rows(data, np.flatnonzero(here & positive & has_past)) for name, here in rows.items()
        }
        fit = (part == 3) | ~has_past
        fit_end = int(data.time[-1]) + 1
        counts = {"fit_rows": int(fit.sum()), "fit_end": as_text(fit_end)} | {
            name: {"requests": len(those)} for name, those in requests.items()
        }
        return must_learn(
            Split(fit=fit, fit_end=fit_end, horizon=0, counts=counts, **requests),
            "raise the shares in split.params, or give more data",
        )


def _after_first(data: Dataset) -> Array:
    """bool [n]: every row but each user's first, which is always learned from."""
    _, first = np.unique(data.user, return_index=True)
    out = np.ones(len(data), bool)
    out[first] = False
    return out
