"""What every verb shares: the options of the whole command line, and how results are printed."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from paretorec.registry import Registry


@dataclass
class Invocation:
    """The options before the verb."""

    registry: Path | None = None
    debug: bool = False


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
"""The type of every verb's `json` parameter."""


def registry_of(ctx: typer.Context) -> Registry:
    """The registry of this command line: `--registry FILE`, or else the file that PARETOREC_REGISTRY names."""
    from paretorec.registry import Registry

    invocation: Invocation = ctx.obj
    return Registry(files=None if invocation.registry is None else [invocation.registry])


def print_json(document: Any) -> None:
    """One JSON document on stdout; numbers that are not finite become null."""
    print(json.dumps(_finite(document), indent=2, allow_nan=False))  # noqa: T201 - results belong on stdout


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table on stdout; as wide as it needs to be where no terminal limits it."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    # Names such as "[choose]" are text here, not markup.
    console = Console(markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else 200)
    console.print(table)
