"""Kind ``ranker``: from representations and features to a probability or an amount per event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from paretorec.contracts.dataset import Event
from paretorec.contracts.histories import Histories, OwnHistory
from paretorec.contracts.items import ItemTable
from paretorec.contracts.run import Array, RunContext, State


@dataclass(frozen=True)
class CandidateView:
    """B requests with C candidates each, and all that is known about them at the moment of the request."""

    histories: Histories
    items: Array
    """int32 [B, C] item codes, -1 = padding."""
    mask: Array
    """bool [B, C]: real candidates."""
    table: ItemTable
    scores: Mapping[str, Array] = field(default_factory=dict)
    """encoder instance -> float32 [B, C], raw; 0 at padding."""
    user_vectors: Mapping[str, Array] = field(default_factory=dict)
    """encoder instance -> float32 [B, d] (encoders with vectors)."""
    item_vectors: Mapping[str, Array] = field(default_factory=dict)
    """encoder instance -> float32 [N, d]."""
    heads: Mapping[str, Array] = field(default_factory=dict)
    """ranker head -> float32 [B, C]; empty while the ranker itself is asked."""

    @cached_property
    def own(self) -> OwnHistory:
        """The users' own past with the candidates."""
        return self.histories.own(self.items)


@dataclass(frozen=True)
class ExampleBlock:
    """Some requests of the rank part with their labels."""

    view: CandidateView
    labels: Mapping[str, Array]
    """event -> float32 [B, C]; 0 where the candidate is not a target, NaN where not observed."""
    held_out: Array
    """bool [B]: for early stopping and calibration, never for gradients. Whole users."""


class RankingExamples(Protocol):
    """The rank part, block by block, always in the same order; iterating again builds the blocks again."""

    events: tuple[Event, ...]

    def __len__(self) -> int:
        """Number of requests."""

    def blocks(self) -> Iterator[ExampleBlock]: ...


class Ranker(Protocol):
    """Sees every encoder's scores and vectors, item columns, request context and the user's own history."""

    heads: tuple[str, ...]
    """Names of what `predict` gives; each becomes the signal ``ranker.HEAD``. Known after `fit` or `restore`."""

    def fit(self, examples: RankingExamples, run: RunContext) -> None: ...

    def predict(self, view: CandidateView) -> Mapping[str, Array]:
        """head -> float32 [B, C]: calibrated probability, or expected amount. A row depends on no other row."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...
