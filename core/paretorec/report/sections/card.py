"""The card of one policy: its changes with their intervals, and what it weighs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paretorec.report import numbers
from paretorec.report.charts.interval import interval
from paretorec.report.charts.scale import domain
from paretorec.report.layout import scalar, words
from paretorec.report.markup import Markup, tag
from paretorec.report.view import FrontView, Mark


def cards(view: FrontView) -> Markup:
    """One card for every policy and baseline; the script shows the selected one, without it the pick's is shown."""
    shown = view.picked or view.points[0]
    limits = {o.name: _limits(view, o.name) for o in view.objectives}
    return tag(
        "div",
        [_card(view, mark, limits, mark is shown) for mark in view.marks],
        class_="cards",
        aria_live="polite",
    )


def _limits(view: FrontView, objective: str) -> tuple[float, float]:
    known = [m.point.certify[objective] for m in view.marks if objective in m.point.certify]
    return domain([0.0, *(n for c in known for n in (c.low, c.high))], 0.03)


def _card(view: FrontView, mark: Mark, limits: Mapping[str, tuple[float, float]], shown: bool) -> Markup:
    role = {"point": "policy", "baseline": "the baseline", "signal": "one signal alone", "other": ""}[mark.role]
    changes = []
    for objective in view.objectives:
        change = mark.point.certify.get(objective.name)
        level = numbers.value(mark.point.select.get(objective.name))
        picture, said = Markup(""), f"{level} on select"
        if change is not None:
            picture = interval(change.low, change.change, change.high, limits[objective.name])
            low, high = (numbers.signed(n, change.relative) for n in (change.low, change.high))
            said = f"{numbers.signed(change.change, change.relative)}  [{low}, {high}]"
        changes.append(
            tag("li", tag("span", objective.label, class_="what"), picture, tag("span", said, class_="said"))
        )
    return tag(
        "article",
        tag("h3", mark.id, tag("span", "picked" if mark.picked else role, class_="role")),
        tag("div", tag("ul", changes, class_="changes"), _parameters(mark.point.policy), class_="columns"),
        class_="card",
        data_card=mark.id,
        hidden=not shown,
    )


def _parameters(policy: Mapping[str, Any]) -> Markup:
    """Bars where all parameters are weights of 0 or more, their shares beside them; otherwise a list."""
    parameters: Mapping[str, Any] = policy.get("parameters") or {}
    kind = policy.get("kind")
    if not parameters:
        return tag("p", f"Policy of kind {kind}.", class_="note") if kind else Markup("")
    figures = [n for n in parameters.values() if isinstance(n, int | float) and not isinstance(n, bool)]
    total = sum(figures)
    weights = len(figures) == len(parameters) and total > 0 and min(figures) >= 0
    rows = []
    for name, number in sorted(parameters.items(), key=lambda p: -p[1]) if weights else parameters.items():
        bar = None
        said = scalar(number)
        if weights:
            share = number / total
            width = tag("rect", class_="weight", x=0, y=0, width=round(100 * share, 2), height=6)
            bar = tag(
                "svg", width, class_="weights", viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true"
            )
            said = numbers.percent(round(share, 3))
        rows.append(tag("li", tag("span", words(name), class_="what"), bar, tag("span", said, class_="said")))
    title = "Weights of the signals" if weights else "Parameters"
    return tag("div", tag("h4", f"{title} ({kind})" if kind else title), tag("ul", rows, class_="changes"))
