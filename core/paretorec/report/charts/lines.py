"""Curves against a cost: hypervolume by evaluations or seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paretorec.report import numbers
from paretorec.report.charts.scale import Scale, domain
from paretorec.report.markup import Markup, tag

LEFT, RIGHT, TOP, BOTTOM = 50.0, 16.0, 34.0, 44.0


@dataclass(frozen=True)
class Curve:
    """One run of a search; `main` is drawn in the accent colour."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    main: bool


def lines(curves: Sequence[Curve], x_title: str, y_title: str, *, width: int, height: int, variant: str = "") -> Markup:
    """Steps (a value holds until the next is found), each named at its end."""
    across = Scale(0, max((x for c in curves for x in c.x), default=1) or 1, LEFT, width - RIGHT)
    low, high = domain([y for c in curves for y in c.y])
    up = Scale(low, high, height - BOTTOM, TOP)
    floor, edge = height - BOTTOM, width - RIGHT
    frame = [
        [tag("line", class_="grid", x1=LEFT, x2=edge, y1=up(t), y2=up(t)) for t in up.ticks(5)],
        [
            tag("text", numbers.plain(t), class_="tick", x=LEFT - 7, y=up(t) + 3.8, text_anchor="end")
            for t in up.ticks(5)
        ],
        [
            tag("text", numbers.plain(t), class_="tick", x=across(t), y=floor + 15, text_anchor="middle")
            for t in across.ticks(max(3, round(width / 100)))
        ],
        tag("line", class_="rail", x1=LEFT, x2=edge, y1=floor, y2=floor),
        tag("text", f"\u2191 {y_title}", class_="title", x=2, y=15),
        tag("text", f"{x_title} \u2192", class_="title", x=edge, y=floor + 36, text_anchor="end"),
    ]
    return tag(
        "svg",
        tag("title", f"{y_title} against {x_title}"),
        tag("g", frame, class_="frame", aria_hidden="true"),
        [_curve(curve, across, up) for curve in sorted(curves, key=lambda c: c.main)],
        _names(curves, across, up),
        class_=f"chart lines {variant}".strip(),
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"{y_title} against {x_title}",
        xmlns="http://www.w3.org/2000/svg",
    )


def _curve(curve: Curve, across: Scale, up: Scale) -> Markup:
    if not curve.x:
        return Markup("")
    steps = [f"M{across(curve.x[0]):.1f} {up(curve.y[0]):.1f}"]
    for x, y in zip(curve.x[1:], curve.y[1:], strict=True):
        steps.append(f"H{across(x):.1f}V{up(y):.1f}")
    return tag("path", class_=f"curve{' main' if curve.main else ''}", d="".join(steps))


def _names(curves: Sequence[Curve], across: Scale, up: Scale) -> Markup:
    """Names over the ends of the curves; the lower of two goes below its curve."""
    ended = sorted((c for c in curves if c.x), key=lambda c: -c.y[-1])
    texts = []
    for rank, curve in enumerate(ended):
        below = rank > 0
        texts.append(
            tag("text", curve.name, class_=f"name{' main' if curve.main else ''}", x=across(curve.x[-1]),
                y=up(curve.y[-1]) + (16 if below else -8), text_anchor="end")
        )  # fmt: skip
    return tag("g", texts, class_="names")
