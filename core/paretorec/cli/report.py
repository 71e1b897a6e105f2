"""`paretorec report`: write a run's report again, alone or beside another run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    versus: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Draw this run's front too; its protocol must be the same.")
    ] = None,
    json: Json = False,
) -> None:
    """Write report.html into the run's folder and print its path."""
    from paretorec.artifact import unseal
    from paretorec.report import write_report

    unseal(run)
    if versus is not None:
        unseal(versus)
    path = write_report(run, versus)
    if json:
        print_json({"report": str(path)})
    else:
        typer.echo(str(path))
