"""Ranker `boosted-trees`: gradient-boosted trees by LightGBM over the same features as the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from paretorec.contracts import Array, CandidateView, Event, RankingExamples, RunContext, State
from paretorec.errors import ConfigError
from paretorec_plugins.rankers.calibration import Platt
from paretorec_plugins.rankers.config import BoostedTreesConfig
from paretorec_plugins.rankers.heads import head_names, heads
from paretorec_plugins.rankers.items import ItemStatistics, category_codes, item_features
from paretorec_plugins.rankers.view import ViewArrays, check_inputs, view_arrays

VECTORS = "vector."
"""How columns of encoders' user vectors begin. Trees get none: an axis at a time they cannot multiply them with the
items'; the encoders' scores, which they get, are those products."""


@dataclass(frozen=True)
class Rows:
    """How views become rows of numbers."""

    half_lives: tuple[float, ...]
    events: tuple[Event, ...]
    statistics: ItemStatistics
    categories: Mapping[str, int]
    """Item category -> number of values known."""
    pair_names: tuple[str, ...]
    user_names: tuple[str, ...]

    def of(self, view: CandidateView) -> Array:
        """float32 [real candidates, F]. Raises `ConfigError` for a view of other inputs."""
        arrays = view_arrays(view, self.half_lives, self.events)
        check_inputs("boosted-trees", arrays, self.pair_names, self.user_names)
        return self.matrix(arrays, view, view.items, view.mask)

    def matrix(self, arrays: ViewArrays, view: CandidateView, items: Array, kept: Array) -> Array:
        """float32 [kept, F], of `items`, int32 [B, C], those that are `kept`, bool [B, C]; a category's value that
        was not known is missing."""
        codes = np.maximum(items[kept], 0).astype(np.int64)
        told = [column for column, name in enumerate(arrays.user_names) if not name.startswith(VECTORS)]
        category = category_codes(self.categories, view.table, codes).astype(np.float32)
        category[category >= list(self.categories.values())] = np.nan
        user = arrays.user[:, told][np.nonzero(kept)[0]]
        item = item_features(self.statistics, view.table, {}, codes)
        return np.concatenate([arrays.pair[kept], user, item, category], axis=1)

    def category_columns(self, width: int) -> list[int]:
        """Of rows of `width` numbers."""
        return list(range(width - len(self.categories), width))


@dataclass(frozen=True)
class Forest:
    """What was learned; immutable, so that threads may share it."""

    rows: Rows
    boosters: Mapping[str, Any]
    """event -> `lightgbm.Booster` of its score."""
    amounts: Mapping[str, Any]
    """amount event -> booster of the logarithm of a positive amount, in multiples of its unit."""
    platt: Mapping[str, Platt]
    """event -> what makes log-odds of the score."""
    unit: Mapping[str, float]

    def predict(self, view: CandidateView) -> dict[str, Array]:
        """head -> float32 [B, C], 0 at padding."""
        rows = self.rows.of(view)

        def spread(booster: Any) -> Array:
            out = np.zeros(view.mask.shape)
            if len(rows):
                out[view.mask] = booster.predict(rows, raw_score=True, num_threads=1)
            return out

        logits = {name: self.platt[name](spread(booster)) for name, booster in self.boosters.items()}
        log_means = {name: spread(booster) for name, booster in self.amounts.items()}
        return heads(logits, log_means, self.unit, view.mask)

    def state(self) -> State:
        """The trees as LightGBM's text."""
        rows = self.rows
        arrays = {"statistics": rows.statistics.values}
        for kind, boosters in (("score", self.boosters), ("amount", self.amounts)):
            for name, booster in boosters.items():
                text = booster.model_to_string().encode()
                arrays[f"{kind}.{name}"] = np.frombuffer(text, np.uint8).copy()
        meta = {
            "half_lives": list(rows.half_lives),
            "events": [asdict(event) for event in rows.events],
            "statistics": list(rows.statistics.names),
            "categories": dict(rows.categories),
            "pair_names": list(rows.pair_names),
            "user_names": list(rows.user_names),
            "platt": {name: asdict(platt) for name, platt in self.platt.items()},
            "unit": dict(self.unit),
        }
        return State(arrays, meta)

    @classmethod
    def restore(cls, state: State) -> Forest:
        from lightgbm import Booster

        arrays, meta = state.arrays, state.meta
        rows = Rows(
            half_lives=tuple(meta["half_lives"]),
            events=tuple(Event(**event) for event in meta["events"]),
            statistics=ItemStatistics(tuple(meta["statistics"]), arrays["statistics"]),
            categories=meta["categories"],
            pair_names=tuple(meta["pair_names"]),
            user_names=tuple(meta["user_names"]),
        )

        def boosters(kind: str) -> dict[str, Any]:
            names = [event.name for event in rows.events if f"{kind}.{event.name}" in arrays]
            return {name: Booster(model_str=bytes(arrays[f"{kind}.{name}"]).decode()) for name in names}

        platt = {name: Platt(**values) for name, values in meta["platt"].items()}
        return cls(rows, boosters("score"), boosters("amount"), platt, meta["unit"])


class BoostedTreesRanker:
    """Per event a calibrated probability or expected amount, with the heads and the features of `mlp` but for encoders'
    vectors.

    Trees of an event learn its log-odds (or the order of a request's candidates) and stop by held-out requests, which
    then calibrate them; trees of a positive amount learn its logarithm by the Gamma deviance. Restoring is exact, and
    nothing depends on the number of threads (LightGBM: Ke et al. 2017).
    """

    def __init__(self, config: BoostedTreesConfig) -> None:
        self.config = config
        self.forest: Forest | None = None

    @property
    def heads(self) -> tuple[str, ...]:
        return head_names(self.forest.rows.events, self.forest.unit) if self.forest else ()

    def fit(self, examples: RankingExamples, run: RunContext) -> None:
        """Raises `DataError` where an event has no positive, or no negative, example."""
        from paretorec_plugins.rankers.growing import grow

        self.forest = grow(examples, self.config, run)

    def predict(self, view: CandidateView) -> Mapping[str, Array]:
        """head -> float32 [B, C]; 0 at padding. Raises `ConfigError` before `fit`, or for a view of other inputs."""
        if self.forest is None:
            raise ConfigError("the ranker boosted-trees has learned nothing yet; call fit or restore first")
        return self.forest.predict(view)

    def state(self) -> State:
        return self.forest.state() if self.forest else State()

    def restore(self, state: State) -> None:
        self.forest = Forest.restore(state)
