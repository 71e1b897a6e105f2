"""The front as one picture that stands alone, as in a README."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paretorec.report import numbers
from paretorec.report.charts.parallel import parallel
from paretorec.report.charts.scatter import scatter
from paretorec.report.frames import Frames
from paretorec.report.markup import Markup, tag
from paretorec.report.page import asset
from paretorec.report.view import FrontView

WIDTH, HEIGHT = 860, 520


def front_svg(front: Mapping[str, Any], pick: str | None = None) -> str:
    """A standalone SVG of the content of `front.json`: policies, baselines and error bars, light and dark.

    Two or three objectives are a scatter of the first two (the second up), more are parallel coordinates.
    pick: id of the point to highlight.
    """
    view = FrontView.parse(front, pick)
    axes = [view.axis(o) for o in view.objectives]
    if len(axes) in {2, 3}:
        frame = Frames.of(view).items()[0][1]
        chart = scatter(
            view.marks, axes[0], axes[1], axes, width=WIDTH, height=HEIGHT, frame=frame, origin=view.baseline
        )
        height = HEIGHT
    else:
        chart = parallel(view.marks, axes, width=WIDTH)
        height = 40 + 78 * max(len(axes) - 1, 0) + 34
    said = f"{len(view.points)} policies of a Pareto front"
    note = f", simultaneous {numbers.percent(view.confidence)} bounds" if view.certified else ", not certified"
    margin = 20
    return tag(
        "svg",
        tag("title", said + note),
        tag("style", Markup(asset("chart.css"))),
        tag("rect", class_="paper", width="100%", height="100%", rx=10),
        tag("svg", chart, x=margin, y=margin, width=WIDTH, height=height),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH + 2 * margin} {height + 2 * margin}",
        width=WIDTH + 2 * margin,
        height=height + 2 * margin,
        role="img",
        class_="alone",
    )
