"""`paretorec front`: the front of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json


def front(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    json: Json = False,
) -> None:
    """Print the front of a run as a table."""
    from paretorec.artifact import read_json, unseal
    from paretorec.cli.show import show_front
    from paretorec.runfolder import read_front

    unseal(run)
    if json:
        print_json(read_json(run / "front.json"))
    else:
        show_front(read_front(run))
