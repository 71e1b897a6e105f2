"""The tiny shop on disk, for components that read files."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from paretorec.testing.world import tiny_tables

WORLD: Final = "${WORLD}"
"""Stands for `folder()` in the texts of a component's params."""


@cache
def folder() -> Path:
    """``interactions``, ``items``, ``users`` as CSV, as parquet, and as tables of ``shop.db`` (SQLite); ``scores`` of a
    model, ``user_vectors`` and ``item_vectors`` as CSV. Made on first use, gone when the process ends."""
    out = Path(tempfile.mkdtemp(prefix="paretorec-testing-"))
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    tables = tiny_tables()
    users, items = _frame(tables.users), _frame(tables.items)
    rng = np.random.default_rng(2)
    pairs = pd.MultiIndex.from_product([users["user_id"], items["item_id"]], names=["user_id", "item_id"])
    scores = pd.DataFrame({"score": rng.random(len(pairs)).round(4)}, index=pairs).reset_index()
    with closing(sqlite3.connect(out / "shop.db")) as database:
        for name, table in {"interactions": tables.interactions, "items": items, "users": users}.items():
            table.to_csv(out / f"{name}.csv", index=False)
            table.to_parquet(out / f"{name}.parquet", index=False)
            table.to_sql(name, database, index=False)
    scores.to_csv(out / "scores.csv", index=False)
    for name, ids in (("user", users["user_id"]), ("item", items["item_id"])):
        vectors = pd.DataFrame(rng.normal(size=(len(ids), 3)).round(4), columns=["x", "y", "z"])
        vectors.insert(0, f"{name}_id", ids)
        vectors.to_csv(out / f"{name}_vectors.csv", index=False)
    return out


def _frame(table: pd.DataFrame | None) -> pd.DataFrame:
    assert table is not None
    return table


def filled(params: Any) -> Any:
    """`params` with `WORLD` filled in wherever a text has it."""
    if isinstance(params, str):
        return params.replace(WORLD, str(folder())) if WORLD in params else params
    if isinstance(params, Mapping):
        return {key: filled(value) for key, value in params.items()}
    if isinstance(params, list | tuple):
        return [filled(value) for value in params]
    return params
