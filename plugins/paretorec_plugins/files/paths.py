"""Where a configured path leads."""

from __future__ import annotations

import os
from pathlib import Path

from paretorec.errors import DataError


def existing_path(name: str) -> Path:
    """`name` with ``~`` and ``${VARIABLE}`` filled in. Raises `DataError` if nothing is there."""
    path = Path(os.path.expandvars(name)).expanduser()
    if path.exists():
        return path
    if "$" in str(path):
        raise DataError(f"{name}: an environment variable in this path is not set")
    raise DataError(f"{name}: there is no such file; relative paths start from {Path.cwd()}")
