"""How a front and a pick look in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import typer

from paretorec.cli.shared import print_table
from paretorec.explanation import Explanation, Group, Moved, Shown, share
from paretorec.front import Change, Front, Point
from paretorec.pick.words import listed, number


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
            f"{100 * front.confidence:.4g} % sure.\n{_could(front)}"
        )
    else:
        typer.echo(f"Not certified: {front.uncertified}.\n")


def _could(front: Front) -> str:
    """How small a change these requests could have certified, so that nobody reads too much into a small one."""
    labels = {objective.name: objective.label for objective in front.objectives}
    relative = {name: change.relative for name, change in front.point(front.baseline).certify.items()}
    sizes = [f"{labels[name]} {number(size, relative[name])}" for name, size in front.detectable().items()]
    return f"The smallest changes that they could certify are about {listed(sizes)}.\n" if sizes else ""


def _row(front: Front, point: Point) -> list[str]:
    cells = [point.id + (" (baseline)" if point.id == front.baseline else "")]
    for objective in front.objectives:
        change = point.certify.get(objective.name)
        cells += [f"{point.select[objective.name]:.4g}", _change(change)]
    return cells


def _change(change: Change | None) -> str:
    if change is None or not math.isfinite(change.change):
        return ""
    text = number(change.change, change.relative)
    return text if math.isnan(change.low) else f"{text} [{number(change.low, change.relative).removesuffix(' %')}]"


def show_pick(pick: Mapping[str, Any]) -> None:
    """The pick in a sentence, or the honest answer that there is none."""
    typer.echo(f"pick {pick['point']}: {pick['why']}\n" if pick["point"] else f"no pick: {pick['why']}\n")


def show_explanation(found: Explanation) -> None:
    """What a policy changes, in a sentence and tables."""
    typer.echo(f"{found.why}.\n")
    print_table(
        ("item", f"lists of {found.against}", f"lists of {found.point}", "change"),
        [_moved(item) for item in (*found.gain, *reversed(found.lose))],
        f"items that gain and lose most, of {found.lists:,} lists of the {found.part} requests",
    )
    for by, groups in found.groups.items():
        print_table((by, "lists", "changed", "new items a list"), [_group(group) for group in groups])
    for example in found.examples:
        typer.echo(f"{example.user}, lately: {', '.join(item.title for item in example.history) or 'nothing'}")
        kept = {item.item for item in example.before} & {item.item for item in example.after}
        rows = zip_longest(example.before, example.after)
        print_table(
            ("", found.against, found.point),
            [(str(rank), _listed(before, "-", kept), _listed(after, "+", kept)) for rank, (before, after) in
             enumerate(rows, 1)],
        )  # fmt: skip


def _moved(item: Moved) -> list[str]:
    return [item.title, f"{item.before:,}", f"{item.after:,}", f"{item.after - item.before:+,}"]


def _group(group: Group) -> list[str]:
    return [group.value, f"{group.lists:,}", share(group.changed), f"{group.entered:.1f}"]


def _listed(item: Shown | None, sign: str, kept: set[str]) -> str:
    """The title; what left or came is marked."""
    return "" if item is None else item.title if item.item in kept else f"{sign} {item.title}"
