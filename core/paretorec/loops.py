"""Which inner loops run: compiled ones where numba is installed, plain numpy elsewhere."""

from __future__ import annotations

import importlib.util
import os
from typing import Any, Literal

from paretorec.errors import ConfigError


def inner_loops(which: Literal["auto", "numba", "numpy"], compiled: str, plain: str) -> Any:
    """The module `compiled`, which imports numba, or `plain`, which does the same without; both by their full names."""
    if which == "numba" or (which == "auto" and importlib.util.find_spec("numba") is not None):
        try:
            return importlib.import_module(compiled)
        except ImportError as error:
            if which == "numba":
                raise ConfigError("loops='numba' needs numba: pip install 'paretorec[fast]'") from error
    return importlib.import_module(plain)


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
