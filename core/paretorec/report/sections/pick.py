"""The first screen: which policy, what it promises, how surely."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from paretorec.front import Change, ObjectiveInfo
from paretorec.pick.words import listed
from paretorec.report import numbers
from paretorec.report.charts.interval import interval
from paretorec.report.charts.scale import domain
from paretorec.report.markup import Markup, tag
from paretorec.report.run_files import RunFiles
from paretorec.report.view import FrontView, Mark

MOST = 5
"""Figures in one row; more are set in two rows."""
LONG = 130
"""Characters from which on the sentence is set smaller."""


def pick_section(view: FrontView, files: RunFiles) -> Markup:
    """The sentence, a number per objective, and what stands behind it."""
    picked = view.picked
    status, quiet = _status(view, files, picked)
    return tag(
        "section",
        tag(
            "p",
            tag("span", status, class_="status quiet" if quiet else "status"),
            tag("span", ["Policy ", tag("code", picked.id)] if picked else None, class_="chosen"),
            class_="eyebrow",
        ),
        _headline(view, files, picked),
        _figures(view, files, picked) if picked else tag("div", class_="figures", hidden=True),
        tag("p", _trust(view, "never saw" in (files.pick.get("why") or "")), _could(view, files), class_="trust"),
        id="pick",
        class_="hero",
        aria_label="The pick",
    )


def _status(view: FrontView, files: RunFiles, picked: Mark | None) -> tuple[str, bool]:
    confidence = numbers.percent(files.wish.get("confidence") or view.confidence)
    if not view.certified:
        return "Not certified", True
    if picked is None:
        return "No policy qualifies" if files.pick else "Nothing picked yet", True
    return (f"Certified at {confidence}", False) if files.pick.get("certified", True) else ("Not certified", True)


def _headline(view: FrontView, files: RunFiles, picked: Mark | None) -> Markup:
    why = files.pick.get("why") or ""
    if not why:
        count = numbers.counted(len(view.points), "policy", "policies")
        why = f"Policy {picked.id} is picked." if picked else f"{count} to choose from; none is picked yet."
    said = numbers.typeset(why)
    headline = tag("h1", said, class_="long" if len(said) > LONG else None)
    if not view.uncertified or view.uncertified in why:
        return headline
    return Markup(headline + tag("p", numbers.typeset(f"there is no certificate: {view.uncertified}"), class_="reason"))


def _figures(view: FrontView, files: RunFiles, picked: Mark) -> Markup:
    wish = files.wish
    keep: Mapping[str, Any] = wish.get("keep") or {}
    order = sorted(view.objectives, key=lambda o: (o.name != wish.get("maximize"), o.name not in keep))
    changes = _changes(files, picked)
    relative = [c for c in changes.values() if c.relative]
    shared = domain([0.0, *(n for c in relative for n in (c.low, c.high))], 0.08)
    return tag(
        "div",
        [_figure(view, o, changes.get(o.name), picked, o.name == wish.get("maximize"), keep.get(o.name), shared)
         for o in order],
        class_="figures",
        style=f"--columns: {len(order) if len(order) <= MOST else (len(order) + 1) // 2}",
    )  # fmt: skip


def _changes(files: RunFiles, picked: Mark) -> dict[str, Change]:
    """What `pick.json` promises (at the wish's own confidence) before what the front says."""
    promised = {}
    for name, known in picked.point.certify.items():
        raw = (files.pick.get("certify") or {}).get(name) or {}
        low, high = raw.get("low", known.low), raw.get("high", known.high)
        promised[name] = Change(known.value, known.change, known.error, low, high, known.relative)
    return promised


def _figure(
    view: FrontView,
    objective: ObjectiveInfo,
    change: Change | None,
    picked: Mark,
    maximised: bool,
    kept: Any,
    shared: tuple[float, float],
) -> Markup:
    role = "maximised" if maximised else f"kept at {_bound_text(kept)}" if kept is not None else ""
    label = tag("p", objective.label, tag("span", role, class_="role"), class_="label")
    classes = "figure main" if maximised else "figure"
    if change is None:
        return tag("div", label, _uncertified(view, objective, picked), class_=classes)
    limits = shared if change.relative else domain([0.0, change.low, change.high], 0.08)
    bound = _bound(kept, change, view.base(objective))
    return tag(
        "div",
        label,
        tag("p", numbers.signed(change.change, change.relative), class_="big"),
        interval(change.low, change.change, change.high, limits, bound),
        tag(
            "p",
            tag("span", f"at least {numbers.signed(change.low, change.relative)},"),
            " ",
            tag("span", f"at most {numbers.signed(change.high, change.relative)}"),
            class_="range",
        ),
        tag("p", _level(view, objective, change), class_="level"),
        class_=classes,
    )


def _level(view: FrontView, objective: ObjectiveInfo, change: Change) -> str:
    base = view.base(objective)
    unit = f" {objective.unit}" if objective.unit else ""
    before = f"{numbers.value(base)} \u2192 " if base is not None else ""
    return f"{before}{numbers.value(change.value)}{unit}"


def _uncertified(view: FrontView, objective: ObjectiveInfo, picked: Mark) -> Markup:
    change = view.select_change(picked, objective, relative=True)
    level = numbers.value(picked.point.select.get(objective.name))
    unit = f" {objective.unit}" if objective.unit else ""
    return Markup(
        tag("p", numbers.signed(change, True) if change is not None else level, class_="big unsure")
        + tag("p", "on the select requests, which the search saw", class_="range")
        + tag("p", f"{level}{unit}", class_="level")
    )


def _bound(kept: Any, change: Change, base: float | None) -> float | None:
    """The least change wished for, in the unit of the change: "-2%" or an amount in the objective's own unit."""
    wished = _amount(kept)
    if wished is None or str(kept).rstrip().endswith("%") == change.relative:
        return wished
    return 100 * wished / abs(base) if change.relative and base else None


def _amount(kept: Any) -> float | None:
    found = re.match(r"\s*[-+\u2212]?\d*\.?\d+", str(kept)) if kept is not None else None
    return float(found.group().replace("\u2212", "-")) if found else None


def _bound_text(kept: Any) -> str:
    wished = _amount(kept)
    if wished is None:
        return str(kept)
    unit = f"{numbers.THIN}%" if str(kept).rstrip().endswith("%") else ""
    return f"{'+' if wished > 0 else ''}{numbers.plain(wished)}{unit} or better"


def _trust(view: FrontView, said: bool) -> list[Markup | str]:
    requests: Mapping[str, Any] = view.requests
    users: Mapping[str, Any] = requests.get("users") or {}
    parts: list[Markup | str] = []
    goals = numbers.counted(len(view.objectives), "objective")
    if view.certified:
        seen = [
            numbers.counted(n, noun)
            for n, noun in ((requests.get("certify"), "request"), (users.get("certify"), "user"))
            if n
        ]
        # The pick's own sentence names the requests where there is a pick.
        on = f"on {' of '.join(seen)} that the search never saw, " if seen and not said else ""
        parts.append(
            f"Measured {on}against {view.baseline}. "
            f"The bounds hold for all {len(view.points)} policies and {goals} at once."
        )
    else:
        where = f" ({numbers.counted(requests['select'], 'request')})" if requests.get("select") else ""
        parts.append(f"All numbers below are from the select requests{where}, on which the policies were chosen: "
                     "expect less.")  # fmt: skip
    if _replayed(view.objectives):
        parts.append(" Replay: what a new list scores on old logs; it is not a forecast of clicks or sales.")
    return parts


def _could(view: FrontView, files: RunFiles) -> str:
    """How small a change could have been certified; a run without a pick says it in its reason."""
    sizes: Mapping[str, float] = files.pick.get("detectable") or {}
    labels = {o["name"]: o.get("label") or o["name"] for o in files.front.get("objectives", ())}
    said = [
        f"{labels[o.name]} {numbers.signed(sizes[o.name], change.relative)}"
        for o in view.objectives
        if o.name in sizes and (change := _base_change(view, o)) is not None
    ]
    if not view.certified or not said:
        return ""
    return f" The smallest changes that these requests could certify are about {listed(said)}."


def _base_change(view: FrontView, objective: ObjectiveInfo) -> Change | None:
    base = view.mark(view.baseline)
    return base.point.certify.get(objective.name) if base else None


def _replayed(objectives: Sequence[ObjectiveInfo]) -> bool:
    return any("replay" in o.label for o in objectives)
