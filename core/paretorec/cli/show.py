"""How a front and a pick look in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import typer

from paretorec.cli.shared import print_table
from paretorec.front import Change, Front, Point


def show_front(front: Front) -> None:
    """The front and the baselines: value on select, and the certified change with its bound."""
    columns = ["policy"]
    for objective in front.objectives:
        unit = f" ({objective.unit})" if objective.unit else ""
        columns += [f"{objective.label}{unit}", "change [at least]" if front.certified else "change"]
    title = f"front: {len(front.points)} policies; changes against {front.baseline}"
    print_table(columns, [_row(front, point) for point in (*front.points, *front.baselines)], title)
    if front.certified:
        typer.echo(
            f"Each change is on requests that the search never saw; all bounds hold at once, "
            f"{front.confidence:.0%} sure.\n"
        )
    else:
        typer.echo(f"Not certified: {front.uncertified}.\n")


def _row(front: Front, point: Point) -> list[str]:
    cells = [point.id + (" (baseline)" if point.id == front.baseline else "")]
    for objective in front.objectives:
        change = point.certify.get(objective.name)
        cells += [f"{point.select[objective.name]:.4g}", _change(change)]
    return cells


def _change(change: Change | None) -> str:
    if change is None or not math.isfinite(change.change):
        return ""
    text = f"{change.change:+.3g}{' %' if change.relative else ''}"
    return text if math.isnan(change.low) else f"{text} [{change.low:+.3g}]"


def show_pick(pick: Mapping[str, Any]) -> None:
    """The pick in a sentence, or the honest answer that there is none."""
    typer.echo(f"pick {pick['point']}: {pick['why']}\n" if pick["point"] else f"no pick: {pick['why']}\n")
