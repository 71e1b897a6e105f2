"""`paretorec embed`: vectors of items' texts as a file."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from paretorec.cli.shared import Json, print_json, registry_of


def embed(
    ctx: typer.Context,
    items: Annotated[Path, typer.Argument(metavar="ITEMS", help="Table of items, CSV or Parquet.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Parquet file for the vectors.", show_default=False)],
    text: Annotated[
        list[str], typer.Option(metavar="COLUMN", help="Text column; repeatable, joined in order.", show_default=False)
    ],
    item: Annotated[str, typer.Option(metavar="COLUMN", help="Item id column.")] = "item_id",
    encoder: Annotated[str, typer.Option(metavar="NAME", help="Encoder that makes vectors of texts.")] = "text",
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set one of its parameters, such as model=models/minilm."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a vector for each item with text, for `item_vectors` of the encoders transformer and given."""
    from paretorec.cli.progress import progress
    from paretorec.cli.run import stopping
    from paretorec.configfile import apply_override
    from paretorec.contracts import ComponentRef, RunContext
    from paretorec.embedding import embed_items

    stop = threading.Event()
    params: dict[str, Any] = {}
    for override in overrides or ():
        apply_override(params, override)
    context = RunContext(threads=os.cpu_count() or 1, device=_device(), progress=progress(), stop=stop)
    with stopping(stop):
        told = embed_items(
            str(items),
            out,
            text,
            item=item,
            encoder=ComponentRef(use=encoder, params=params),
            run=context,
            registry=registry_of(ctx),
        )
    if json:
        print_json({"file": str(out), **told})
    else:
        left_out = f"; {told['empty']} without text are left out" if told["empty"] else ""
        typer.echo(f"vectors: {out}, {told['items']} items of {told['dimensions']} numbers{left_out}")


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
