"""Which part of the front a chart shows: all of it, or the neighbourhood that a decision is about.

A front reaches from policies that give up nearly everything in one objective to policies that give up nothing; drawn
whole, the few percent around the baseline that a decision is about shrink to a dot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from paretorec.report.view import Axis, FrontView

WORTHWHILE = 2.0
"""A close-up is offered where it makes some axis at least this many times larger."""

ENOUGH = 8
"""Policies below which the whole front is no crowd."""


@dataclass(frozen=True)
class Frames:
    """Ids that have to be inside the picture. `near` is empty where a close-up shows nothing more."""

    whole: frozenset[str]
    near: frozenset[str]

    def items(self) -> list[tuple[str, frozenset[str]]]:
        """(CSS class, ids); the first is shown at the start."""
        if self.near:
            return [("near", self.near), ("all", self.whole)]
        return [("", self.whole)]

    @classmethod
    def of(cls, view: FrontView) -> Frames:
        """Near: the half of the front that is nearest to the pick, or to the baseline where nothing is picked.

        Distances are Euclidean over the objectives, each as a share of the front's range.
        """
        axes = [view.axis(o) for o in view.objectives]
        points = [m.id for m in view.points if all(m.id in axis.places for axis in axes)]
        fixed = {m.id for m in view.marks if m.role == "baseline" or m.picked}
        whole = frozenset({*points, *fixed})
        centre = view.picked.id if view.picked else view.baseline
        if len(points) < ENOUGH or not all(centre in axis.places for axis in axes):
            return cls(whole, frozenset())
        widths = [_width(axis, frozenset(points)) or 1.0 for axis in axes]

        def distance(name: str) -> float:
            steps = [(a.places[name].middle - a.places[centre].middle) / w for a, w in zip(axes, widths, strict=True)]
            return math.hypot(*steps)

        near = frozenset({*sorted(points, key=distance)[: len(points) // 2], *fixed})
        gain = max(_width(axis, whole) / max(_width(axis, near), 1e-12) for axis in axes)
        return cls(whole, near if gain >= WORTHWHILE else frozenset())


def _width(axis: Axis, ids: frozenset[str]) -> float:
    middles = [axis.places[i].middle for i in ids if i in axis.places]
    return max(middles) - min(middles) if middles else 0.0
