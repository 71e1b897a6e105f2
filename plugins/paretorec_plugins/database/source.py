"""Source `sql`."""

from __future__ import annotations

import os

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from paretorec.contracts import Tables
from paretorec.errors import ConfigError, DataError, MissingDependency
from paretorec_plugins.database.address import address, check_exists, redacted
from paretorec_plugins.database.config import SqlConfig


class SqlSource:
    """Reads interactions, items and users, `chunk` rows at a time, with a cursor on the server where it has them.

    Whole numbers stay whole where some are missing, so that large ids keep every digit. The URL, whose password comes
    from the environment, is in no message, log or manifest.
    """

    def __init__(self, config: SqlConfig) -> None:
        self.config = config
        self._url = address(config.url)
        try:
            # SQLAlchemy's own messages would hold parameters, which may be credentials too.
            self._engine = sa.create_engine(self._url, hide_parameters=True, poolclass=sa.pool.NullPool)
        except NoSuchModuleError:
            raise ConfigError(f"source.params.url: SQLAlchemy knows no database {self._url.drivername!r}") from None
        except ModuleNotFoundError as error:
            raise MissingDependency(
                f"source 'sql' needs {error.name} for {self._url.drivername} databases: pip install {error.name}"
            ) from None

    def load(self) -> Tables:
        check_exists(self._url)
        return Tables(
            interactions=self._read("interactions", self.config.interactions),
            items=self._read("items", self.config.items) if self.config.items else None,
            users=self._read("users", self.config.users) if self.config.users else None,
            origin=self._title("interactions", self.config.interactions),
        )

    def _read(self, key: str, wanted: str) -> pd.DataFrame:
        parameters = {
            name: os.path.expandvars(value) if isinstance(value, str) else value
            for name, value in self.config.parameters.items()
        }
        is_query = _is_query(wanted)
        title = self._title(key, wanted)
        try:
            with self._engine.connect().execution_options(stream_results=True) as connection:
                statement = sa.text(wanted) if is_query else _whole(wanted)
                named = {name: value for name, value in parameters.items() if is_query and f":{name}" in wanted}
                parts = list(
                    pd.read_sql_query(
                        statement,
                        connection,
                        params=named,
                        chunksize=self.config.chunk,
                        dtype_backend="numpy_nullable",
                    )
                )
        except (SQLAlchemyError, pd.errors.DatabaseError) as error:
            reason = redacted(_reason(error), self._url)
            raise DataError(f"{title} cannot be read: {reason}; correct source.params.{key}") from None
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        if not len(table):
            raise DataError(f"{title} gives no rows; correct source.params.{key}")
        return table

    def _title(self, key: str, wanted: str) -> str:
        return f"the query of source.params.{key}" if _is_query(wanted) else f"table {wanted}"


def _reason(error: BaseException) -> str:
    """What the database itself said, without the statement that pandas and SQLAlchemy repeat around it."""
    while True:
        inner = getattr(error, "orig", None) or error.__cause__
        if inner is None:
            return str(error)
        error = inner


def _is_query(text: str) -> bool:
    return len(text.split()) > 1


def _whole(name: str) -> sa.Select[tuple[str]]:
    schema, _, table = name.rpartition(".")
    return sa.select(sa.text("*")).select_from(sa.table(table, schema=schema or None))
