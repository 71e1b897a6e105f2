"""Kind ``evaluator``: a metric as arrays, so that many policies are judged without a Python loop over lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from paretorec.contracts.dataset import Event, Requests
from paretorec.contracts.items import ItemTable
from paretorec.contracts.run import Array
from paretorec.errors import ConfigError


@dataclass(frozen=True)
class Truth:
    """What happened, as an evaluator sees it."""

    requests: Requests
    items: ItemTable
    events: tuple[Event, ...]
    item_counts: Array
    """float64 [N]: positive interactions per item in the fit part."""
    user_count: int
    """Users in the fit part."""
    known: Array
    """bool [T]: the user had the target item before the request."""

    def label(self, event: str) -> Array:
        """float32 [T] of one event, not observed = 0. Raises `ConfigError` for an event that the data lacks."""
        labels = self.requests.target_labels
        if event not in labels:
            raise ConfigError(f"event {event!r} is not in the data; [data.events] has {', '.join(labels) or 'none'}")
        return np.nan_to_num(labels[event])

    def hits(self, event: str | None = None) -> Array:
        """bool [T]: targets with a positive label of `event`; None: of any history event."""
        names = [event] if event else [e.name for e in self.events if e.history]
        out = np.zeros(len(self.requests.target_items), bool)
        for name in names:
            out |= self.label(name) > 0
        return out

    def per_request(self, values: Array) -> Array:
        """float64 [R]: sum of `values` [T] over each request's targets."""
        return np.bincount(self.requests.target_rows, weights=values, minlength=len(self.requests))


Reduce = Callable[[Array, Array], Array]
"""``reduce(g [L, k], z [L]) -> [L]``: one list's value from the gains by position (0 where the list is shorter)."""


@dataclass(frozen=True)
class Gain:
    """value(list) = sum over positions of discount x gain, divided by z; averaged over requests.

    The gain of a listed item is its entry in `target` if it is a target of the request (0 otherwise) plus
    its entry in `item`. Requests with z = 0 count as 0.
    """

    target: Array | None = None
    """float64 [T], aligned with the requests' targets."""
    item: Array | None = None
    """float64 [N]."""
    z: Array | None = None
    """float64 [R], from ALL targets; None: 1."""
    discount: Array | None = None
    """float64 [k]; None: 1."""
    reduce: Reduce | None = None
    """Replaces the discounted sum (hit rate, MRR, MAP)."""


@dataclass(frozen=True)
class Ratio:
    """Sum of one gain over all lists divided by the sum of another (conversion, completion)."""

    numerator: Gain
    denominator: Gain


@dataclass(frozen=True)
class Exposure:
    """From how often each item is listed: coverage, Gini. Compared only at equal numbers of lists."""

    value: Callable[[Array], float]
    """counts float64 [N] -> value."""


@dataclass(frozen=True)
class Vector:
    """Intra-list diversity of item vectors: 1 - mean cosine of all pairs in the list; averaged over requests.

    With unit vectors e: ``1 - (||sum e||^2 - sum ||e||^2) / (k (k - 1))``; lists shorter than two count as 0.
    """

    vectors: Array
    """float64 [N, d] of length 1 (or 0: unlike everything), from item attributes, never from a bundle."""


Metric = Gain | Ratio | Exposure | Vector


class Evaluator(Protocol):
    """A metric with its direction and unit."""

    direction: Literal["max", "min"]
    unit: str
    """Such as ``""`` (a share or score), ``"%"``, ``"a list"``."""

    def metric(self, truth: Truth, k: int) -> Metric: ...
