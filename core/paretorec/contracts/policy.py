"""Kind ``policy``: how signals become a list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from paretorec.contracts.component import ComponentConfig
from paretorec.contracts.histories import Histories
from paretorec.contracts.items import ItemTable
from paretorec.contracts.run import Array


@dataclass(frozen=True)
class SignalBatch:
    """B requests x C candidates x K normalised signals, in the order that decides ties.

    Candidates are sorted so that of two with equal score the earlier is listed first: by the float64 sum of the
    signals, falling, then by a seeded hash of the item's external id. Disallowed candidates and padding come last
    and are masked.
    """

    names: tuple[str, ...]
    """K signal names: ``encoder.NAME``, ``ranker.HEAD``, ``objective.NAME``."""
    values: Array
    """float32 [B, C, K], in [0, 1] for the default normaliser."""
    mask: Array
    """bool [B, C]."""
    items: Array
    """int32 [B, C] item codes."""
    histories: Histories | None = None
    """Of the B requests, with their columns (`Histories.column`); None only where a batch was made without a bundle."""
    table: ItemTable | None = None
    """The items that `items` are codes of; None as for `histories`."""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Array | slice) -> SignalBatch:
        """The requests at `rows` (integers, mask or slice)."""
        return replace(
            self,
            values=self.values[rows],
            mask=self.mask[rows],
            items=self.items[rows],
            histories=None if self.histories is None else self.histories.take(rows),
        )


@dataclass(frozen=True)
class Box:
    """The space of a policy's parameters and where to begin."""

    lower: Array
    """float64 [D]."""
    upper: Array
    """float64 [D]."""
    names: tuple[str, ...]
    """D parameter names."""
    corners: Array
    """float64 [F, D]: each signal alone; judged first in every search."""


class PolicyKind(Protocol):
    """A family of policies with D parameters each."""

    linear: bool
    """Score = sum of `weights(theta)` x `prepare(values)`: judged by the fast kernel."""

    def space(self, signals: tuple[str, ...]) -> Box: ...

    def sample(self, box: Box, count: int, seed: int) -> Array:
        """float64 [count, D]: further first points (for weights: Dirichlet 0.5)."""

    def rank(self, batch: SignalBatch, theta: Array, depth: int) -> Array:
        """theta float64 [P, D] -> int32 [P, B, depth]: positions in the batch's candidates, -1 = none."""


class LinearKind(PolicyKind, Protocol):
    """A `PolicyKind` with ``linear = True``."""

    def prepare(self, values: Array) -> Array:
        """float32 [B, C, K] -> float32 [B, C, K']: the terms that are weighed. Must keep order: monotone in each."""

    def weights(self, theta: Array) -> Array:
        """float64 [P, D] -> float32 [P, K'], none below 0."""


class DataKind(PolicyKind, Protocol):
    """A `PolicyKind` of whose configuration the data decides a part: segments, scales, columns to compare items by."""

    def settle(self, requests: Histories, items: ItemTable) -> ComponentConfig:
        """The configuration with all of that written out: what policy files carry.

        requests: of the select part. Called once, before anything is fitted; the kind is then built anew from what
        comes back. Raises `paretorec.errors.ConfigError` for what the data does not have.
        """


class GroupedKind(PolicyKind, Protocol):
    """A `PolicyKind` with ``linear = False`` that is linear in each request, with weights by group of requests.

    Search judges it by the fast kernel; `rank` must give the lists that those weights give.
    """

    def prepare(self, values: Array) -> Array:
        """As in `LinearKind`."""

    def group_weights(self, theta: Array, requests: Histories) -> tuple[Array, Array]:
        """theta float64 [P, D] -> (weights float32 [G, P, K'], none below 0; group int64 [B], 0 .. G - 1).

        The weights of a request may depend on no other request.
        """
