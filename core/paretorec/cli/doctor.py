"""`paretorec doctor`: is everything that is installed usable?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from paretorec.cli.shared import Json, print_json, registry_of


def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Load every component and report what is broken (exit code 1)."""
    from paretorec.registry.diagnose import diagnose, versions

    registry = registry_of(ctx)
    found = diagnose(registry)
    if json:
        print_json({"versions": versions(), "files": [str(path) for path in registry.files], **asdict(found)})
    else:
        typer.echo(", ".join(f"{name} {version}" for name, version in versions().items()))
        typer.echo(f"registry files, each over the one before: {', '.join(map(str, registry.files))}")
        for note in found.notes:
            typer.echo(f"note: {note}")
        for fault in found.faults:
            typer.echo(f"fault: {fault.problem}")
        typer.echo(f"{found.checked} components loaded, {len(found.faults)} faults")
    if found.faults:
        raise typer.Exit(1)
