"""Numbers per (request, candidate) and per request; what depends on the item alone is in `items`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paretorec.contracts import Array, CandidateView, Event
from paretorec_plugins.rankers.groups import Events, Groups

NEVER = 400.0
"""Days, or visits, that stand for "never" and cap longer waits: beyond a year the logarithm says little."""


def pair_features(
    view: CandidateView, events: Events, half_lives: tuple[float, ...], labels: tuple[Event, ...]
) -> dict[str, Array]:
    """name -> [B, C] float; no row depends on another row."""
    features = own_features(view, events, half_lives, labels)
    items = np.maximum(view.items, 0)
    for name, category in view.table.categories.items():
        codes = category.codes.astype(np.int64)
        groups = Groups(events, codes[events.item], len(category.names))
        features |= affinity_features(f"category.{name}", groups, codes[items], events, half_lives)
    for name, scores in view.scores.items():
        features |= score_features(f"encoder.{name}", scores, view.mask)
    for name, timeline in view.table.timelines.items():
        value = timeline.as_of(view.items, view.histories.now)
        features[f"timeline.{name}"] = np.where(np.isnan(value), 0.0, signed_log(np.nan_to_num(value)))
        features[f"timeline.{name}.missing"] = np.isnan(value)
    return features


def own_features(
    view: CandidateView, events: Events, half_lives: tuple[float, ...], labels: tuple[Event, ...]
) -> dict[str, Array]:
    """The user's own past with the candidate: how often, how lately, how regularly, and whether it is due."""
    groups = Groups(events, events.item, len(view.table))
    at, found = groups.find(np.maximum(view.items, 0))

    def look(values: Array, never: float) -> Array:
        return np.where(found, values[at], never) if len(values) else np.full(found.shape, never)

    newest, oldest = groups.min(events.age), groups.max(events.age)
    interval = np.where(groups.count > 1, (oldest - newest) / np.maximum(groups.count - 1, 1), NEVER)
    count, days = look(groups.count, 0), look(np.minimum(newest, NEVER), NEVER)
    interval = look(np.minimum(interval, NEVER), NEVER)
    visits = look(np.minimum(groups.min(events.visit_age), NEVER), NEVER)
    known = np.where(found, look(groups.max(events.visit_age), 0), events.visits[:, None])
    rate = (count + 0.5) / (known + 2)
    features = {
        "own.any": found,
        "own.count": np.log1p(count),
        "own.twice": count > 1,
        "own.days": np.log1p(days),
        "own.first_days": np.log1p(look(np.minimum(oldest, NEVER), NEVER)),
        "own.interval": np.log1p(interval),
        "own.due": np.log((days + 1) / (interval + 1)),
        "own.visits": np.log1p(visits),
        "own.in_last_visit": visits == 1,
        "own.visit_rate": np.log(rate),
        "own.visit_due": np.log((visits + 1) * rate),
    }
    for half_life in half_lives:
        weight = np.exp2(-events.age / half_life)
        decayed = look(groups.sum(weight), 0) + 0.02
        features[f"own.decayed_{half_life:g}"] = np.log(decayed)
        visited = events.per_history(weight, events.first_of_visit)
        features[f"own.share_{half_life:g}"] = np.log(decayed / (visited[:, None] + 0.5))
    for name, amount in amounts(view, events, labels).items():
        features[f"own.{name}"] = signed_log(look(groups.sum(amount) / groups.count, 0))
    return features


def affinity_features(
    name: str, groups: Groups, code: Array, events: Events, half_lives: tuple[float, ...]
) -> dict[str, Array]:
    """The user's past with items of the candidate's category. code: int64 [B, C]."""
    at, found = groups.find(code)

    def look(values: Array, never: float) -> Array:
        return np.where(found, values[at], never) if len(values) else np.full(found.shape, never)

    newest, oldest = groups.min(events.age), groups.max(events.age)
    interval = np.where(groups.count > 1, (oldest - newest) / np.maximum(groups.count - 1, 1), NEVER)
    days = look(np.minimum(newest, NEVER), NEVER)
    features = {
        f"{name}.count": np.log1p(look(groups.count, 0)),
        f"{name}.days": np.log1p(days),
        f"{name}.due": np.log((days + 1) / (look(np.minimum(interval, NEVER), NEVER) + 1)),
    }
    for half_life in half_lives[:: max(len(half_lives) - 1, 1)]:  # the shortest and the longest: tastes move slowly
        features[f"{name}.decayed_{half_life:g}"] = np.log(look(groups.sum(np.exp2(-events.age / half_life)), 0) + 0.05)
    return features


def score_features(name: str, scores: Array, mask: Array) -> dict[str, Array]:
    """An encoder's score, compressed, and where it stands among the request's candidates."""
    weight = mask.astype(np.float64)
    count = np.maximum(weight.sum(axis=1, keepdims=True), 1)
    mean = (scores * weight).sum(axis=1, keepdims=True) / count
    variance = (((scores - mean) ** 2) * weight).sum(axis=1, keepdims=True) / count
    order = np.argsort(np.argsort(np.where(mask, -scores, np.inf), axis=1, kind="stable"), axis=1, kind="stable")
    return {
        name: signed_log(10 * scores),
        f"{name}.zscore": (scores - mean) / np.sqrt(variance + 1e-12),
        f"{name}.rank": np.log1p(order),
    }


def user_features(
    view: CandidateView, events: Events, half_lives: tuple[float, ...], labels: tuple[Event, ...]
) -> dict[str, Array]:
    """name -> [B] float: how often and how much the user takes anything."""
    newest = np.full(events.size, NEVER)
    np.minimum.at(newest, events.row, np.minimum(events.age, NEVER))
    pair, count = np.unique(events.row * len(view.table) + events.item, return_counts=True)
    row = pair // max(len(view.table), 1)
    distinct = np.bincount(row, minlength=events.size)
    features = {
        "user.days": np.log1p(newest),
        "user.distinct": np.log1p(distinct),
        "user.repeats": np.bincount(row, weights=count > 1, minlength=events.size) / np.maximum(distinct, 1),
    }
    for days in half_lives:
        weight = np.exp2(-events.age / days)
        features[f"user.visits_{days:g}"] = np.log(events.per_history(weight, events.first_of_visit) + 0.05)
        features[f"user.events_{days:g}"] = np.log(events.per_history(weight) + 0.5)
    length = np.maximum(events.per_history(), 1)
    for name, amount in amounts(view, events, labels).items():
        features[f"user.{name}"] = signed_log(events.per_history(amount) / length)
    return features


def amounts(view: CandidateView, events: Events, labels: tuple[Event, ...]) -> Mapping[str, Array]:
    """event -> float64 [S]: labels of the history's events that are more than yes or no; not observed = 0."""
    known = view.histories.labels
    return {
        event.name: np.nan_to_num(known[event.name][events.position].astype(np.float64))
        for event in labels
        if event.kind != "binary" and event.name in known
    }


def signed_log(values: Array) -> Array:
    """sign(x) log(1 + |x|): compresses large values, keeps order and sign."""
    return np.sign(values) * np.log1p(np.abs(values))
