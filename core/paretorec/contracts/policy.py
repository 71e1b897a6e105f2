"""Kind ``policy``: how signals become a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from paretorec.contracts.component import ComponentConfig
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
    columns: Mapping[str, Array] = field(default_factory=dict)
    """Request column -> [B]: those that the policy's kind asked for (`DataKind`)."""
    table: ItemTable | None = None
    """The items that `items` are codes of; None only where a batch was made without a bundle."""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Array | slice) -> SignalBatch:
        """The requests at `rows` (integers, mask or slice)."""
        return replace(
            self,
            values=self.values[rows],
            mask=self.mask[rows],
            items=self.items[rows],
            columns={name: values[rows] for name, values in self.columns.items()},
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
    """A `PolicyKind` that reads columns of the request, or decides something from the data.

    Request columns: ``user.NAME`` (text for categories, float32 for numbers), ``context.NAME`` (the same),
    ``history.length``, ``time.hour`` (0 to 24) and ``time.weekday`` (0 = Monday), float32, in the data's time zone.
    Text that is not known is ``"(missing)"``, a number NaN, also for users never seen.
    """

    columns: tuple[str, ...]
    """The request columns that it reads; a `SignalBatch` carries them."""

    def settle(self, requests: Mapping[str, Array], items: ItemTable) -> ComponentConfig:
        """Its configuration with everything written out that the data decides: what policy files carry.

        requests: column -> [R], of the select requests. Called once, before anything is fitted; the kind is then built
        anew from what it returns. Raises `paretorec.errors.ConfigError` for what the data does not have.
        """


class GroupedKind(PolicyKind, Protocol):
    """A `PolicyKind` with ``linear = False`` that is linear in each request, with weights by group of requests.

    Search judges it by the fast kernel; `rank` must give the lists that those weights give.
    """

    def prepare(self, values: Array) -> Array:
        """As in `LinearKind`."""

    def group_weights(self, theta: Array, columns: Mapping[str, Array]) -> tuple[Array, Array]:
        """theta float64 [P, D]; columns: request column -> [B] -> (weights float32 [G, P, K'], none below 0;
        group int64 [B], 0 .. G - 1). A request's weights depend on its own columns alone."""
