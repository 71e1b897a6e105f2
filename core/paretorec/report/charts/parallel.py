"""Parallel coordinates for more than three objectives: one level line per objective, right is better."""

from __future__ import annotations

from collections.abc import Sequence

from paretorec.report.charts.marks import describe, group, shape
from paretorec.report.charts.scale import Scale, domain
from paretorec.report.markup import Markup, tag
from paretorec.report.view import Axis, Mark


def parallel(marks: Sequence[Mark], axes: Sequence[Axis], *, width: int, row: int = 78, variant: str = "") -> Markup:
    """Axes lie level, one below the other, so that their names stay readable on a narrow screen.

    Each policy is a line from top to bottom through its places; error bars are drawn for the pick alone and,
    by the script, for the policy under the pointer.
    """
    left, right, top = 14.0, width - 14.0, 40.0
    scales = [_scale(axis, left, right) for axis in axes]
    heights = [top + row * i for i in range(len(axes))]
    height = int(top + row * (len(axes) - 1) + 34)
    drawn = sorted(marks, key=lambda mark: (mark.picked, mark.role == "point", mark.role == "baseline"))
    return tag(
        "svg",
        tag("title", f"{len(marks)} policies over {len(axes)} objectives; right is better"),
        [_axis(axis, scale, y) for axis, scale, y in zip(axes, scales, heights, strict=True)],
        [_line(mark, axes, scales, heights) for mark in drawn],
        class_=f"chart parallel {variant}".strip(),
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"Parallel coordinates of {len(axes)} objectives",
        xmlns="http://www.w3.org/2000/svg",
    )


def _scale(axis: Axis, left: float, right: float) -> Scale:
    low, high = domain([place.middle for place in axis.places.values()], 0.03)
    return Scale(high, low, left, right) if axis.falling else Scale(low, high, left, right)


def _axis(axis: Axis, scale: Scale, y: float) -> Markup:
    rising = Scale(min(scale.low, scale.high), max(scale.low, scale.high), 0, 1)
    ticks = rising.ticks(max(3, round((scale.end - scale.start) / 90)))
    return tag(
        "g",
        tag("line", class_="rail", x1=scale.start, x2=scale.end, y1=y, y2=y),
        [tag("line", class_="rail", x1=scale(t), x2=scale(t), y1=y - 3, y2=y + 3) for t in ticks],
        [tag("text", axis.tick(t), class_="tick", x=scale(t), y=y + 17, text_anchor="middle") for t in ticks],
        tag("text", f"{axis.title} \u2192", class_="title halo", x=scale.start - 12, y=y - 14),
        class_="frame",
        aria_hidden="true",
    )


def _line(mark: Mark, axes: Sequence[Axis], scales: Sequence[Scale], heights: Sequence[float]) -> Markup:
    known = [(a, s, y) for a, s, y in zip(axes, scales, heights, strict=True) if mark.id in a.places]
    spots = [(scale(axis.places[mark.id].middle), y) for axis, scale, y in known]
    if not spots:
        return Markup("")
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    bars = []
    if mark.role != "other":
        for axis, scale, y in known:
            place = axis.places[mark.id]
            ends = sorted(min(max(scale(end), scale.start), scale.end) for end in (place.low, place.high))
            bars.append(tag("line", x1=ends[0], x2=ends[1], y1=y, y2=y))
    return group(
        mark,
        describe(mark, axes),
        tag("path", class_="reach", d=path),
        tag("path", class_="thread", d=path),
        tag("g", bars, class_="bar"),
        *[shape(mark, x, y, 3.2) for x, y in spots],
    )
