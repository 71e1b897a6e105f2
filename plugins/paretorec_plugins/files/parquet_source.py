"""Source ``parquet``."""

from __future__ import annotations

import pandas as pd

from paretorec.contracts import Tables
from paretorec.errors import DataError
from paretorec_plugins.files.config import ParquetConfig
from paretorec_plugins.files.paths import existing_path


class ParquetSource:
    """Reads interactions, items and users with pyarrow."""

    def __init__(self, config: ParquetConfig) -> None:
        self.config = config

    def load(self) -> Tables:
        return Tables(
            interactions=_read(self.config.interactions),
            items=_read(self.config.items) if self.config.items else None,
            users=_read(self.config.users) if self.config.users else None,
            origin=self.config.interactions,
        )


def _read(name: str) -> pd.DataFrame:
    path = existing_path(name)
    try:
        table = pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise DataError(f"{name} is not a readable parquet file: {str(error).splitlines()[0]}") from None
    if not len(table):
        raise DataError(f"{name} has no rows")
    return table
