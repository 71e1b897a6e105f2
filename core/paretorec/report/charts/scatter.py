"""Two objectives against each other: policies, baselines, error bars, the pick."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from paretorec.report.charts.labels import Box, dot, place
from paretorec.report.charts.marks import arrow, describe, group, shape
from paretorec.report.charts.scale import Scale, domain
from paretorec.report.markup import Markup, tag
from paretorec.report.view import Axis, Interval, Mark

LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 34.0, 44.0
INSET = 6.0
"""How far inside the frame the arrows stand that point to marks outside it."""


def scatter(
    marks: Sequence[Mark],
    x: Axis,
    y: Axis,
    tips: Sequence[Axis],
    *,
    width: int,
    height: int,
    frame: Collection[str],
    origin: str = "",
    variant: str = "",
) -> Markup:
    """An SVG whose domain holds the marks in `frame`.

    origin: id of the baseline, through which the cross is drawn. variant: CSS class that says when it is shown.
    """
    placed = [mark for mark in marks if mark.id in x.places and mark.id in y.places]
    across, up = _scale(x, frame, LEFT, width - RIGHT), _scale(y, frame, height - BOTTOM, TOP)
    inner = Box(LEFT, TOP, width - RIGHT, height - BOTTOM)
    # Where only a part is shown, signals outside it are arrows at the edge, and other policies are left out.
    shown = [
        mark
        for mark in placed
        if mark.role in {"baseline", "signal"} or _inside(x.places[mark.id], y.places[mark.id], across, up)
    ]
    drawn = sorted(shown, key=lambda mark: (mark.picked, mark.role == "baseline", mark.role == "point"))
    names = f"{y.objective.label} against {x.objective.label}"
    return tag(
        "svg",
        tag("title", f"{names}: {len(shown)} policies; right and up are better"),
        _frame(x, y, across, up, inner, shown, origin),
        tag("g", [_bars(mark, x.places[mark.id], y.places[mark.id], across, up) for mark in drawn], class_="bars"),
        [_mark(mark, x, y, across, up, inner, tips) for mark in drawn],
        _labels(drawn, x, y, across, up, inner),
        class_=f"chart scatter {variant}".strip(),
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=names,
        xmlns="http://www.w3.org/2000/svg",
    )


def _scale(axis: Axis, frame: Collection[str], start: float, end: float) -> Scale:
    inside = [place for name, place in axis.places.items() if name in frame]
    low, high = domain([number for place in inside for number in place])
    return Scale(high, low, start, end) if axis.falling else Scale(low, high, start, end)


def _frame(x: Axis, y: Axis, across: Scale, up: Scale, inner: Box, marks: Sequence[Mark], origin: str) -> Markup:
    parts: list[Markup] = []
    for tick in _ticks(across, (inner.right - inner.left) / 70):
        at = across(tick)
        parts.append(tag("line", class_="grid", x1=at, x2=at, y1=inner.top, y2=inner.bottom))
        parts.append(tag("text", x.tick(tick), class_="tick", x=at, y=inner.bottom + 15, text_anchor="middle"))
    for tick in _ticks(up, (inner.bottom - inner.top) / 46):
        at = up(tick)
        parts.append(tag("line", class_="grid", x1=inner.left, x2=inner.right, y1=at, y2=at))
        parts.append(tag("text", y.tick(tick), class_="tick", x=inner.left - 7, y=at + 3.8, text_anchor="end"))
    if any(mark.id == origin for mark in marks):
        parts.append(_cross(x.places[origin].middle, y.places[origin].middle, across, up, inner))
    parts.append(tag("text", f"\u2191 {y.title}", class_="title", x=2, y=15))
    parts.append(
        tag("text", f"{x.title} \u2192", class_="title", x=inner.right, y=inner.bottom + 36, text_anchor="end")
    )
    return tag("g", parts, class_="frame", aria_hidden="true")


def _cross(zero_x: float, zero_y: float, across: Scale, up: Scale, inner: Box) -> Markup:
    """Lines through the baseline, and a tint where both objectives are better than it."""
    left = min(max(across(zero_x), inner.left), inner.right)
    bottom = min(max(up(zero_y), inner.top), inner.bottom)
    parts = [tag("rect", class_="better", x=left, y=inner.top, width=inner.right - left, height=bottom - inner.top)]
    if inner.left < left < inner.right:
        parts.append(tag("line", class_="cross", x1=left, x2=left, y1=inner.top, y2=inner.bottom))
    if inner.top < bottom < inner.bottom:
        parts.append(tag("line", class_="cross", x1=inner.left, x2=inner.right, y1=bottom, y2=bottom))
    return tag("g", parts)


def _ticks(scale: Scale, about: float) -> list[float]:
    rising = Scale(min(scale.low, scale.high), max(scale.low, scale.high), 0, 1)
    return rising.ticks(max(2, round(about)))


def _inside(x: Interval, y: Interval, across: Scale, up: Scale) -> bool:
    return _holds(across, x.middle) and _holds(up, y.middle)


def _holds(scale: Scale, number: float) -> bool:
    return min(scale.low, scale.high) <= number <= max(scale.low, scale.high)


def _clip(scale: Scale, number: float) -> float:
    return scale(min(max(number, min(scale.low, scale.high)), max(scale.low, scale.high)))


def _bars(mark: Mark, x: Interval, y: Interval, across: Scale, up: Scale) -> Markup:
    if mark.role == "other" or not _inside(x, y, across, up):
        return Markup("")
    at_x, at_y = across(x.middle), up(y.middle)
    lines = []
    if x.high > x.low:
        lines.append(tag("line", x1=_clip(across, x.low), x2=_clip(across, x.high), y1=at_y, y2=at_y))
    if y.high > y.low:
        lines.append(tag("line", x1=at_x, x2=at_x, y1=_clip(up, y.low), y2=_clip(up, y.high)))
    return tag("g", lines, class_=f"bar{' picked' if mark.picked else ''}", data_id=mark.id)


def _mark(mark: Mark, x: Axis, y: Axis, across: Scale, up: Scale, inner: Box, tips: Sequence[Axis]) -> Markup:
    at_x, at_y = x.places[mark.id], y.places[mark.id]
    tip, (px, py) = describe(mark, tips), _spot(at_x, at_y, across, up, inner)
    target = tag("circle", class_="target", cx=px, cy=py, r=11)
    if _inside(at_x, at_y, across, up):
        return group(mark, tip, target, shape(mark, px, py))
    right = 0 if _holds(across, at_x.middle) else (1 if px > (inner.left + inner.right) / 2 else -1)
    higher = 0 if _holds(up, at_y.middle) else (1 if py < (inner.top + inner.bottom) / 2 else -1)
    return group(mark, tip, target, arrow(px, py, right, higher), extra="outside")


def _spot(x: Interval, y: Interval, across: Scale, up: Scale, inner: Box) -> tuple[float, float]:
    """Where the mark is drawn; one outside the frame stands a little inside its edge."""
    px, py = _clip(across, x.middle), _clip(up, y.middle)
    if _inside(x, y, across, up):
        return px, py
    return (
        min(max(px, inner.left + INSET), inner.right - INSET),
        min(max(py, inner.top + INSET), inner.bottom - INSET),
    )


def _labels(marks: Sequence[Mark], x: Axis, y: Axis, across: Scale, up: Scale, inner: Box) -> Markup:
    at = {m.id: _spot(x.places[m.id], y.places[m.id], across, up, inner) for m in marks}
    taken = [dot(*at[mark.id], 5) for mark in marks]
    for mark in marks:
        if mark.role != "other" and _inside(x.places[mark.id], y.places[mark.id], across, up):
            taken += _bar_boxes(*at[mark.id], x.places[mark.id], y.places[mark.id], across, up)
    named = [mark for mark in reversed(marks) if mark.picked or mark.role in {"baseline", "signal"}]
    texts = []
    for mark in named:
        dispensable = mark.role == "signal" and not mark.picked
        spot = place(mark.label, *at[mark.id], 11.0 if mark.picked else 8.0, taken, inner, may_drop=dispensable)
        if spot:
            classes = f"name {mark.role}{' picked' if mark.picked else ''}"
            texts.append(tag("text", mark.label, class_=classes, x=spot.x, y=spot.y, text_anchor=spot.anchor))
    return tag("g", texts, class_="names", aria_hidden="true")


def _bar_boxes(at_x: float, at_y: float, x: Interval, y: Interval, across: Scale, up: Scale) -> list[Box]:
    ends_x, ends_y = (
        sorted(_clip(across, end) for end in (x.low, x.high)),
        sorted(_clip(up, end) for end in (y.low, y.high)),
    )
    return [Box(ends_x[0], at_y - 1, ends_x[1], at_y + 1), Box(at_x - 1, ends_y[0], at_x + 1, ends_y[1])]
