"""Weights of their own for each segment of the requests."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from pydantic import Field, field_validator

from paretorec.contracts import MISSING, Array, Box, ComponentConfig, Histories, ItemTable
from paretorec.errors import ConfigError
from paretorec_plugins.weighted.grouped import Grouped
from paretorec_plugins.weighted.segments import even_edges, labels, segments_of
from paretorec_plugins.weighted.simplex import dirichlet, proportions, unit_box


class SegmentedConfig(ComponentConfig):
    """`segmented`: by which column, and which of its values are segments."""

    column: str = Field(
        default="history.length",
        description="Request column: user.NAME, context.NAME, history.length, time.hour or time.weekday.",
    )
    values: tuple[str, ...] = Field(
        default=(), description="Segments; none named: the values that most select requests have."
    )
    edges: tuple[float, ...] = Field(
        default=(), description="Where a number is cut, rising: 5, 20 makes <5, 5..20 and >=20."
    )
    bins: int = Field(
        default=3, ge=2, le=20, description="Segments of equally many requests, of numbers without edges."
    )
    most: int = Field(default=8, ge=1, le=64, description="Segments at most, where none are named.")
    least: int = Field(
        default=50,
        ge=1,
        description="Select requests that a segment has at least, where none are named; others are rare.",
    )
    shares: tuple[float, ...] = Field(
        default=(), description="Share of the select requests of each of `values`; counted, not to be set."
    )

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(values)) < len(values):
            raise ValueError("values must differ")
        return values

    @field_validator("edges")
    @classmethod
    def _rising(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError("edges must rise")
        return edges


class Segmented(Grouped[SegmentedConfig]):
    """Weighted sum whose weights depend on the segment: D = S segments x K signals.

    Requests of a value that is rare or was never seen get the mean of all segments' weights, by their share of the
    select requests: always weights that the search has judged. Missing values are a value like any other.
    """

    def settle(self, requests: Histories, items: ItemTable) -> SegmentedConfig:
        del items
        config = self.config
        column = requests.column(config.column)
        text = column.dtype == object
        if text and config.edges:
            raise ConfigError(f"policy.params.edges: {config.column!r} is text, which is not cut; leave edges out")
        even = not text and not config.edges
        edges = even_edges(column, config.bins, config.least) if even else config.edges
        found, count = np.unique(segments_of(column, edges).astype(str), return_counts=True)
        counts = dict(zip(found.tolist(), count.tolist(), strict=True))
        frequent = sorted(counts, key=lambda value: (-counts[value], value))
        cut = labels(edges) if even else []
        chosen = [value for value in frequent if counts[value] >= config.least or value in cut][: config.most]
        if not text:
            chosen.sort(key=[*labels(edges), MISSING].index)
        values = config.values or tuple(chosen)
        if not values:
            most = max(counts.values(), default=0)
            raise ConfigError(
                f"policy.params.least: no value of {config.column!r} has {config.least} select requests, the most "
                f"frequent has {most}; lower least, or use linear"
            )
        for value in values:
            if value not in counts:
                raise ConfigError(
                    f"policy.params.values: no select request has {config.column} = {value!r}; there are "
                    f"{', '.join(frequent[:20])}"
                )
        total = sum(counts[value] for value in values)
        shares = tuple(counts[value] / total for value in values)
        return config.model_copy(update={"edges": edges, "values": tuple(values), "shares": shares})

    def space(self, signals: tuple[str, ...]) -> Box:
        segments = self._segments()
        plain = unit_box(signals)
        names = tuple(f"{signal}@{segment}" for segment in segments for signal in signals)
        dims = len(names)
        return Box(np.zeros(dims), np.ones(dims), names, np.tile(plain.corners, len(segments)))

    def sample(self, box: Box, count: int, seed: int) -> Array:
        """Every other policy weighs alike in all segments."""
        segments = len(self._segments())
        signals = len(box.names) // segments
        draws = dirichlet(signals, count * segments, seed).reshape(count, segments, signals)
        draws[::2] = draws[::2, :1]
        return draws.reshape(count, len(box.names))

    def group_weights(self, theta: Array, requests: Histories) -> tuple[Array, Array]:
        """G = S + 1: the segments, and the mean of their weights for all other requests."""
        segments = self._segments()
        weights = proportions(theta.reshape(len(theta), len(segments), theta.shape[1] // len(segments))).transpose(
            1, 0, 2
        )
        shares = self.config.shares or (1 / len(segments),) * len(segments)
        mean = sum(share * own for share, own in zip(shares, weights, strict=True))
        place = {segment: number for number, segment in enumerate(segments)}
        found = segments_of(requests.column(self.config.column), self.config.edges)
        group = np.array([place.get(segment, len(segments)) for segment in found], np.int64)
        return np.concatenate([weights, proportions(np.asarray(mean))[None]]).astype(np.float32), group

    def _segments(self) -> tuple[str, ...]:
        if not self.config.values:
            raise ConfigError(
                "policy.params.values: segments are not chosen yet; name them, or settle the policy on requests"
            )
        return self.config.values
