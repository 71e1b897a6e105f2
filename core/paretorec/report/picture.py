"""The front as one picture that stands alone, as in a README."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paretorec.report import numbers
from paretorec.report.charts.parallel import Layout, parallel
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
        layout = Layout(WIDTH)
        chart = parallel(view.marks, axes, layout, frame=Frames.of(view).items()[0][1])
        height = layout.height(len(axes))
    title, note = _captions(view)
    margin, head = 24, 64
    return tag(
        "svg",
        tag("title", f"{title}. {note}"),
        tag("style", Markup(asset("chart.css"))),
        tag("rect", class_="paper", width="100%", height="100%", rx=10),
        tag("text", title, class_="headline", x=margin, y=34),
        tag("text", note, class_="subline", x=margin, y=55),
        tag("svg", chart, x=margin, y=margin + head - 10, width=WIDTH, height=height),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH + 2 * margin} {height + 2 * margin + head - 10}",
        width=WIDTH + 2 * margin,
        height=height + 2 * margin + head - 10,
        role="img",
        class_="alone",
    )


def _captions(view: FrontView) -> tuple[str, str]:
    count = numbers.counted(len(view.points), "policy", "policies")
    third = f" {view.objectives[2].label} is the third objective." if len(view.objectives) == 3 else ""
    squares = "Squares: one signal alone"
    if view.certified:
        bars = f"bars: simultaneous {numbers.percent(view.confidence)} bounds on requests that the search never saw"
    else:
        bars = "not certified"
    return f"{count}, none beaten in every objective by another", f"{squares}; {bars}.{third}"
