"""The front as rows of text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paretorec.report import numbers
from paretorec.report.view import FrontView


def front_table(front: Mapping[str, Any], pick: str | None = None) -> list[dict[str, str]]:
    """One row per policy, then per baseline; all rows have the same keys, in the order of the columns.

    The first column is the id, then per objective ``VALUE CHANGE [LOW]`` on the certify requests, or the value on the
    select requests where the run is uncertified.
    """
    view = FrontView.parse(front, pick)
    rows = []
    for mark in view.marks:
        note = " (picked)" if mark.picked else " (baseline)" if mark.role == "baseline" else ""
        row = {"policy": f"{mark.id}{note}"}
        for objective in view.objectives:
            change = mark.point.certify.get(objective.name)
            title = f"{objective.label}, {objective.unit}" if objective.unit else objective.label
            if change is None:
                row[title] = numbers.value(mark.point.select.get(objective.name))
                continue
            row[title] = numbers.value(change.value)
            if mark.role != "baseline":
                low = numbers.signed(change.low, change.relative)
                row[title] += f"  {numbers.signed(change.change, change.relative)} [{low}]"
        rows.append(row)
    return rows
