"""`paretorec export`: a fitted encoder as a file for other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json, registry_of


def export(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="Format of the file.")] = "onnx",
    encoder: Annotated[str, typer.Option(metavar="NAME", help="Encoder; default: the only one that can.")] = "",
    k: Annotated[int, typer.Option("-k", min=1, help="Items that the file gives for a history.")] = 10,
    int8: Annotated[bool, typer.Option("--int8", help="Also with weights of eight bits.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the files; default: RUN-export.")] = None,
    json: Json = False,
) -> None:
    """Write an encoder as a file: history in, best items out, with a JSON beside it that names items and inputs."""
    from paretorec.artifact import read_json
    from paretorec.engine import Engine

    engine = Engine.load(run, registry=registry_of(ctx))
    folder = out or run.with_name(run.name + "-export")
    described = engine.export(folder, encoder=encoder, form=form, k=k, int8=int8)
    if json:
        print_json({"folder": str(folder), **read_json(described)})
    else:
        typer.echo(f"exported: {described}, and beside it {read_json(described)['file']}")
