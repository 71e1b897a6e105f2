"""`paretorec plugins`: which components there are, and what each of them can be told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from paretorec.cli.plugin_lock import lock
from paretorec.cli.shared import Json, print_json, print_table, registry_of

if TYPE_CHECKING:
    from paretorec.registry import Registry

plugins = typer.Typer(help="List components and show what they can be told.")
plugins.command("lock")(lock)


@plugins.command("list")
def list_(
    ctx: typer.Context,
    kind: Annotated[str, typer.Option(help="Only this kind, such as encoder.")] = "",
    json: Json = False,
) -> None:
    """Every component that is installed, by kind; no plugin is imported."""
    entries = [entry for entry in registry_of(ctx).available() if not kind or entry.kind == kind]
    if kind:
        _check_kind(kind)
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
        str, typer.Argument(metavar="COMPONENT", help="NAME, KIND.NAME, or KIND.DISTRIBUTION/NAME where names collide.")
    ],
    json: Json = False,
) -> None:
    """One component: who made it, what it is, and its configuration."""
    from paretorec.registry.describe import describe

    registry = registry_of(ctx)
    kind, use = _address(registry, component)
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


def _check_kind(kind: str) -> None:
    from paretorec.contracts.component import KINDS
    from paretorec.errors import ConfigError
    from paretorec.registry.explain import nearest

    if kind not in KINDS:
        raise ConfigError(f"there is no kind of component {kind!r}{nearest(kind, KINDS)}")


def _address(registry: Registry, component: str) -> tuple[str, str]:
    """The kind and the `use` that a person means; a kind may be left out where only one has the name."""
    from paretorec.errors import AmbiguousComponent, ComponentNotFound
    from paretorec.registry.explain import nearest

    kind, dot, use = component.partition(".")
    if dot and "/" not in kind:
        _check_kind(kind)
        return kind, use
    entries = registry.available()
    name = component.rpartition("/")[2]
    kinds = list(dict.fromkeys(entry.kind for entry in entries if entry.name == name))
    if not kinds:
        raise ComponentNotFound(f"there is no component {name!r}{nearest(name, [entry.name for entry in entries])}")
    if len(kinds) > 1:
        ways = " or ".join(f"{kind}.{component}" for kind in kinds)
        raise AmbiguousComponent(f"{name!r} is of {len(kinds)} kinds: say {ways}")
    return kinds[0], component
