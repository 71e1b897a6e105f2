"""How trees are grown: from examples to boosters, and their calibration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np

from paretorec.contracts import Array, Event, RankingExamples, RunContext
from paretorec.errors import DataError
from paretorec_plugins.rankers.calibration import Platt, amount_factor
from paretorec_plugins.rankers.config import BoostedTreesConfig
from paretorec_plugins.rankers.examples import collect, mean_amount
from paretorec_plugins.rankers.heads import LARGEST_LOG_AMOUNT
from paretorec_plugins.rankers.items import ItemStatistics
from paretorec_plugins.rankers.trees import Forest, Rows


def grow(examples: RankingExamples, config: BoostedTreesConfig, run: RunContext) -> Forest:
    """Collect, grow the trees of each event, calibrate."""
    sample = collect(examples, config, run)
    held_out = sample.held_out
    if held_out.all():
        raise DataError(
            "the ranker boosted-trees has no training requests, only held-out ones; widen the rank part of [split]"
        )
    table, events = sample.view.table, sample.events
    rows = Rows(
        half_lives=config.half_lives,
        events=events,
        statistics=ItemStatistics.learn(sample.histories, len(table), events),
        categories={name: len(category.names) for name, category in table.categories.items()},
        pair_names=sample.arrays.pair_names,
        user_names=sample.arrays.user_names,
    )
    kept = sample.weight > 0
    matrix = rows.matrix(sample.arrays, sample.view, sample.items, kept)
    data = _Data(matrix, np.nonzero(kept)[0], sample.weight[kept], held_out[np.nonzero(kept)[0]], rows, config, run)
    boosters, amounts, platt, unit = {}, {}, {}, {}
    with run.progress.bar("boosted-trees", len(events)) as bar:
        for event in events:
            run.check_stop()
            label = sample.labels[event.name][kept].astype(np.float64)
            positive = np.nan_to_num(label) > 0
            _check(event, positive, ~np.isnan(label), ~data.held_out)
            booster = data.booster(positive, ~np.isnan(label), config.objective)
            boosters[event.name] = booster
            calibrating = data.held_out & ~np.isnan(label)
            if not calibrating.any():
                calibrating = ~np.isnan(label)  # better by what was learned from than not at all
            score = booster.predict(matrix[calibrating], raw_score=True, num_threads=1)
            platt[event.name] = Platt.learn(score, positive[calibrating], data.weight[calibrating])
            if event.kind != "binary":
                mean = mean_amount(sample, event, np.flatnonzero(~held_out))
                amounts[event.name] = data.booster(label / mean, positive, "gamma")
                log_mean = amounts[event.name].predict(matrix[calibrating], raw_score=True, num_threads=1)
                most = np.exp(np.clip(log_mean, -LARGEST_LOG_AMOUNT, LARGEST_LOG_AMOUNT)) * mean
                expected = most / (1 + np.exp(-platt[event.name](score)))
                unit[event.name] = mean * amount_factor(expected, label[calibrating], data.weight[calibrating])
            bar.advance(1, event.name)
    return Forest(rows, boosters, amounts, platt, unit)


def _check(event: Event, positive: Array, observed: Array, train: Array) -> None:
    for there, what in ((positive, "positive"), (observed & ~positive, "negative")):
        if not (there & train).any():
            raise DataError(
                f"the ranker boosted-trees has no {what} example of {event.name!r} to learn from; leave it out of "
                "ranker.params.events, or widen the rank part of [split]"
            )


class _Data:
    """Rows of all sampled candidates, and growing trees on those that an event was observed on."""

    def __init__(
        self,
        matrix: Array,
        request: Array,
        weight: Array,
        held_out: Array,
        rows: Rows,
        config: BoostedTreesConfig,
        run: RunContext,
    ) -> None:
        self.matrix, self.request, self.weight, self.held_out = matrix, request, weight, held_out
        self.config = config
        self.categories = rows.category_columns(matrix.shape[1])
        self.parameters = {
            "learning_rate": config.learning_rate,
            "num_leaves": config.leaves,
            "min_data_in_leaf": config.least,
            "seed": int(run.rng("boosted-trees").integers(2**31)),
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": run.threads,
            "verbosity": -1,
        }

    def booster(self, label: Array, there: Array, objective: str) -> Any:
        """Trees of `label` on the rows where it is `there`; as many as do best on the held-out ones among them."""
        lambdarank = objective == "lambdarank"
        metric = {"binary": "binary_logloss", "lambdarank": "ndcg", "gamma": "gamma_deviance"}[objective]
        parameters = self.parameters | {"objective": objective, "metric": metric, "eval_at": 10}
        learned = self._dataset(label, there & ~self.held_out, lambdarank)
        watched = there & self.held_out
        callbacks: list[Callable[..., Any]] = []
        valid = []
        if watched.any():
            valid = [self._dataset(label, watched, lambdarank, learned)]
            callbacks = [lightgbm.early_stopping(self.config.patience, verbose=False)]
        trained = lightgbm.train(parameters, learned, self.config.trees, valid_sets=valid, callbacks=callbacks)
        best = trained.best_iteration if watched.any() else -1
        return lightgbm.Booster(model_str=trained.model_to_string(num_iteration=best))

    def _dataset(self, label: Array, rows: Array, grouped: bool, reference: Any = None) -> Any:
        group = np.unique(self.request[rows], return_counts=True)[1] if grouped else None
        return lightgbm.Dataset(
            self.matrix[rows],
            label[rows].astype(np.float32),
            weight=self.weight[rows],
            group=group,
            reference=reference,
            categorical_feature=self.categories,
            params={"verbosity": -1},
        )
