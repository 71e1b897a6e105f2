"""`evaluate`: what lists are worth on a truth, and by how much they differ from other lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from paretorec.contracts.component import ComponentRef
from paretorec.contracts.evaluator import Exposure, Metric
from paretorec.contracts.run import Array
from paretorec.errors import ConfigError
from paretorec.evaluation.case import Case, read_case
from paretorec.evaluation.intervals import Interval, exposure_intervals, ratio_intervals
from paretorec.evaluation.lists import score_lists
from paretorec.evaluation.names import Wanted, parse_metrics
from paretorec.registry import Registry

DEFAULT_METRICS: Final = ("ndcg@10", "precision@10", "recall@10", "hit-rate@10", "mrr@10", "map@10")


def evaluate(
    recommendations: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    metrics: str | Sequence[str | ComponentRef] = DEFAULT_METRICS,
    versus: pd.DataFrame | None = None,
    items: pd.DataFrame | None = None,
    interactions: pd.DataFrame | None = None,
    events: Mapping[str, str] | None = None,
    k: int = 10,
    confidence: float = 0.95,
    seed: int = 0,
    registry: Registry | None = None,
) -> pd.DataFrame:
    """Judge recommendation lists, each user of the truth counting once.

    Parameters
    ----------
    recommendations, versus
        One row per listed item: ``user_id``, ``item_id`` and ``rank`` (1 = best) or ``score`` (more = better; equal
        ones in the order of the rows). Lists may have any length and are cut at each metric's k. Users of the truth
        without a list have an empty one and count as 0; users who are not in the truth are left out. Both are
        counted.
    truth
        One row per item that a user took: ``user_id``, ``item_id`` and any number of label columns. Rows of one
        user and item are merged: amounts add up, binary labels take the largest, ordinal ones the last.
    metrics
        ``NAME@K``, ``NAME:KEY=VALUE@K`` (such as ``revenue:event=sales@10``) or component references; or names
        with commas between them. Names are those of the registry's evaluators.
    items
        One row per item of the catalogue, with its attributes, for diversity, coverage and Gini. Items that only
        other tables name join the catalogue with attributes unknown.
    interactions
        What users had before: ``user_id``, ``item_id``, for novelty and discovery.
    events
        Label column of the truth -> ``binary``, ``amount`` or ``ordinal``; default: every numeric column but
        ``time`` and ``timestamp``, binary where it holds only 0 and 1, else amount.
    k
        List length for metrics that name none.
    confidence
        Of each interval by itself.

    Returns
    -------
    One row per metric: ``metric``, ``value``, ``low``, ``high``, ``users``; with `versus` also ``versus_value`` and
    ``change``, ``change_low``, ``change_high``: value - versus_value, paired by user. Intervals come from 2,000
    bootstrap resamples of the users (percentiles), for coverage and Gini from 200 random halves of them. With fewer
    than about 50 users they are too narrow. ``attrs`` has the counts: ``users``, ``without_list``, ``left_out`` (and
    ``versus_...``); and ``confidence``, ``events`` (label columns with their kinds).

    Raises
    ------
    DataError
        A missing column, an empty table, a missing id, an item listed twice for a user, an order that is NaN.
    ComponentNotFound, ConfigError
        A metric that nobody offers, or that needs what was not given.
    """
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence = {confidence}: give a number between 0 and 1, such as 0.95")
    wanted = parse_metrics(metrics, k)
    registry = registry or Registry()
    evaluators = [registry.build("evaluator", one.ref, f"metrics.{one.label}").component for one in wanted]
    tables = {"recommendations": recommendations} | ({} if versus is None else {"versus": versus})
    case = read_case(tables, truth, items, interactions, events, depth=max(one.k for one in wanted))
    measures = [evaluator.metric(case.truth, one.k) for evaluator, one in zip(evaluators, wanted, strict=True)]
    for one, measure in zip(wanted, measures, strict=True):
        if isinstance(measure, Exposure) and items is None and interactions is None:
            raise ConfigError(f"{one.label} needs to know the catalogue: give items, a table with one row per item")
    intervals = _intervals(case, wanted, measures, confidence, seed)
    rows = [
        {"metric": one.label, **_row(found, versus is not None, len(case.truth.requests))}
        for one, found in zip(wanted, intervals, strict=True)
    ]
    kinds = {event.name: event.kind for event in case.truth.events}
    out = pd.DataFrame(rows)
    out.attrs.update({"users": len(case.truth.requests), **case.counts, "confidence": confidence, "events": kinds})
    return out


def _intervals(
    case: Case, wanted: Sequence[Wanted], measures: Sequence[Metric], confidence: float, seed: int
) -> list[list[Interval]]:
    found: dict[str, list[Interval]] = {}
    parts: dict[str, list[tuple[Array, Array]]] = {}
    for one, measure in zip(wanted, measures, strict=True):
        lists = [whole[:, : one.k] for whole in case.lists]
        if isinstance(measure, Exposure):
            found[one.label] = exposure_intervals(measure, lists, len(case.truth.items), confidence, seed)
        else:
            parts[one.label] = [score_lists(measure, case.truth, some) for some in lists]
    if parts:
        scores = np.array(list(parts.values()))  # [metrics, systems, numerator and denominator, users]
        found |= zip(parts, ratio_intervals(scores[:, :, 0], scores[:, :, 1], confidence, seed), strict=True)
    return [found[one.label] for one in wanted]


def _row(intervals: Sequence[Interval], compared: bool, users: int) -> dict[str, float]:
    own, other, change = intervals[0], intervals[-2], intervals[-1]
    row = {"value": own.value, "low": own.low, "high": own.high, "users": users}
    if compared:
        row |= {"versus_value": other.value, "change": change.value}
        row |= {"change_low": change.low, "change_high": change.high}
    return row
