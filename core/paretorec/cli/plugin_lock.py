"""`paretorec plugins lock`: a registry file that lets exactly what is installed now be used, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json, registry_of


def lock(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the run.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write the registry file; default: stdout.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set one key of the configuration.")
    ] = None,
    json: Json = False,
) -> None:
    """Write exact versions and file hashes of everything that a run of CONFIG uses; give the file to --registry."""
    from paretorec.artifact import write_atomic
    from paretorec.components import Components
    from paretorec.configfile import load_config
    from paretorec.registry import Registry, RegistrySettings
    from paretorec.registry.lock import lock as locked
    from paretorec.registry.lock import to_toml

    given = registry_of(ctx)
    # Without the lock that may be in force: it is what is written anew.
    registry = Registry(given.candidates, given.files[1:], RegistrySettings(lock={}))
    wanted = load_config(config, overrides or ())
    used = [built.resolved for _, built in Components.build(wanted, registry).all()]
    used += [registry.resolve("observer", ref.use, f"observers.{ref.instance}") for ref in wanted.observers]
    if wanted.tune is not None:
        used.append(registry.resolve("optimizer", wanted.tune.sampler.use, "tune.sampler"))
    entries = locked(resolved.provenance.distribution for resolved in used)
    text = to_toml(registry.settings.model_copy(update={"lock": entries}))
    if out is not None:
        write_atomic(out, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    for name, entry in entries.items():
        if not entry.record:
            typer.echo(f"{name} {entry.version} is locked by version alone: it is editable or has no RECORD", err=True)
    if json:
        print_json({name: entry.model_dump() for name, entry in entries.items()})
    elif out is None:
        typer.echo(text, nl=False)
