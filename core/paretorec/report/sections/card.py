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
    return tag(
        "div",
        [_card(view, mark, mark is shown) for mark in view.marks if mark.role != "other"],
        class_="cards",
        aria_live="polite",
    )


def _card(view: FrontView, mark: Mark, shown: bool) -> Markup:
    role = {"point": "policy", "baseline": "the baseline", "signal": "one signal alone"}.get(mark.role, "")
    changes = []
    known = mark.point.certify
    # One domain for all that is in percent, so that the bars of a policy can be compared.
    shared = domain([0.0, *(n for c in known.values() if c.relative for n in (c.low, c.high))], 0.08)
    for objective in view.objectives:
        change = known.get(objective.name)
        level, gain = mark.point.select.get(objective.name), view.select_change(mark, objective, relative=True)
        picture = Markup("")
        said = f"{numbers.value(level)} ({numbers.signed(gain, True)}) on select"
        if change is not None:
            limits = shared if change.relative else domain([0.0, change.low, change.high], 0.08)
            picture = interval(change.low, change.change, change.high, limits)
            low, high = (numbers.signed(n, change.relative) for n in (change.low, change.high))
            said = f"{numbers.signed(change.change, change.relative)}  [{low}, {high}]"
        changes.append(
            tag("li", tag("span", objective.label, class_="what"), picture, tag("span", said, class_="said"))
        )
    return tag(
        "article",
        tag("h3", mark.id, tag("span", "picked" if mark.picked else role, class_="role")),
        tag(
            "div",
            tag("div", tag("h4", f"Change against {view.baseline}"), tag("ul", changes, class_="changes")),
            _parameters(mark.point.policy),
            class_="columns",
        ),
        class_="card",
        data_card=mark.id,
        hidden=not shown,
    )


def _parameters(policy: Mapping[str, Any]) -> Markup:
    """Bars where all parameters are weights of 0 or more, their shares beside them; otherwise a list."""
    parameters: Mapping[str, Any] = policy.get("parameters") or {}
    kind = str(policy.get("kind") or "").removeprefix("paretorec/")
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
            said = numbers.percent(share)
        rows.append(tag("li", tag("span", words(name), class_="what"), bar, tag("span", said, class_="said")))
    title = "Weights of the signals" if weights else "Parameters"
    return tag("div", tag("h4", f"{title} ({kind})" if kind else title), tag("ul", rows, class_="changes"))
