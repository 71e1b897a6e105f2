"""The shapes of marks, the same in every chart: dot = policy, square = single signal, diamond = other run."""

from __future__ import annotations

from collections.abc import Sequence

from paretorec.report.markup import Markup, tag
from paretorec.report.view import Axis, Mark


def describe(mark: Mark, axes: Sequence[Axis], bars: bool = True) -> str:
    """One line per objective: what a tooltip and a screen reader say."""
    role = {"point": "policy", "baseline": "baseline", "signal": "single signal", "other": "other run"}[mark.role]
    lines = [f"{mark.id}, {'picked' if mark.picked else role}"]
    for axis in axes:
        place = axis.places.get(mark.id)
        if place is None:
            continue
        line = f"{axis.objective.label}: {axis.show(place.middle)}"
        if bars and place.high > place.low:
            line += f" [{axis.show(place.low)}, {axis.show(place.high)}]"
        lines.append(line)
    return "\n".join(lines)


def shape(mark: Mark, x: float, y: float, size: float = 4.5) -> Markup:
    """The mark's shape centred on (x, y)."""
    if mark.role in {"baseline", "signal"}:
        half = size * 0.95
        return tag("rect", class_="shape", x=x - half, y=y - half, width=2 * half, height=2 * half)
    if mark.role == "other":
        reach = size * 1.15
        path = f"M{x:.2f} {y - reach:.2f}l{reach:.2f} {reach:.2f}l{-reach:.2f} {reach:.2f}l{-reach:.2f} {-reach:.2f}z"
        return tag("path", class_="shape", d=path)
    return tag("circle", class_="shape", cx=x, cy=y, r=size)


def group(mark: Mark, tip: str, *children: Markup, extra: str = "") -> Markup:
    """All that belongs to one mark, with its tooltip; the script finds it by ``data-id``."""
    classes = f"mark {mark.role}{' picked' if mark.picked else ''}{' ' + extra if extra else ''}"
    return tag("g", tag("title", tip), *children, class_=classes, data_id=mark.id)


def arrow(x: float, y: float, right: int, up: int, size: float = 4.5) -> Markup:
    """A triangle at the frame's edge that points to a mark outside it; `right` and `up` are -1, 0 or 1."""
    length = (right * right + up * up) ** 0.5
    dx, dy = right / length * size, -up / length * size
    tip = f"M{x + dx:.2f} {y + dy:.2f}"
    return tag(
        "path", class_="shape", d=f"{tip}L{x - dx - dy:.2f} {y - dy + dx:.2f}L{x - dx + dy:.2f} {y - dy - dx:.2f}z"
    )
