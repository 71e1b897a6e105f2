"""Exports that come as many files, such as one a day."""

from __future__ import annotations

import os
from glob import glob
from pathlib import Path

import pandas as pd
from paretorec.contracts import ComponentConfig, Tables
from paretorec.errors import DataError
from pydantic import ConfigDict, Field


class OneSourceConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"pattern": "${WORLD}/interactions*.csv"}]})

    pattern: str = Field(
        min_length=1, description="Files, such as exports/*.csv; ~ and ${VARIABLE} are filled in. Read by name."
    )
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="Between two fields.")


class OneSource:
    """Reads every file that matches, one below the other, as text, so that ids keep their leading zeros."""

    def __init__(self, config: OneSourceConfig) -> None:
        self.config = config

    def load(self) -> Tables:
        pattern = Path(os.path.expandvars(self.config.pattern)).expanduser()
        paths = sorted(glob(str(pattern)))
        if not paths:
            raise DataError(f"{pattern}: no file matches; correct source.params.pattern")
        try:
            parts = [pd.read_csv(path, sep=self.config.delimiter, dtype=str) for path in paths]
        except (OSError, ValueError) as error:
            raise DataError(f"{pattern}: a file cannot be read: {' '.join(str(error).split())}") from None
        return Tables(pd.concat(parts, ignore_index=True), origin=self.config.pattern)
