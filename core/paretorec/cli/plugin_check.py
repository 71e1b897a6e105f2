"""`paretorec plugins check`: whether components keep to their kind's contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from paretorec.cli.completion import components
from paretorec.cli.names import address
from paretorec.cli.shared import Json, print_json, registry_of

if TYPE_CHECKING:
    from paretorec.registry import Available, Registry
    from paretorec.testing import Report


def check(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="[COMPONENT|DISTRIBUTION]",
            help="As in `plugins show`; default: everything ready.",
            autocompletion=components,
        ),
    ] = "",
    params: Annotated[
        str, typer.Option(metavar="JSON", help="The component's configuration; ${WORLD} in it: the tiny shop's folder.")
    ] = "",
    expect: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A check that fails for now; if it passes, that is a fault.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the conformance kit: what goes wrong with plugins in practice. Exit code 1 when faults are found."""
    from paretorec.testing.kinds import bound, reports_of

    registry = registry_of(ctx)
    wanted = _wanted(registry, what)
    given = _params(params, wanted)
    contracts = [
        bound(entry.kind, _use(entry), given, registry, _expected(entry.kind, expect or ())) for entry in wanted
    ]
    reports = []
    for report in reports_of(contracts):
        reports.append(report)
        if not json:
            _show(report)
    faults = sum(len(report.faults()) for report in reports)
    if json:
        print_json({"ok": not faults, "components": [report.to_json() for report in reports]})
    else:
        checks = sum(report.run for report in reports)
        typer.echo(f"{len(reports)} components, {checks} checks: {faults or 'no'} fault{'s' if faults != 1 else ''}")
    if faults:
        raise typer.Exit(1)


def _show(report: Report) -> None:
    counts = [f"{report.run} run"]
    counts += [f"{report.expected} expected failures"] * bool(report.expected)
    counts += [f"{report.failed} failed"] * bool(report.failed)
    typer.echo(f"{report}: {', '.join(counts)}")
    for fault in report.faults():
        typer.echo(fault)
    unasked = [result for result in report.of("skipped") if result.message.startswith("it needs ")]
    if unasked:
        typer.echo(f"{report}: {len(unasked)} checks were not run: {unasked[0].message}")


def _use(entry: Available) -> str:
    return f"{entry.distribution}/{entry.name}"


def _wanted(registry: Registry, what: str) -> list[Available]:
    """The components that a name, or a distribution's name, means."""
    from paretorec.errors import ComponentNotFound
    from paretorec.registry.discovery import canonical

    entries = [entry for entry in registry.available() if entry.state in {"ready", "shadowed", "ambiguous"}]
    if not what:
        return [entry for entry in entries if entry.state == "ready"]
    theirs = [entry for entry in entries if canonical(entry.distribution) == canonical(what)]
    if theirs:
        return theirs
    kind, use = address(registry, what)
    owner, _, name = use.rpartition("/")
    meant = [entry for entry in entries if (entry.kind, entry.name) == (kind, name)]
    meant = [entry for entry in meant if (canonical(entry.distribution) == canonical(owner) if owner else True)]
    usable = [entry for entry in meant if owner or entry.state != "shadowed"]
    if not usable:
        registry.resolve(kind, use)
        raise ComponentNotFound(f"there is no {kind} {use!r} that may be used")
    return usable


def _params(text: str, wanted: list[Available]) -> dict[str, Any]:
    import json

    from paretorec.errors import ConfigError

    if not text:
        return {}
    if len(wanted) > 1:
        raise ConfigError(f"--params is one component's configuration, and {len(wanted)} are checked: name one")
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"--params is no JSON ({error}), such as '{{\"width\": 8}}'") from None
    if not isinstance(given, dict):
        raise ConfigError("--params is no JSON object, such as '{\"width\": 8}'")
    return given


def _expected(kind: str, ids: Any) -> dict[str, str]:
    """Those of the ids that the kind's contract has; one that no contract has is an error."""
    from paretorec.contracts.component import KINDS
    from paretorec.errors import ConfigError
    from paretorec.registry.explain import nearest
    from paretorec.testing import contract_of

    known = {check.id for each in KINDS for check in contract_of(each).checks()}
    for name in ids:
        if name not in known:
            raise ConfigError(f"--expect: there is no check {name!r}{nearest(name, sorted(known))}")
    own = {check.id for check in contract_of(kind).checks()}
    return {name: "given by --expect" for name in ids if name in own}
