"""Which inner loops judge: compiled ones where numba is installed, plain numpy elsewhere."""

from __future__ import annotations

import importlib.util
import os
from typing import Any, Literal

from paretorec.errors import ConfigError


def inner_loops(which: Literal["auto", "numba", "numpy"]) -> Any:
    """The module with the inner loops: `paretorec.judge.kernel` or `paretorec.judge.reference`."""
    if which == "numba" or (which == "auto" and importlib.util.find_spec("numba") is not None):
        try:
            from paretorec.judge import kernel
        except ImportError as error:
            if which == "auto":
                return inner_loops("numpy")
            raise ConfigError("loops='numba' needs numba: pip install 'paretorec[fast]'") from error
        return kernel
    from paretorec.judge import reference

    return reference


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
