"""Another run beside this one: refused unless both were judged by the same protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from paretorec.errors import FingerprintMismatch
from paretorec.front import Change, ObjectiveInfo, Point
from paretorec.report.run_files import RunFiles
from paretorec.report.view import FrontView, Mark


def refuse_other_protocol(mine: RunFiles, theirs: RunFiles) -> None:
    """Raise `FingerprintMismatch` naming the protocol's fields that differ."""
    if mine.front.get("protocol") == theirs.front.get("protocol"):
        return
    ours: Mapping[str, Any] = mine.manifest.get("protocol") or {}
    others: Mapping[str, Any] = theirs.manifest.get("protocol") or {}
    fields = [name for name in {**ours, **others} if ours.get(name) != others.get(name)] or ["protocol"]
    raise FingerprintMismatch(
        f"{theirs.name} cannot be drawn over {mine.name}: their protocols differ in {', '.join(fields)}; "
        "run both with the same data, split, k, rules, objectives and versions of evaluators"
    )


def other_marks(mine: FrontView, theirs: FrontView, name: str) -> tuple[Mark, ...]:
    """The other run's policies as changes against this run's baseline, without error bars.

    The two runs may have different baselines, so the changes are taken from the values on the certify requests,
    which the protocol makes the same for both; paired bounds against a foreign baseline do not exist.
    """
    reference = mine.mark(mine.baseline)
    marks = []
    for mark in theirs.points:
        certify = {
            o.name: _against(mark.point.certify[o.name], reference.point.certify[o.name], o)
            for o in mine.objectives
            if reference and o.name in mark.point.certify and o.name in reference.point.certify
        }
        point = Point(f"{name}/{mark.id}", mark.point.policy, mark.point.select, {}, certify)
        marks.append(Mark(point, "other", point.id))
    return tuple(marks)


def beaten(mine: FrontView, theirs: FrontView) -> tuple[int, int]:
    """How many of their policies one of ours beats in every objective, and the other way round."""
    ours, others = _values(mine, mine.objectives), _values(theirs, mine.objectives)
    return sum(_dominated(t, ours) for t in others), sum(_dominated(m, others) for m in ours)


def _against(change: Change, base: Change, objective: ObjectiveInfo) -> Change:
    difference = (change.value - base.value) * (1 if objective.direction == "max" else -1)
    if base.relative:
        difference = 100 * difference / abs(base.value) if base.value else math.nan
    return Change(change.value, difference, 0.0, difference, difference, base.relative)


def _values(view: FrontView, objectives: tuple[ObjectiveInfo, ...]) -> list[tuple[float, ...]]:
    """Per policy its values, turned so that more is better; certified values where all have them, else select."""
    if all(o.name in m.point.certify for m in view.points for o in objectives):
        read = {m.id: {o.name: m.point.certify[o.name].value for o in objectives} for m in view.points}
    else:
        read = {m.id: {o.name: m.point.select.get(o.name, math.nan) for o in objectives} for m in view.points}
    return [tuple(v[o.name] * (1 if o.direction == "max" else -1) for o in objectives) for v in read.values()]


def _dominated(point: tuple[float, ...], by: list[tuple[float, ...]]) -> bool:
    return any(all(b >= p for b, p in zip(other, point, strict=True)) and other != point for other in by)
