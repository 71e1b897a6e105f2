"""The contract of sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import ValidationError

from paretorec.config import DataConfig
from paretorec.contracts import Tables
from paretorec.data.tables import build_dataset
from paretorec.errors import DataError
from paretorec.testing.checks import broken, check, require_methods
from paretorec.testing.compare import fingerprint
from paretorec.testing.component import ComponentContract
from paretorec.testing.world import World


class SourceContract(ComponentContract):
    """`paretorec.contracts.Source`."""

    kind = "source"
    test_inputs = None  # type: ignore[assignment]  # it is given nothing

    data: Mapping[str, Any] = {}
    """`[data]`: what the columns mean, where the source does not say it itself and they have names of their own."""

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        tables = component.load()
        return {name: getattr(tables, name, None) for name in ("interactions", "items", "users", "data", "left_out")}

    def _tables(self) -> Tables:
        found: Tables = self.once("tables", lambda: self.new().load())
        return found

    @check("protocol", "give it a method load() that returns paretorec.contracts.Tables")
    def test_protocol(self) -> None:
        """It has `load`, which gives Tables."""
        require_methods(self.new(), ("load",), "a source")
        tables = self._tables()
        if not isinstance(tables, Tables):
            broken(f"load gave a {type(tables).__name__}")

    @check("tables", "return DataFrames with one column a name, names being texts, and at least one interaction")
    def test_tables(self) -> None:
        """Its tables are DataFrames with named columns, each name once, and there are interactions."""
        tables = self._tables()
        if not isinstance(tables.interactions, pd.DataFrame) or not len(tables.interactions):
            broken("there are no interactions; a source without a row raises a DataError")
        for name in ("interactions", "items", "users"):
            table = getattr(tables, name)
            if table is None:
                continue
            if not isinstance(table, pd.DataFrame):
                broken(f"{name} is a {type(table).__name__}")
            columns = list(table.columns)
            if not all(isinstance(column, str) for column in columns) or len(set(columns)) < len(columns):
                broken(f"{name} has the columns {columns}")
        if not all(isinstance(count, int) and count >= 0 for count in tables.left_out.values()):
            broken(f"left_out is {dict(tables.left_out)}, not counts by reason")

    @check("origin", "call the interactions what people know: a file, a table, a query; no password belongs there")
    def test_origin(self) -> None:
        """`origin` names the interactions in one line."""
        origin = self._tables().origin
        if not isinstance(origin, str) or not origin.strip() or "\n" in origin:
            broken(f"origin is {origin!r}")

    @check("mapping", "let `data` be a [data] section that fits the tables, or leave it None")
    def test_mapping(self) -> None:
        """The `[data]` section that it suggests fits its tables: they become a dataset."""
        tables = self._tables()
        try:
            build_dataset(tables, DataConfig(**self.data))
        except (DataError, ValidationError) as error:
            if tables.data is None and not self.data:
                return  # the columns' names are the host's own
            broken(f"its tables do not become a dataset: {' '.join(str(error).split())}")

    @check("own-tables", "read anew, or return copies: callers change tables")
    def test_own_tables(self) -> None:
        """What a caller does to loaded tables changes nothing of what is loaded next."""
        component = self.new()
        first = component.load()
        before = fingerprint(first)
        for name in ("interactions", "items", "users"):
            table = getattr(first, name)
            if table is not None:
                table.iloc[0] = None
                table["added by a caller"] = 1
        if fingerprint(component.load()) != before:
            broken("tables that were changed are what it loads next")
