"""Source ``csv``: every field is read as text, so that ids keep their leading zeros; core finds out what it means."""

from __future__ import annotations

import pandas as pd

from paretorec.contracts import Tables
from paretorec.errors import ConfigError, DataError
from paretorec_plugins.files.config import CsvConfig
from paretorec_plugins.files.paths import existing_path

DELIMITERS = (";", "\t", "|", ",", ":", " ")


class CsvSource:
    """Reads interactions, items and users; ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` are unpacked."""

    def __init__(self, config: CsvConfig) -> None:
        if not config.header and not config.columns:
            raise ConfigError("source.params.columns must name the columns when source.params.header is false")
        self.config = config

    def load(self) -> Tables:
        names = None if self.config.header else list(self.config.columns)
        return Tables(
            interactions=self._read(self.config.interactions, names),
            items=self._read(self.config.items, None) if self.config.items else None,
            users=self._read(self.config.users, None) if self.config.users else None,
            origin=self.config.interactions,
        )

    def _read(self, name: str, columns: list[str] | None) -> pd.DataFrame:
        path = existing_path(name)
        if not path.is_file():
            raise DataError(f"{name} is a folder, not a file")
        try:
            table = pd.read_csv(
                path,
                sep=self.config.delimiter,
                dtype=str,
                keep_default_na=False,
                na_values=[""],
                encoding=self.config.encoding,
                header=0 if columns is None else None,
                names=columns,
                index_col=False,
                skipinitialspace=True,
            )
        except pd.errors.EmptyDataError:
            raise DataError(f"{name} is empty; give a file with a header and rows") from None
        except pd.errors.ParserError as error:
            raise DataError(
                f"{name} is not a table with delimiter {self.config.delimiter!r} ({str(error).strip()}); set "
                "source.params.delimiter or repair that line"
            ) from None
        except (UnicodeError, LookupError) as error:
            raise DataError(
                f"{name} is not {self.config.encoding} text ({error}); set source.params.encoding"
            ) from None
        except (OSError, EOFError) as error:
            raise DataError(f"{name} cannot be read: {error}") from None
        self._check_delimiter(table, name)
        if not len(table):
            raise DataError(f"{name} has a header but no rows; give a file with at least one")
        return table.rename(columns=lambda column: str(column).strip().removeprefix("\ufeff"))

    def _check_delimiter(self, table: pd.DataFrame, name: str) -> None:
        if len(table.columns) > 1:
            return
        header = str(table.columns[0])
        for other in DELIMITERS:
            if other != self.config.delimiter and other in header:
                raise DataError(
                    f"{name}: with delimiter {self.config.delimiter!r} there is one column only, {header!r}; set "
                    f"source.params.delimiter = {other!r}"
                )
