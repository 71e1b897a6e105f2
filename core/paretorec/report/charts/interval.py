"""One change with its interval, as a small picture beside the number."""

from __future__ import annotations

from paretorec.report.charts.scale import Scale
from paretorec.report.markup import Markup, tag


def interval(low: float, middle: float, high: float, limits: tuple[float, float], bound: float | None = None) -> Markup:
    """A bar from low to high with a dot at the middle, zero marked, and the least change wished for as a tick.

    limits: the domain, shared by pictures that are to be compared.
    """
    width, height = 220.0, 22.0
    scale = Scale(limits[0], limits[1], 6, width - 6)
    y = height / 2
    left, right = scale(scale.clip(low)), scale(scale.clip(high))
    return tag(
        "svg",
        tag("line", class_="rail", x1=6, x2=width - 6, y1=y, y2=y),
        tag("line", class_="zero", x1=scale(0), x2=scale(0), y1=2, y2=height - 2) if scale.holds(0) else None,
        tag("line", class_="bound", x1=scale(bound), x2=scale(bound), y1=3, y2=height - 3)
        if bound is not None and scale.holds(bound)
        else None,
        tag("line", class_="range", x1=left, x2=right, y1=y, y2=y),
        tag("circle", class_="dot", cx=scale(scale.clip(middle)), cy=y, r=4.5),
        class_="interval",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        aria_hidden="true",
    )
