"""Compiling with numba, once per machine. (numba's types say nothing of what it compiles: `Any`.)"""

from __future__ import annotations

from collections.abc import Callable
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
    except RuntimeError:
        ready = numba.njit(nogil=True)(function)
    return cast("F", ready)
