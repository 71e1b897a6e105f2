"""`paretorec run`: the whole flow from a configuration."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json, registry_of


def run(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file; docs/examples has ready ones.")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the run; default: runs/NAME-OF-CONFIG.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set one key, such as encoders.transformer.params.width=128."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run of the same name.")] = False,
    warm_start: Annotated[
        Path | None,
        typer.Option("--from", metavar="RUN", help="Go on from the weights of a finished run on earlier days."),
    ] = None,
    json: Json = False,
) -> None:
    """Learn, search and certify; print the front, one pick, and where the report is."""
    from paretorec import processes
    from paretorec.cli.progress import progress
    from paretorec.cli.show import show_front, show_pick
    from paretorec.engine import Engine
    from paretorec.runfolder import front_json

    folder = out or Path("runs") / config.stem
    stop = threading.Event()
    registry = registry_of(ctx)
    engine = Engine.from_config(config, overrides or (), registry=registry, progress=progress(), stop=stop)
    with stopping(stop), processes.joined():
        if not processes.first():
            engine.assist(out=folder, warm_start=warm_start)
            return
        front = engine.run(out=folder, resume=resume, warm_start=warm_start)
    record = engine.fitted.record
    if json:
        print_json(front_json(front, record.requests))
        return
    show_front(front)
    if record.search.get("chosen"):
        typer.echo(record.search["chosen"])
    show_pick(record.pick)
    typer.echo(f"report: {folder / 'report.html'}")


@contextmanager
def stopping(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C asks the run to stop where it can go on later; the second one ends it at once."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        typer.echo("paretorec: stopping at the next checkpoint; Ctrl-C again to stop at once", err=True)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
