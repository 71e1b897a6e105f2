"""The table of policies: select beside certify."""

from __future__ import annotations

import math
from collections.abc import Sequence

from paretorec.front import ObjectiveInfo
from paretorec.report import numbers
from paretorec.report.layout import section
from paretorec.report.markup import Markup, tag
from paretorec.report.view import FrontView, Mark


def policies_section(view: FrontView) -> Markup:
    """Two columns per objective, sorted by a click on a heading."""
    if not view.marks:
        return Markup("")
    lead = "Change against the baseline on the requests that chose the policies (select)"
    if view.certified:
        lead += ", and on untouched ones, with simultaneous bounds (certify)"
    return section("policies", "All policies", f"{lead}. Click a heading to sort, a name to see what it weighs.",
                   _table(view))  # fmt: skip


def _table(view: FrontView) -> Markup:
    groups = [tag("th", o.label, scope="colgroup", colspan=2 if view.certified else 1) for o in view.objectives]
    columns = [_heading("Policy", 0)]
    for objective in view.objectives:
        columns.append(_heading("select", len(columns), objective.label))
        if view.certified:
            columns.append(_heading("certify", len(columns), objective.label))
    signals = [m for m in view.marks if m.role in {"baseline", "signal"}]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", "Policies of the front and baselines, select beside certify", class_="unseen"),
            tag("thead", tag("tr", tag("td"), groups, class_="groups"), tag("tr", columns)),
            _body(view, view.points),
            _body(view, signals, "Baseline and signals alone") if signals else None,
            class_="policies sortable",
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="All policies",
    )


def _heading(title: str, column: int, of: str = "") -> Markup:
    button = tag(
        "button", title, tag("span", f" of {of}", class_="unseen") if of else None, type="button", data_sort=column
    )
    return tag("th", button, scope="col", aria_sort="none", class_="number" if column else None)


def _body(view: FrontView, marks: Sequence[Mark], title: str = "") -> Markup:
    width = 1 + len(view.objectives) * (2 if view.certified else 1)
    head = tag("tr", tag("th", title, scope="rowgroup", colspan=width), class_="divider") if title else None
    return tag("tbody", head, [_row(view, mark) for mark in marks])


def _row(view: FrontView, mark: Mark) -> Markup:
    cells = []
    for objective in view.objectives:
        cells.append(_select(view, mark, objective))
        if view.certified:
            cells.append(_certify(mark, objective))
    note = "picked" if mark.picked else "baseline" if mark.role == "baseline" else ""
    return tag(
        "tr",
        tag(
            "th",
            tag("button", mark.id, type="button", data_select=mark.id),
            tag("span", note, class_="role") if note else None,
            scope="row",
            data_value=mark.id,
        ),
        cells,
        class_="picked" if mark.picked else None,
        data_id=mark.id,
    )


def _select(view: FrontView, mark: Mark, objective: ObjectiveInfo) -> Markup:
    known = mark.point.certify.get(objective.name)
    relative = known.relative if known else True
    change = view.select_change(mark, objective, relative)
    level = mark.point.select.get(objective.name)
    return tag(
        "td",
        numbers.signed(change, relative) if change is not None else numbers.value(level),
        tag("small", numbers.value(level)) if change is not None else None,
        class_="number",
        data_value=_sortable(change if change is not None else level),
    )


def _certify(mark: Mark, objective: ObjectiveInfo) -> Markup:
    change = mark.point.certify.get(objective.name)
    if change is None:
        return tag("td", "\u2013", class_="number")
    low, high = numbers.signed(change.low, change.relative), numbers.signed(change.high, change.relative)
    return tag(
        "td",
        tag("strong", numbers.signed(change.change, change.relative)),
        tag("small", f"{low} to {high}") if change.high > change.low else tag("small", numbers.value(change.value)),
        class_="number certify",
        data_value=_sortable(change.change),
        title=f"{numbers.value(change.value)} on the certify requests",
    )


def _sortable(number: float | None) -> str | None:
    return None if number is None or not math.isfinite(number) else repr(float(number))
