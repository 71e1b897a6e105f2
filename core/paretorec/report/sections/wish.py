"""Other wishes: what every policy promises, as parallel axes on which limits are set. Without a script, a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from paretorec.pick import Promises
from paretorec.report import numbers
from paretorec.report.charts.parallel import Layout, parallel
from paretorec.report.charts.scale import domain
from paretorec.report.frames import Frames
from paretorec.report.layout import section
from paretorec.report.live import as_json, kept_amounts, live_data
from paretorec.report.markup import Markup, tag
from paretorec.report.run_files import RunFiles
from paretorec.report.sections.front import zoom
from paretorec.report.view import Axis, FrontView, Interval

LAYOUTS = ((Layout(1120, 84, 12), "wide"), (Layout(358, 84, 12), "narrow"))
"""Rows are as high on every screen, so that one set of sliders lies over both pictures."""
STEPS = 200
"""Positions of a slider, about: steps are round numbers."""

Domain = tuple[float, float, float]
"""Least and largest number on an axis, and the step of its slider."""


def wish_section(view: FrontView, files: RunFiles, promises: Promises | None) -> Markup:
    """Choose what to have more of, set least changes on the axes, take the policy. Nothing where no other wish can be
    answered."""
    if promises is None:
        return Markup("")
    axes = [_axis(view, promises, name) for name in promises.names]
    frames = {name: _domains(axes, ids, files, promises) for name, ids in Frames.of(view).items()}
    sure = (
        [", ", tag("span", numbers.percent(promises.confidence), id="level"), " sure of all at once"]
        if view.certified
        else ""
    )
    what = "promises at the least" if view.certified else "changes on the select requests, which the search saw"
    hint = "Say what you want more of and drag the limits: the sentence at the top follows, and policies that keep "
    hint += "less than asked fade. Trying costs nothing, every bound holds at once." if view.certified else "less fade."
    return section(
        "wish",
        "What do you want?",
        [f"Each line is a policy, its place on an axis what it {what}", sure, ". Right is better. ",
         tag("span", hint, class_="scripted")],
        _controls(files, promises, view),
        tag(
            "div",
            tag(
                "figure",
                [
                    parallel(_drawn(view), axes, layout, domains=[d[:2] for d in domains], variant=f"{size} {name}")
                    for name, domains in frames.items()
                    for layout, size in LAYOUTS
                ],
                [_slider(axis, i, len(axes), frames) for i, axis in enumerate(axes)],
                class_="panel axes",
            ),
            class_="charts single",
        ),
        _answer(files, promises),
        tag("script", as_json(live_data(promises, files)), type="application/json", id="front-data"),
    )  # fmt: skip


def _drawn(view: FrontView) -> list[Any]:
    """Single signals stand outside: their bounds are a family of their own."""
    return [mark for mark in view.marks if mark.role in {"point", "baseline"}]


def _axis(view: FrontView, promises: Promises, name: str) -> Axis:
    objective = next(o for o in view.objectives if o.name == name)
    places = {}
    for mark in _drawn(view):
        change = promises.changes[mark.id][name]
        places[mark.id] = Interval(change.low, change.low, change.high)
    what = "promised change" if view.certified else "change"
    return Axis(objective, "relative" if promises.relative(name) else "absolute", places, what)


def _domains(axes: Sequence[Axis], ids: frozenset[str], files: RunFiles, promises: Promises) -> list[Domain]:
    kept = kept_amounts(promises, files)
    out = []
    for axis in axes:
        lows = [place.middle for name, place in axis.places.items() if name in ids]
        name = axis.objective.name
        low, high = domain([*lows, *((kept[name],) if name in kept else ())], 0.06)
        step = 10.0 ** math.floor(math.log10((high - low) / STEPS))
        out.append((round(math.floor(low / step) * step, 12), round(math.ceil(high / step) * step, 12), step))
    return out


def _slider(axis: Axis, place: int, count: int, frames: Mapping[str, Sequence[Domain]]) -> Markup:
    """A range input over the axis; all the way to the left there is no limit."""
    layout = LAYOUTS[0][0]
    domains = {name or "near": domains[place] for name, domains in frames.items()}
    low, high, step = domains["near"]
    return tag(
        "input",
        type="range",
        class_="limit scripted",
        min=repr(low),
        max=repr(high),
        step=f"{step:g}",
        value=repr(low),
        style=f"top: {100 * layout.y(place) / layout.height(count):.3f}%",
        data_objective=axis.objective.name,
        data_domains=json.dumps(domains),
        aria_label=f"{axis.objective.label}: least change",
    )


def _controls(files: RunFiles, promises: Promises, view: FrontView) -> Markup:
    more = [tag("option", f"more {promises.label(name)}", value=name) for name in promises.names]
    ways = [
        *(more if len(promises.names) > 1 else more[:1]),
        tag("option", "more of all goals alike", value="*equal"),
        tag("option", "the balance (knee)", value="*knee"),
    ]
    standing = files.pick.get("way")
    if standing not in {None, "maximize", "equal", "knee"}:
        ways.insert(0, tag("option", f"as the run was asked ({str(standing).replace('_', ' ')})", value="*standing"))
    levels = [
        tag("option", numbers.percent(entry["confidence"]), value=repr(entry["confidence"]))
        for entry in live_data(promises, files)["confidences"]
    ]
    return tag(
        "div",
        tag("label", "I want ", tag("select", ways, id="more"), class_="choice"),
        tag("label", "sure to ", tag("select", levels, id="sure"), class_="choice") if view.certified else None,
        tag("button", "No limits", type="button", id="unlimited", class_="plain"),
        tag("button", "Back to the run's wish", type="button", id="standing", class_="plain"),
        zoom(view),
        class_="controls scripted",
    )


def _answer(files: RunFiles, promises: Promises) -> Markup:
    """The chosen policy in one line, to be taken away as a file."""
    picked = next((p for p in promises.front.points if p.id == files.pick.get("point")), None)
    return tag(
        "div",
        tag("p", tag("b", f"Policy {picked.id}" if picked else "No policy qualifies", id="answer"),
            tag("span", "", id="answer-why"), aria_live="polite"),
        tag("a", "Download the policy", id="download", class_="button", hidden=picked is None,
            download=f"policy-{picked.id}.json" if picked else "policy.json",
            href=data_address(picked.policy) if picked else "#wish"),
        tag("code", "", id="command", class_="scripted"),
        class_="answer",
    )  # fmt: skip


def data_address(policy: Mapping[str, Any]) -> str:
    """A policy file inside the page: saving it needs neither a script nor the network."""
    return f"data:application/json;charset=utf-8,{quote(json.dumps(policy, indent=1, ensure_ascii=False))}"
