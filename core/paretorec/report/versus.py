"""Another run beside this one: refused unless both were judged by the same protocol."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from paretorec.errors import FingerprintMismatch
from paretorec.front import Change, ObjectiveInfo, Point
from paretorec.report.run_files import RunFiles
from paretorec.report.view import FrontView, Mark

PROTOCOL = ("k", "source", "data", "split", "rules", "candidates.mode", "objectives")
"""Keys of the configuration that the protocol's fingerprint covers."""


def refuse_other_protocol(mine: RunFiles, theirs: RunFiles) -> None:
    """Raise `FingerprintMismatch` naming the fields that differ."""
    if mine.front.get("protocol") == theirs.front.get("protocol"):
        return
    fields = list(_differences(mine, theirs)) or ["protocol"]
    raise FingerprintMismatch(
        f"{theirs.name} cannot be drawn over {mine.name}: they differ in {', '.join(fields)}; "
        "compare runs with the same targets, split, k, rules, candidate mode and evaluators"
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
        marks.append(Mark(point, "other"))
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


def _differences(mine: RunFiles, theirs: RunFiles) -> Iterator[str]:
    for key in PROTOCOL:
        yield from _unequal(_dig(mine.config, key), _dig(theirs.config, key), key)
    ours, others = _evaluators(mine), _evaluators(theirs)
    for name in sorted(ours.keys() | others.keys()):
        if ours.get(name) != others.get(name):
            yield f"version of evaluator {name}"
    if mine.data.get("split") != theirs.data.get("split"):
        yield "the split's requests"


def _unequal(mine: Any, theirs: Any, path: str) -> Iterator[str]:
    """Paths at which two JSON values differ; lists are compared as a whole."""
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        for key in [*mine, *(k for k in theirs if k not in mine)]:
            yield from _unequal(mine.get(key), theirs.get(key), f"{path}.{key}")
    elif mine != theirs:
        yield path


def _dig(config: Mapping[str, Any], path: str) -> Any:
    found: Any = config
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _evaluators(files: RunFiles) -> dict[str, str]:
    components = files.manifest.get("components") or ()
    return {
        str(c.get("name")): f"{c.get('distribution')} {c.get('version')}"
        for c in components
        if c.get("kind") == "evaluator"
    }
