"""Vectors of the texts in a table of items, as a file that other components read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from paretorec.artifact import write_atomic
from paretorec.contracts import Array, ComponentRef, RunContext
from paretorec.data.by_id import read_table, refuse_twice
from paretorec.data.columns import encode_text, joined_texts, require
from paretorec.errors import ConfigError, DataError
from paretorec.registry import Registry

CAPABILITY = "embed"
VECTOR = "vector"


def embed_items(
    table: str,
    out: Path,
    columns: Sequence[str],
    *,
    item: str = "item_id",
    encoder: ComponentRef,
    run: RunContext,
    registry: Registry | None = None,
) -> dict[str, int]:
    """Write a parquet file with the columns `item` and ``vector`` (lists of float32), a row an item that has text:
    what ``item_vectors`` of the encoders `transformer` and `given` names.

    table: CSV or parquet file of items.  columns: its text columns; of several the texts come one below the other.
    encoder: a component with the capability ``embed``.  Returns counts: ``items`` written, ``empty`` left out because
    they have no text, ``dimensions`` of a vector. Raises `DataError` for a table that lacks a column, has an id twice
    or no text at all, `ConfigError` for an encoder that makes no vectors of texts.
    """
    if out.suffix != ".parquet":
        raise ConfigError(f"{out}: vectors are written as parquet; name a file that ends in .parquet")
    built = (registry or Registry()).build("encoder", encoder)
    if CAPABILITY not in built.resolved.spec.capabilities:
        raise ConfigError(f"{built.resolved} makes no vectors of texts; name one that does, such as text")
    frame = read_table(table)
    require(frame, [item], table, "item")
    require(frame, columns, table, "text")
    ids = encode_text(frame[item])
    refuse_twice(ids.codes, table, f"id in {item!r}")
    texts = joined_texts([encode_text(frame[column]).text() for column in columns])
    there = np.array([bool(text) for text in texts], bool) & (ids.codes >= 0)
    if not there.any():
        raise DataError(f"{table}: no row has both an id and a text in {', '.join(columns)}")
    vectors: Array = built.component.embed(texts[there], run)
    written = pd.DataFrame({item: ids.text()[there], VECTOR: list(vectors)})
    write_atomic(out, lambda temporary: written.to_parquet(temporary, index=False))
    return {"items": len(written), "empty": int((~there).sum()), "dimensions": vectors.shape[1]}
