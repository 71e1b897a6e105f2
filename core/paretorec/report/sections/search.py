"""How the search went: hypervolume against evaluations and seconds, beside random search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paretorec.report import numbers
from paretorec.report.charts.lines import Curve, lines
from paretorec.report.layout import section
from paretorec.report.markup import Markup, tag


def search_section(search: Mapping[str, Any]) -> Markup:
    """Two charts and the sentence that compares the optimizer with random search."""
    runs = [run for run in search.get("runs") or () if run.get("hypervolume")]
    if not runs:
        return Markup("")
    name = search.get("optimizer") or runs[0].get("name")
    charts = []
    for key, title in (("evaluations", "policies judged"), ("seconds", "seconds")):
        curves = [_curve(run, key, run.get("name") == name) for run in runs if run.get(key)]
        if curves:
            drawn = [
                lines(curves, title, "hypervolume", width=width, height=height, variant=variant)
                for width, height, variant in ((540, 300, "wide"), (358, 250, "narrow"))
            ]
            charts.append(tag("figure", drawn, class_="panel"))
    lead = " ".join(filter(None, (_chosen(search.get("chosen")), _lead(name, runs))))
    return section("search", "The search", lead, tag("div", charts, class_="pair"))


def _chosen(why: str | None) -> str:
    return f"{why[0].upper()}{why[1:]}." if why else ""


def _curve(run: Mapping[str, Any], key: str, main: bool) -> Curve:
    pairs = [(float(x), float(y)) for x, y in zip(run[key], run["hypervolume"], strict=False)]
    return Curve(str(run.get("name")), tuple(x for x, _ in pairs), tuple(y for _, y in pairs), main)


def _lead(name: str, runs: list[Mapping[str, Any]]) -> str:
    meaning = "Hypervolume: how much of the space of objectives the front dominates; more is better."
    mine = next((run for run in runs if run.get("name") == name), None)
    rival = next((run for run in runs if run.get("name") == "random" and name != "random"), None)
    if mine is None or rival is None or not mine.get("evaluations") or not rival.get("evaluations"):
        return meaning
    goal = rival["hypervolume"][-1]
    used = rival["evaluations"][-1]
    reached = next((e for e, v in zip(mine["evaluations"], mine["hypervolume"], strict=False) if v >= goal), None)
    if reached is None:
        return f"{meaning} {name} did not reach what random search found with {numbers.count(used)} policies."
    return (
        f"{meaning} {name} needed {numbers.counted(reached, 'policy', 'policies')} for what random search found "
        f"with {numbers.count(used)}."
    )
