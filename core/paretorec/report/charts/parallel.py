"""Parallel coordinates: one level line per objective, right is better."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from paretorec.report.charts.marks import describe, group, shape
from paretorec.report.charts.scale import Scale, domain
from paretorec.report.markup import Markup, tag
from paretorec.report.view import Axis, Mark

TOP, BOTTOM = 44.0, 30.0


@dataclass(frozen=True)
class Layout:
    """Where the axes lie: `row` pixels below each other, `margin` from both sides."""

    width: int
    row: int = 78
    margin: float = 8.0

    def height(self, axes: int) -> int:
        """Of the whole picture."""
        return int(TOP + self.row * (axes - 1) + BOTTOM)

    def y(self, axis: int) -> float:
        return TOP + self.row * axis


def parallel(
    marks: Sequence[Mark],
    axes: Sequence[Axis],
    layout: Layout,
    *,
    frame: Collection[str] = (),
    domains: Sequence[tuple[float, float]] = (),
    variant: str = "",
) -> Markup:
    """Axes lie level, one below the other, so that their names stay readable on a narrow screen.

    Each policy is a line from top to bottom through its places. With `frame` only the policies in it are drawn, and
    the axes reach as far as they do; with `domains` all are, and the axes reach as far as said. What lies beyond is
    held at the ends. Error bars are drawn for the pick alone and, by the script, for the policy under the pointer.
    """
    left, right = layout.margin, layout.width - layout.margin
    scales = (
        [Scale(low, high, left, right) for low, high in domains]
        if domains
        else [_scale(axis, frame, left, right) for axis in axes]
    )
    heights = [layout.y(i) for i in range(len(axes))]
    width, height = layout.width, layout.height(len(axes))
    shown = [mark for mark in marks if domains or mark.id in frame or mark.role != "point"]
    drawn = sorted(shown, key=lambda mark: (mark.picked, mark.role == "baseline", mark.role == "point"))
    return tag(
        "svg",
        tag("title", f"{len(shown)} policies over {len(axes)} objectives; right is better"),
        tag("g", [_rail(axis, scale, y) for axis, scale, y in zip(axes, scales, heights, strict=True)], class_="frame"),
        [_line(mark, axes, scales, heights) for mark in drawn],
        [_names(axis, scale, y) for axis, scale, y in zip(axes, scales, heights, strict=True)],
        class_=f"chart parallel {variant}".strip(),
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"Parallel coordinates of {len(axes)} objectives",
        data_axes=_described(axes, scales, heights) if domains else None,
        xmlns="http://www.w3.org/2000/svg",
    )


def _scale(axis: Axis, frame: Collection[str], left: float, right: float) -> Scale:
    low, high = domain([place.middle for name, place in axis.places.items() if name in frame], 0.06)
    return Scale(high, low, left, right) if axis.falling else Scale(low, high, left, right)


def _described(axes: Sequence[Axis], scales: Sequence[Scale], heights: Sequence[float]) -> str:
    """For the script, which moves the lines when the confidence changes."""
    rows = zip(axes, scales, heights, strict=True)
    return json.dumps(
        [{"name": a.objective.name, "low": s.low, "high": s.high, "start": s.start, "end": s.end, "y": y}
         for a, s, y in rows]
    )  # fmt: skip


def _ticks(scale: Scale) -> list[float]:
    rising = Scale(min(scale.low, scale.high), max(scale.low, scale.high), 0, 1)
    return rising.ticks(max(3, round((scale.end - scale.start) / 90)))


def _rail(axis: Axis, scale: Scale, y: float) -> Markup:
    ticks = [tag("line", class_="rail", x1=scale(t), x2=scale(t), y1=y - 3, y2=y + 3) for t in _ticks(scale)]
    return tag("g", tag("line", class_="rail", x1=scale.start, x2=scale.end, y1=y, y2=y), ticks)


def _names(axis: Axis, scale: Scale, y: float) -> Markup:
    """Over the lines, with a halo, so that both can be read."""
    inside = [t for t in _ticks(scale) if scale.start + 12 < scale(t) < scale.end - 12]
    return tag(
        "g",
        [tag("text", axis.tick(t), class_="tick halo", x=scale(t), y=y + 18, text_anchor="middle") for t in inside],
        tag("text", f"{axis.title} \u2192", class_="title halo", x=0, y=y - 14),
        class_="over",
        aria_hidden="true",
    )


def _line(mark: Mark, axes: Sequence[Axis], scales: Sequence[Scale], heights: Sequence[float]) -> Markup:
    known = [(a, s, y) for a, s, y in zip(axes, scales, heights, strict=True) if mark.id in a.places]
    spots = [(_held(scale, axis.places[mark.id].middle), y) for axis, scale, y in known]
    if not spots:
        return Markup("")
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    bars = []
    if mark.role != "other":
        for axis, scale, y in known:
            place = axis.places[mark.id]
            ends = sorted(_held(scale, end) for end in (place.low, place.high))
            bars.append(tag("line", x1=ends[0], x2=ends[1], y1=y, y2=y))
    return group(
        mark,
        describe(mark, axes),
        tag("path", class_="reach", d=path),
        tag("path", class_="thread", d=path),
        tag("g", bars, class_="bar"),
        *[shape(mark, x, y, 3.2) for x, y in spots],
    )


def _held(scale: Scale, number: float) -> float:
    return min(max(scale(number), scale.start), scale.end)
