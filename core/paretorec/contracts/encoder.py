"""Kind ``encoder``: user and item representations, or direct scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from paretorec.contracts.dataset import Event, Requests
from paretorec.contracts.histories import Histories
from paretorec.contracts.items import ItemTable
from paretorec.contracts.run import Array, RunContext, State


@dataclass(frozen=True)
class FitData:
    """What encoders learn from: nothing in it happened at or after the end of the fit part."""

    histories: Histories
    """One row per user with at least one event in the fit part; `now` = the end of the fit part."""
    items: ItemTable
    events: tuple[Event, ...]
    validation: Requests
    """For early stopping: requests in the last horizon before the end of the fit part; their targets are not in
    `histories`. May be empty."""
    validation_histories: Histories
    user_ids: Array
    """object [U]: external ids, for encoders that bring tables of their own (``given``)."""


class Encoder(Protocol):
    """Learns once, then answers for any user, also one never seen in training.

    With capability ``vectors`` it has `encode_users` and `encode_items`, and core takes the dot product; without,
    it has `score`. A user's row must not depend on the other rows of the batch; core calls with 32 rows at a time.
    """

    def fit(self, data: FitData, run: RunContext) -> None: ...

    def state(self) -> State: ...

    def restore(self, state: State, items: ItemTable) -> None:
        """Become the fitted encoder again; `items` is the table that it was fitted with, or that plus new rows."""


class VectorEncoder(Encoder, Protocol):
    """Capability ``vectors``."""

    def encode_users(self, histories: Histories) -> Array:
        """float32 [B, d]."""

    def encode_items(self, items: ItemTable) -> Array:
        """float32 [N, d]."""


class ExportedEncoder(Encoder, Protocol):
    """Capability ``export``: it can be written as a file that other runtimes serve from, of any format it likes."""

    formats: tuple[str, ...]
    """Names of these formats, such as ``onnx``; an ``onnx`` file can also be had in int8."""

    def export(self, path: Path, form: str, items: ItemTable, k: int) -> Mapping[str, Any]:
        """Write the file `path`: from the item codes of a history to the `k` best items of the table and their scores.

        form: one of `formats`. Returns what one who loads the file must know beside item ids: JSON values, such as
        the names and shapes of inputs and outputs. Raises `ConfigError` where its configuration cannot be exported.
        """


class EmbeddingEncoder(Encoder, Protocol):
    """Capability ``embed``: it makes vectors of texts outside a run, which `paretorec embed` writes into a file."""

    def embed(self, texts: Array, run: RunContext) -> Array:
        """float32 [n, V] of object [n] of str, a row of NaN for an empty one. Needs no fit."""


class WarmEncoder(Encoder, Protocol):
    """One that can go on from what it learned on earlier days: it has this method, and needs no capability."""

    def warm_start(self, state: State, items: ItemTable) -> None:
        """The next `fit` begins with this state; `items` is the table that it was fitted with.

        The next fit's table has other codes, and may lack items: know them again by `ItemTable.ids`. Raises
        `ArtifactError` where the state does not fit this configuration, naming every field that differs.
        """


class ScoreEncoder(Encoder, Protocol):
    """Without capability ``vectors``."""

    def score(self, histories: Histories, items: Array | None) -> Array:
        """float32: [B, C] for candidates int32 [B, C] (-1 = padding: any finite value), [B, N] for None."""
