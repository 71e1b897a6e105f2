"""`paretorec plugins`: which components there are, and what each of them can be told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from paretorec.cli.completion import components, kinds
from paretorec.cli.names import address, check_kind
from paretorec.cli.plugin_check import check
from paretorec.cli.plugin_lock import lock
from paretorec.cli.plugin_new import new
from paretorec.cli.shared import Json, print_json, print_table, registry_of

plugins = typer.Typer(help="List components and show what they can be told.")
plugins.command("check")(check)
plugins.command("lock")(lock)
plugins.command("new")(new)


@plugins.command("list")
def list_(
    ctx: typer.Context,
    kind: Annotated[str, typer.Option(help="Only this kind, such as encoder.", autocompletion=kinds)] = "",
    json: Json = False,
) -> None:
    """Every component that is installed, by kind; no plugin is imported."""
    entries = [entry for entry in registry_of(ctx).available() if not kind or entry.kind == kind]
    if kind:
        check_kind(kind)
    if json:
        return print_json([asdict(entry) for entry in entries])
    rows = [
        (
            entry.kind,
            entry.name + (" *" if entry.default else ""),
            f"{entry.distribution} {entry.version}".rstrip(),
            entry.state,
            entry.note,
        )
        for entry in entries
    ]
    print_table(("kind", "name (* default)", "distribution", "state", "note"), rows)
    return None


@plugins.command("show")
def show(
    ctx: typer.Context,
    component: Annotated[
        str,
        typer.Argument(
            metavar="COMPONENT",
            help="NAME, KIND.NAME, or KIND.DISTRIBUTION/NAME where names collide.",
            autocompletion=components,
        ),
    ],
    json: Json = False,
) -> None:
    """One component: who made it, what it is, and its configuration."""
    from paretorec.registry.describe import describe

    registry = registry_of(ctx)
    kind, use = address(registry, component)
    document = describe(registry, kind, use)
    if json:
        return print_json(document)
    typer.echo(f"{document['kind']} {document['name']}: {document['summary']}")
    typer.echo(f"from {document['distribution']} {document['version']} ({document['module']})")
    if document["capabilities"]:
        typer.echo(f"capabilities: {', '.join(document['capabilities'])}")
    if document["missing"]:
        typer.echo(f"not installed, but needed: {', '.join(document['missing'])}")
    columns = ("name", "type", "default", "description")
    print_table(columns, [tuple(str(field[column]) for column in columns) for field in document["config"]])
    return None
