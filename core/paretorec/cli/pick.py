"""`paretorec pick`: choose a policy of a run's front by a wish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json


def pick(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    maximize: Annotated[str, typer.Option(metavar="OBJECTIVE", help="What to have more of; default: all.")] = "",
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="OBJECTIVE=CHANGE", help="Least change allowed, such as relevance=-2%; repeatable."),
    ] = None,
    confidence: Annotated[float, typer.Option(help="How sure, between 0.5 and 1.")] = 0.95,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the policy file.")] = None,
    json: Json = False,
) -> None:
    """Pick the policy that promises most; exit 3 where none qualifies."""
    from paretorec.artifact import unseal
    from paretorec.cli.show import show_pick
    from paretorec.errors import ConfigError
    from paretorec.pick import pick as choose
    from paretorec.policyfile import PolicyFile
    from paretorec.runfolder import read_front

    unseal(run)
    kept = {}
    for text in keep or ():
        name, equals, change = text.partition("=")
        if not (name and equals and change):
            raise ConfigError(f"--keep {text!r} is not OBJECTIVE=CHANGE, such as relevance=-2%")
        kept[name.strip()] = change.strip()
    chosen = choose(read_front(run), maximize, kept, confidence).to_json()
    if save is not None:
        PolicyFile.load(chosen["policy"]).save(save)
    if json:
        print_json(chosen)
    else:
        show_pick(chosen)
        if save is not None:
            typer.echo(f"policy file: {save}")
