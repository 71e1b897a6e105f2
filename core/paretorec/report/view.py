"""`front.json` as the report draws it: policies, baselines, and for every objective what goes on its axis."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from paretorec.front import Change, ObjectiveInfo, Point
from paretorec.report import numbers

Role = Literal["point", "baseline", "signal", "other"]
"""A policy of the front; what changes are measured against; another single signal; a policy of the other run."""


class Interval(NamedTuple):
    """A position on an axis with its error bar; `low` and `high` equal `middle` where no bar is known."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Mark:
    """One policy in the plots and tables."""

    point: Point
    role: Role
    label: str
    """Name in a plot: a signal's without its family where that is enough."""
    picked: bool = False

    @property
    def id(self) -> str:
        return self.point.id


@dataclass(frozen=True)
class Axis:
    """One objective, always drawn so that right or up is better."""

    objective: ObjectiveInfo
    kind: Literal["relative", "absolute", "value"]
    """Change in percent, change in the objective's own unit, or the value on the select requests."""
    places: Mapping[str, Interval]
    """id -> where the policy is; policies without a number are missing."""
    what: str = "change"
    """What is on the axis where it is a change."""

    @property
    def title(self) -> str:
        label = self.objective.label or self.objective.name
        if self.kind == "relative":
            return f"{label}, {self.what} in %"
        unit = f", {self.objective.unit}" if self.objective.unit else ""
        return f"{label}, {self.what}{unit}" if self.kind == "absolute" else f"{label}{unit}"

    @property
    def falling(self) -> bool:
        """Whether small numbers are better and the axis must be turned round."""
        return self.kind == "value" and self.objective.direction == "min"

    def show(self, number: float) -> str:
        """A place on the axis in words."""
        return numbers.value(number) if self.kind == "value" else numbers.signed(number, self.kind == "relative")

    def tick(self, number: float) -> str:
        """A round number, with its sign where it is a change."""
        return numbers.plain(number) if self.kind == "value" or number <= 0 else f"+{numbers.plain(number)}"


@dataclass(frozen=True)
class FrontView:
    """All that is drawn. Built once per report."""

    objectives: tuple[ObjectiveInfo, ...]
    marks: tuple[Mark, ...]
    """Front points first, then the baseline, then the other signals, then the other run's policies."""
    baseline: str
    certified: bool
    uncertified: str
    confidence: float
    requests: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, front: Mapping[str, Any], pick: str | None = None) -> FrontView:
        """From the content of `front.json`; unknown keys are ignored, absent optional keys are empty."""
        objectives = tuple(
            ObjectiveInfo(
                name=o["name"],
                direction="min" if o.get("direction") == "min" else "max",
                unit=o.get("unit") or "",
                label=numbers.capital(o.get("label") or o["name"]),
            )
            for o in front.get("objectives", [])
        )
        baseline = front.get("baseline") or ""
        reason = front.get("uncertified") or ""
        certified = bool(front.get("certified", not reason)) and not reason
        points = [Mark(p, "point", p.id, p.id == pick) for p in _points(front, "points", certified)]
        signals = _points(front, "baselines", certified)
        short = Counter(_tail(p.id) for p in signals)
        corners = [
            Mark(
                point=p,
                role="baseline" if p.id == baseline else "signal",
                label=_tail(p.id) if short[_tail(p.id)] == 1 else p.id,
                picked=p.id == pick,
            )
            for p in signals
        ]
        corners.sort(key=lambda mark: mark.role != "baseline")
        return cls(
            objectives=objectives,
            marks=(*points, *corners),
            baseline=baseline,
            certified=certified,
            uncertified=reason,
            confidence=float(front.get("confidence") or 0.95),
            requests=front.get("requests") or {},
        )

    @property
    def points(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.role == "point")

    @property
    def picked(self) -> Mark | None:
        return next((mark for mark in self.marks if mark.picked), None)

    def mark(self, name: str) -> Mark | None:
        return next((mark for mark in self.marks if mark.id == name), None)

    def base(self, objective: ObjectiveInfo) -> float | None:
        """The baseline's value on the certify requests; None where it is not known."""
        reference = self.mark(self.baseline)
        change = reference.point.certify.get(objective.name) if reference else None
        return change.value if change and math.isfinite(change.value) else None

    def axis(self, objective: ObjectiveInfo) -> Axis:
        """The certified change where every mark has one in the same unit; otherwise the value on select."""
        name = objective.name
        changes = {mark.id: mark.point.certify[name] for mark in self.marks if name in mark.point.certify}
        units = {change.relative for change in changes.values()}
        if len(units) == 1 and all(name in mark.point.certify for mark in self.points):
            places = {i: Interval(c.change, c.low, c.high) for i, c in changes.items()}
            return Axis(objective, "relative" if units.pop() else "absolute", places)
        places = {}
        for mark in self.marks:
            middle = mark.point.select.get(name)
            if middle is not None:
                half = 1.96 * mark.point.errors.get(name, 0.0)
                places[mark.id] = Interval(middle, middle - half, middle + half)
        return Axis(objective, "value", places)

    def select_change(self, mark: Mark, objective: ObjectiveInfo, relative: bool) -> float | None:
        """The change against the baseline on the select requests, positive = better; None where it is not known."""
        reference = self.mark(self.baseline)
        mine = mark.point.select.get(objective.name)
        theirs = reference.point.select.get(objective.name) if reference else None
        if mine is None or theirs is None:
            return None
        difference = (mine - theirs) * (1 if objective.direction == "max" else -1)
        if not relative:
            return difference
        return 100 * difference / abs(theirs) if theirs else None


def _points(front: Mapping[str, Any], key: str, certified: bool) -> list[Point]:
    return [_point(raw, certified) for raw in front.get(key, [])]


def _tail(signal: str) -> str:
    return signal.split(".", 1)[-1]


def _point(raw: Mapping[str, Any], certified: bool) -> Point:
    """Changes of an uncertified run are left out: without bounds they are nothing to decide by."""
    changes = (raw.get("certify") or {}) if certified else {}
    return Point(
        id=str(raw["id"]),
        policy=raw.get("policy") or {},
        select=_numbers(raw.get("select")),
        errors=_numbers(raw.get("errors")),
        certify={name: _change(entry) for name, entry in changes.items() if _finite(entry.get("change"))},
    )


def _change(raw: Mapping[str, Any]) -> Change:
    change = float(raw["change"])
    return Change(
        value=_or(raw.get("value"), math.nan),
        change=change,
        error=_or(raw.get("error"), math.nan),
        low=_or(raw.get("low"), change),
        high=_or(raw.get("high"), change),
        relative=bool(raw.get("relative", True)),
    )


def _numbers(raw: Mapping[str, Any] | None) -> dict[str, float]:
    return {name: float(number) for name, number in (raw or {}).items() if _finite(number)}


def _finite(number: Any) -> bool:
    return isinstance(number, int | float) and math.isfinite(number)


def _or(number: Any, default: float) -> float:
    return float(number) if _finite(number) else default
