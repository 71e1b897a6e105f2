"""Progress bars on stderr: rich where somebody watches, nothing where nobody does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichBars

from paretorec.contracts.run import Bar, NoProgress, Progress


class _RichBar:
    def __init__(self, bars: RichBars, task: TaskID) -> None:
        self._bars, self._task = bars, task
        self._lock = threading.Lock()

    def advance(self, steps: int = 1, note: str = "") -> None:
        with self._lock:
            self._bars.update(self._task, advance=steps)
            if note:
                self._bars.update(self._task, note=note)


class RichProgress:
    """One line a bar; finished bars stay, with their time."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def bar(self, title: str, total: int | None = None) -> AbstractContextManager[Bar]:
        return self._bar(title, total)

    @contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator[Bar]:
        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with RichBars(*columns, console=self._console, transient=False) as bars:
            task = bars.add_task(title, total=total, note="")
            yield _RichBar(bars, task)


def progress() -> Progress:
    """Bars where stderr is a terminal."""
    return RichProgress(Console(stderr=True)) if sys.stderr.isatty() else NoProgress()
