"""`paretorec off-policy`: what another policy would have earned, from a log with propensities, from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paretorec.cli.evaluate import read_table
from paretorec.cli.shared import Json, print_json, print_table

if TYPE_CHECKING:
    from paretorec.offpolicy import Estimate


def off_policy(
    log: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="A row for each item shown: user_id, request, position, item_id, reward, propensity, target.",
        ),
    ],
    actions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="All that the target policy may show: request, position, item_id, target."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE=NAME", help="Another name for a column, such as reward=click; repeatable."),
    ] = None,
    features: Annotated[
        str, typer.Option(help="Columns for the reward model, such as segment,hour.", show_default=False)
    ] = "",
    lists: Annotated[
        str, typer.Option(help="item-position, or cascade: probabilities are given the items above.")
    ] = "item-position",
    estimator: Annotated[str, typer.Option(help="What answers: dr or snips.")] = "dr",
    confidence: Annotated[float, typer.Option(help="Confidence of each interval by itself.")] = 0.95,
    effective: Annotated[float, typer.Option(help="Least effective sample size, in requests.")] = 1000.0,
    positives: Annotated[int, typer.Option(help="Fewest rows with a reward.")] = 100,
    overlap: Annotated[float, typer.Option(help="Least share of the target policy that the log holds.")] = 0.8,
    width: Annotated[float, typer.Option(help="Largest half-width, as a share of the logging policy's value.")] = 0.5,
    seed: Annotated[int, typer.Option(help="Seed of the folds of users.")] = 0,
    json: Json = False,
) -> int:
    """What another policy would have earned; exit 3 where the log cannot tell."""
    from paretorec.errors import ConfigError
    from paretorec.offpolicy import Limits, estimate

    names = {}
    for text in column or ():
        role, equals, name = text.partition("=")
        if not (role and equals and name):
            raise ConfigError(f"--column {text!r} is not ROLE=NAME, such as reward=click")
        names[role.strip()] = name.strip()
    limits = Limits(effective=effective, positives=positives, overlap=overlap, width=width)
    how: Any = {"lists": lists, "estimator": estimator}
    found = estimate(
        read_table(log),
        actions=None if actions is None else read_table(actions),
        columns=names,
        features=[name.strip() for name in features.split(",") if name.strip()],
        **how,
        limits=limits,
        confidence=confidence,
        seed=seed,
    )
    if json:
        print_json(found.to_json())
    else:
        _show(found)
        if not found.estimable:
            found.required()
    return 0 if found.estimable else 3


def _show(found: Estimate) -> None:
    def row(name: str, value: Any, change: Any = None) -> list[str]:
        told = [f"{value.value:.5g}", f"{value.low:.5g} to {value.high:.5g}"]
        return [name, *told, *(["", ""] if change is None else [f"{change.value:+.3g}", _between(change)])]

    rows = [row("logging policy", found.logging)]
    rows += [row(f"target, {name}", found.values[name], found.changes[name]) for name in found.values]
    print_table(["", "a list", f"{found.confidence:.0%}", "difference", f"{found.confidence:.0%}"], rows)
    print_table(
        ["gate", "figure", "limit", ""],
        [[g.name, f"{g.figure:.4g}", f"{g.limit:.4g}", "" if g.passed else "fails"] for g in found.gates],
    )
    if found.estimable:
        typer.echo(found.why)


def _between(change: Any) -> str:
    return f"{change.low:+.3g} to {change.high:+.3g}"
