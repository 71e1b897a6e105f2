"""`paretorec explain`: what a policy changes for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    point: Annotated[str, typer.Option(metavar="ID", help="Policy of the front; default: the run's pick.")] = "",
    json: Json = False,
) -> None:
    """Which items gain and lose exposure, whose lists change, and five lists before and after."""
    from paretorec.artifact import read_json, unseal
    from paretorec.cli.show import show_explanation
    from paretorec.errors import NoAnswer
    from paretorec.runfolder import read_front

    unseal(run)
    asked = point or read_json(run / "pick.json")["point"]
    if not asked:
        raise NoAnswer(f"{run} has no pick to explain, since no policy qualified; name a policy with --point")
    found = read_front(run).explain(asked)
    if json:
        print_json(found.to_json())
    else:
        show_explanation(found)
