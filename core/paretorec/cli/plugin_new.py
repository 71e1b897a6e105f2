"""`paretorec plugins new`: a package to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.completion import kinds
from paretorec.cli.names import check_kind
from paretorec.cli.shared import Json, print_json


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the distribution and of its component: acme-gru.")],
    kind: Annotated[str, typer.Option(help="Kind of component, such as encoder.", autocompletion=kinds)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the package's folder is made.")] = Path(),
    json: Json = False,
) -> None:
    """Write a complete, small, tested package with one component of a kind."""
    from paretorec.scaffold import write_package

    check_kind(kind)
    folder = write_package(name, kind, out)
    if json:
        return print_json({"folder": str(folder), "files": sorted(_files(folder))})
    typer.echo(f"wrote {folder}; next:")
    typer.echo(f"  pip install -e '{folder}[dev]'")
    typer.echo(f"  pytest {folder} && paretorec plugins check {name}")
    return None


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
