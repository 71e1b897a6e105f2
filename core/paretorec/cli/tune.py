"""`paretorec tune`: the search over models, around the search over policies."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json, print_table, registry_of


def tune(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file with [tune] and [tune.space].")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the results; default: runs/NAME-tuning.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set one key, such as tune.trials=40.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted search of the same name.")
    ] = False,
    json: Json = False,
) -> None:
    """Choose models on data before the certify window; print a league table and the command that certifies the best."""
    from paretorec.cli.progress import progress
    from paretorec.cli.run import stopping
    from paretorec.engine import Engine
    from paretorec.report.league import league_table

    folder = out or Path("runs") / f"{config.stem.removesuffix('-tune')}-tuning"
    stop = threading.Event()
    engine = Engine.from_config(config, overrides or (), registry=registry_of(ctx), progress=progress(), stop=stop)
    with stopping(stop):
        league = engine.tune(out=folder, resume=resume)
    if json:
        print_json(league.document)
        return
    rows = league_table(league.document)
    print_table(list(rows[0]), [list(row.values()) for row in rows], "league: the best first")
    typer.echo(f"report: {folder / 'report.html'}")
    typer.echo(f"certify the best: {league.document['winner']['command']}")
