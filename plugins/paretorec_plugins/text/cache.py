"""Vectors on disk, by what text and model are."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paretorec.artifact import write_atomic
from paretorec.contracts import Array
from paretorec.errors import ArtifactError

KEY_BYTES = 16


def cache_folder(wanted: str) -> Path | None:
    """What `TextConfig.cache` means; None: nothing is kept."""
    if wanted == "off":
        return None
    if wanted != "auto":
        return Path(os.path.expandvars(wanted)).expanduser()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "paretorec" / "text"


def text_key(text: str) -> bytes:
    """Hash of a text; no text can be read from it, but one can be recognised by those who have it."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


class VectorCache:
    """One model's vectors: ``.npy`` files, each a table of (key, vector) of the texts that were new at a time.

    Files are written whole and never changed, so several processes may share a folder; the same texts make the same
    name. Looking n texts up in a cache of m is O(n + m).
    """

    def __init__(self, folder: Path) -> None:
        """folder: the model's own; need not exist."""
        self._folder = folder

    def find(self, keys: Sequence[bytes]) -> tuple[Array, Array]:
        """(float32 [found, V], int64 [found]: to which of `keys` each belongs). Raises `ArtifactError` for a file
        that cannot be read or has vectors of another length."""
        place = {key: number for number, key in enumerate(keys)}
        vectors: list[Array] = []
        found: list[Array] = []
        for path in sorted(self._folder.glob("*.npy")):
            table = _read(path)
            here = table["key"].tobytes()
            at = [place.pop(here[start : start + KEY_BYTES], -1) for start in range(0, len(here), KEY_BYTES)]
            numbers = np.array(at, np.int64)
            rows = np.flatnonzero(numbers >= 0)
            if not len(rows):
                continue
            vectors.append(table["vector"][rows])
            found.append(numbers[rows])
            if vectors[0].shape[1] != vectors[-1].shape[1]:
                raise ArtifactError(
                    f"{path} has vectors of {vectors[-1].shape[1]} numbers, another file of the same model of "
                    f"{vectors[0].shape[1]}; delete {self._folder}"
                )
        if not vectors:
            return np.zeros((0, 0), np.float32), np.zeros(0, np.int64)
        return np.concatenate(vectors), np.concatenate(found)

    def add(self, keys: Sequence[bytes], vectors: Array) -> None:
        """vectors: float32 [len(keys), V]."""
        table = np.empty(len(keys), _row(vectors.shape[1]))
        table["key"] = np.frombuffer(b"".join(keys), f"V{KEY_BYTES}")
        table["vector"] = vectors
        name = hashlib.blake2b(b"".join(keys), digest_size=KEY_BYTES).hexdigest()

        def save(temporary: Path) -> None:
            with temporary.open("wb") as file:
                np.save(file, table, allow_pickle=False)

        write_atomic(self._folder / f"{name}.npy", save)


def _row(length: int) -> np.dtype[np.void]:
    return np.dtype([("key", f"V{KEY_BYTES}"), ("vector", np.float32, (length,))])


def _read(path: Path) -> Array:
    try:
        table: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        if table.ndim == 1 and table.dtype == _row(table.dtype["vector"].shape[0]):
            return table
    except (OSError, EOFError, ValueError, KeyError, IndexError):  # cut short, or not one of ours
        pass
    raise ArtifactError(f"{path} is damaged; delete it, and its texts are read anew")
