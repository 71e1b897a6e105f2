"""Where the names of marks go so that they cover neither each other nor other marks."""

from __future__ import annotations

from dataclasses import dataclass

CHARACTER = 6.1
"""Pixels a character takes at the charts' 11 px, on average over the fonts of the style sheet."""
LINE = 13.0
CROWDED = 30.0
"""Square pixels of other marks and names that a name may cover."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Shared area."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(wide, 0.0) * max(high, 0.0)


@dataclass(frozen=True)
class Label:
    """A placed text: its anchor point and SVG text-anchor."""

    x: float
    y: float
    anchor: str


def dot(x: float, y: float, radius: float) -> Box:
    return Box(x - radius, y - radius, x + radius, y + radius)


def place(
    text: str, x: float, y: float, gap: float, taken: list[Box], frame: Box, *, may_drop: bool = False
) -> Label | None:
    """The least covered of eight places around (x, y) inside `frame`; its box is added to `taken`.

    may_drop: None rather than a name that covers others; the tooltip still has it.
    """
    width, half = len(text) * CHARACTER, LINE / 2
    choices = [
        ("start", x + gap, y),
        ("end", x - gap, y),
        ("middle", x, y - gap - half),
        ("middle", x, y + gap + half),
        ("start", x + gap * 0.7, y - gap - half * 0.6),
        ("end", x - gap * 0.7, y - gap - half * 0.6),
        ("start", x + gap * 0.7, y + gap + half * 0.6),
        ("end", x - gap * 0.7, y + gap + half * 0.6),
    ]
    best: tuple[float, Label, Box] | None = None
    for order, (anchor, left, middle) in enumerate(choices):
        start = left - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        box = Box(start, middle - half, start + width, middle + half)
        inside = box.overlap(frame)
        outside = width * LINE - inside
        cost = sum(box.overlap(other) for other in taken) + 20 * outside + order * 0.5
        if best is None or cost < best[0]:
            best = (cost, Label(left, middle + LINE * 0.29, anchor), box)
    if best is None or (may_drop and best[0] > CROWDED):
        return None
    taken.append(best[2])
    return best[1]
