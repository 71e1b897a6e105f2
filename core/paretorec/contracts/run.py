"""What a component is given while it works (RunContext) and what it gives back to be saved (State)."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paretorec.contracts.observer import Event, nobody
from paretorec.errors import Interrupted

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class State:
    """What a fitted component is: arrays (saved as safetensors) and JSON values. Never a pickle."""

    arrays: Mapping[str, Array] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)


class Bar(Protocol):
    """A progress bar that is running."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """`steps` more are done; `note` is a short text such as ``"ndcg .171"``."""


class Progress(Protocol):
    """Makes progress bars; the command line shows them on stderr, hosts may bring their own."""

    def bar(self, title: str, total: int | None = None) -> AbstractContextManager[Bar]:
        """A bar of `total` steps (None: unknown)."""


class _Silent:
    def advance(self, steps: int = 1, note: str = "") -> None:
        return None

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class NoProgress:
    """Shows nothing: the default of the host API."""

    def bar(self, title: str, total: int | None = None) -> AbstractContextManager[Bar]:
        return _Silent()


@dataclass(frozen=True)
class RunContext:
    """Seeds, resources and the way out. One per run; components keep no reference to it after they return."""

    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    folder: Path | None = None
    """Checkpoints may be kept here; None: nothing is written."""
    memory: int = 2 << 30
    """Bytes that the signals of a part may take; more of them are kept in temporary files in `folder`."""
    progress: Progress = field(default_factory=NoProgress)
    stop: threading.Event = field(default_factory=threading.Event)
    emit: Callable[[Event], None] = nobody
    """Tells the run's observers; returns nothing and raises nothing."""

    def rng(self, name: str) -> np.random.Generator:
        """A generator that depends on the run's seed and on `name` alone, never on who drew before."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def check_stop(self) -> None:
        """Raise `Interrupted` when the user or the host asked for the end; call it where state is consistent."""
        if self.stop.is_set():
            raise Interrupted("interrupted; run the same command with --resume to go on")
