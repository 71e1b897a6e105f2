"""What the page needs to answer other wishes by itself: the numbers that `paretorec.pick` compares, and policies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from paretorec.certify import quantile
from paretorec.errors import ConfigError
from paretorec.front import Front, ObjectiveInfo
from paretorec.pick import Promises, detectable
from paretorec.report.markup import Markup
from paretorec.report.run_files import RunFiles
from paretorec.report.view import FrontView

CONFIDENCES = (0.8, 0.9, 0.95, 0.99)
"""Offered on the page, beside the standing wish's own."""


def live_promises(view: FrontView, files: RunFiles) -> Promises | None:
    """The bounds at the standing wish's confidence; None where the run's files are not complete enough to answer
    another wish."""
    front = _front(view, files)
    if front is None:
        return None
    try:
        return Promises.of(front, _standing(view, files))
    except ConfigError:
        return None


def live_data(promises: Promises, files: RunFiles) -> dict[str, Any]:
    """The front as ``pick.js`` reads it.

    A policy's change in an objective is ``[value, change, error]``; a bound is the change less a quantile of
    `confidences` times the error, as in `paretorec.pick`. Of an uncertified front the changes are those on select, and
    errors 0.
    """
    front, standing = promises.front, promises.confidence
    return {
        "run": files.name,
        "certified": front.certified,
        "uncertified": front.uncertified,
        "requests": front.requests,
        "users": front.users,
        "baseline": front.baseline,
        "objectives": [
            {
                "name": name,
                "label": promises.label(name),
                "unit": promises.infos[name].unit,
                "relative": promises.relative(name),
                "base": promises.changes[front.baseline][name].value,
            }
            for name in promises.names
        ],
        "confidences": [_confidence(front, level) for level in sorted({*CONFIDENCES, standing})]
        if front.certified
        else [{"confidence": standing, "low": 0.0, "high": 0.0, "detectable": {}}],
        "points": [
            {
                "id": point.id,
                "changes": {
                    name: [change.value, change.change, 0.0 if math.isnan(change.error) else change.error]
                    for name, change in promises.changes[point.id].items()
                },
                "policy": dict(point.policy),
            }
            for point in front.points
        ],
        "way": files.pick.get("way") or ("maximize" if files.wish.get("maximize") else "equal"),
        "maximize": files.wish.get("maximize") or "",
        "limits": kept_amounts(promises, files),
        "confidence": standing,
        "pick": files.pick.get("point"),
        "why": files.pick.get("why") or "",
    }


def _standing(view: FrontView, files: RunFiles) -> float:
    return float(files.wish.get("confidence") or view.confidence)


def kept_amounts(promises: Promises, files: RunFiles) -> dict[str, float]:
    """objective -> least change of the standing wish, in the unit of its changes; empty for a wish that cannot be."""
    try:
        return promises.amounts("pick.keep", files.wish.get("keep") or {})
    except ConfigError:
        return {}


def as_json(data: Mapping[str, Any]) -> Markup:
    """JSON that may stand in a script element: nothing in it ends one."""
    return Markup(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))


def _confidence(front: Front, level: float) -> dict[str, Any]:
    return {
        "confidence": level,
        "low": quantile(front.max_t["low"], level),
        "high": quantile(front.max_t["high"], level),
        "detectable": detectable(front, level),
    }


def _front(view: FrontView, files: RunFiles) -> Front | None:
    """The front with the objectives' own labels; None where changes are missing or the resamples too few."""
    said = {o.get("name"): o.get("label") for o in files.front.get("objectives", ())}
    users: Mapping[str, Any] = view.requests.get("users") or {}
    front = Front(
        objectives=tuple(
            ObjectiveInfo(o.name, o.direction, o.unit, str(said.get(o.name) or o.name)) for o in view.objectives
        ),
        baseline=view.baseline,
        points=tuple(mark.point for mark in view.points),
        baselines=tuple(mark.point for mark in view.marks if mark.role == "baseline"),
        protocol="",
        confidence=view.confidence,
        max_t=files.max_t if view.certified else {},
        uncertified=view.uncertified,
        requests=view.requests.get("certify") or 0,
        users=users.get("certify") or 0,
    )
    if view.certified != front.certified or not front.points or not front.baselines:
        return None
    every = [*front.points, *front.baselines]
    if front.certified:
        names = set(front.baselines[0].certify)
        numbers = [n for p in every for c in p.certify.values() for n in (c.value, c.change, c.error)]
        complete = bool(names) and all(set(point.certify) == names for point in every)
    else:
        names = {o.name for o in front.objectives}
        numbers = [n for point in every for n in point.select.values()]
        complete = bool(names) and all(names <= set(point.select) for point in every)
    if not complete or not all(map(math.isfinite, numbers)):
        return None
    try:
        for level in CONFIDENCES if front.certified else ():
            quantile(front.max_t["low"], level)
    except ConfigError:
        return None
    return front
