"""The front: every policy that nothing beats in all objectives, beside the baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from paretorec.front import ObjectiveInfo
from paretorec.report import numbers
from paretorec.report.charts.parallel import Layout, parallel
from paretorec.report.charts.scatter import scatter
from paretorec.report.frames import Frames
from paretorec.report.layout import section
from paretorec.report.markup import Markup, tag
from paretorec.report.sections.card import cards
from paretorec.report.view import Axis, FrontView, Mark

LEGEND = (
    ("point", "circle", "policy of the front"),
    ("picked", "circle", "picked"),
    ("baseline", "square", "baseline"),
    ("signal", "square", "one signal alone"),
    ("other", "diamond", "other run"),
)

Size = tuple[int, int, str]
"""Width and height in pixels, and the class that says on which screens; text is as large on all of them."""
LARGE: Sequence[Size] = ((700, 540, "wide"), (358, 360, "narrow"))
ALONE: Sequence[Size] = ((1120, 560, "wide"), (358, 360, "narrow"))
MOST_PAIRED = 3
"""Objectives up to which every pair of them is drawn."""
SMALL: Mapping[str, Sequence[Size]] = {
    "beside": ((400, 262, "wide"), (358, 262, "narrow")),
    "many": ((358, 262, ""),),
}


def front_section(view: FrontView, maximize: str = "") -> Markup:
    """Charts, legend and the card of the selected policy. maximize: the objective that goes up in the first chart."""
    if not view.objectives or not view.points:
        return section("front", "The front", "The run found no policy.")
    return section(
        "front",
        "The front",
        _lead(view),
        tag("div", _legend(view.marks), zoom(view), class_="controls"),
        _charts(view, maximize),
        cards(view),
    )


def _lead(view: FrontView) -> str:
    count = numbers.counted(len(view.points), "policy", "policies")
    beaten = "None of them is beaten in every objective by another"
    if view.certified:
        bars = f"bars are simultaneous {numbers.percent(view.confidence)} bounds from the certify requests"
        return f"{count}. {beaten}. Zero is the baseline {view.baseline}; {bars}; right and up are better."
    return (
        f"{count}. {beaten}. Values on the select requests with 95{numbers.THIN}% intervals; right and up are better."
    )


def _charts(view: FrontView, maximize: str) -> Markup:
    axes = {o.name: view.axis(o) for o in view.objectives}
    every = list(axes.values())
    if len(every) > 1:
        main, *rest = _pairs(view.objectives, maximize)
        shape = "single" if not rest else "beside" if len(every) <= MOST_PAIRED else "many"
        sizes = LARGE if shape == "beside" else ALONE
        large = _panel(view, axes[main[1].name], axes[main[0].name], every, sizes)
        small = [_panel(view, axes[right.name], axes[up.name], every, SMALL[shape]) for up, right in rest]
        return tag("div", large, tag("div", small, class_="small") if small else None, class_=f"charts {shape}")
    drawn = [
        parallel(view.marks, every, Layout(width), frame=frame, variant=f"{variant} {name}")
        for name, frame in Frames.of(view).items()
        for width, variant in ((1120, "wide"), (358, "narrow"))
    ]
    return tag("div", tag("figure", drawn, class_="panel"), class_="charts single")


def _pairs(objectives: Sequence[ObjectiveInfo], maximize: str) -> list[tuple[ObjectiveInfo, ObjectiveInfo]]:
    """(up, right): every pair of two or three objectives, of more the first with each other one. The objective that
    is maximised goes up and comes first."""
    first, *others = sorted(objectives, key=lambda o: o.name != maximize)
    if len(objectives) > MOST_PAIRED:
        return [(first, other) for other in others]
    return list(combinations((first, *others), 2))


def _panel(view: FrontView, x: Axis, y: Axis, tips: Sequence[Axis], sizes: Sequence[Size]) -> Markup:
    drawn = [
        scatter(view.marks, x, y, tips, width=width, height=height, frame=frame, origin=view.baseline,
                variant=f"{variant} {name}")
        for name, frame in Frames.of(view).items()
        for width, height, variant in sizes
    ]  # fmt: skip
    return tag("figure", drawn, class_="panel")


def zoom(view: FrontView) -> Markup:
    """Buttons that say which part of the front all charts show."""
    if not Frames.of(view).near:
        return Markup("")
    return tag(
        "div",
        tag("button", "Close to the pick" if view.picked else "Close to the baseline", type="button", data_zoom="near",
            aria_pressed="true"),
        tag("button", "Whole front", type="button", data_zoom="all", aria_pressed="false"),
        class_="zoom",
        role="group",
        aria_label="Part of the front that is shown",
    )  # fmt: skip


def _legend(marks: Sequence[Mark]) -> Markup:
    roles = {mark.role for mark in marks} | ({"picked"} if any(mark.picked for mark in marks) else set())
    entries = []
    for role, form, meaning in LEGEND:
        if role not in roles:
            continue
        classes = "mark point picked" if role == "picked" else f"mark {role}"
        body = {
            "circle": tag("circle", class_="shape", cx=8, cy=8, r=4.5),
            "square": tag("rect", class_="shape", x=4, y=4, width=8, height=8),
            "diamond": tag("path", class_="shape", d="M8 3l5 5l-5 5l-5 -5z"),
        }[form]
        icon = tag("svg", tag("g", body, class_=classes), class_="chart key", viewBox="0 0 16 16", aria_hidden="true")
        entries.append(tag("li", icon, meaning))
    return tag("ul", entries, class_="legend")
