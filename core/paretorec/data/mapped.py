"""Arrays in temporary files: what is larger than memory is written once and read block by block."""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.contracts.run import Array


def mapped(shape: tuple[int, ...], dtype: Any, folder: Path | None) -> Array:
    """An array of zeros in a file that vanishes with the array. folder: where; None: the system's place for such."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, dtype, "w+", shape=shape)


def forget(*arrays: Array) -> None:
    """Take the pages of mapped arrays out of this process's memory; they are read again from the file when asked for.

    Nothing happens for other arrays, and where the system knows no such advice.
    """
    for source in map(_source, arrays):
        if source is not None and hasattr(mmap, "MADV_DONTNEED"):
            source.madvise(mmap.MADV_DONTNEED)


def _source(array: Any) -> mmap.mmap | None:
    """The file that an array is a view of."""
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "_mmap", None) or getattr(array, "base", None)
    return array
