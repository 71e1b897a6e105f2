"""Compiling with numba, once per machine. (numba's types say nothing of what it compiles: `Any`.)"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import extending

F = TypeVar("F", bound=Callable[..., Any])


def intrinsic(function: Callable[..., Any]) -> Any:
    """A function that writes LLVM instructions: (typing, argument types) -> (signature, code generator)."""
    return cast("Any", extending.intrinsic)(function)


def compiled(function: F) -> F:
    """Compile once per machine; without a folder that can be written, once per process.

    No fastmath: LLVM must neither fuse nor reorder, so that scores equal numpy's to the bit. The interpreter's lock is
    released; threads run whole blocks of requests, so no result depends on their number.
    """
    try:
        ready: Any = numba.njit(nogil=True, cache=True)(function)
        # numba looks whether the function's own file has changed, and not whether one has from which code came into it.
        kept = ready._cache._cache_file
        kept._source_stamp = (kept._source_stamp, _sources(Path(function.__code__.co_filename).parent))
    except (RuntimeError, AttributeError, OSError):
        ready = numba.njit(nogil=True)(function)
    return cast("F", ready)


@cache
def _sources(folder: Path) -> str:
    """Of all files in a function's folder, and of this one."""
    digest = hashlib.sha256()
    for path in (*sorted(folder.glob("*.py")), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
