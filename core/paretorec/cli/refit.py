"""`paretorec refit`: learn from everything after the pick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json, registry_of


def refit(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the result; default: RUN-refit.")] = None,
    json: Json = False,
) -> None:
    """Learn again from all data up to its end. The certificate does not carry over, and the result says so."""
    from paretorec.cli.progress import progress
    from paretorec.engine import Engine

    engine = Engine.load(run, registry=registry_of(ctx), progress=progress())
    engine.refit()
    folder = engine.save(out or run.with_name(run.name + "-refit"))
    if json:
        print_json({"run": str(folder), "bundle": engine.fitted.id, "certified": False})
    else:
        typer.echo(f"refitted on all data, not certified: {folder}")
