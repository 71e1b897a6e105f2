"""Which part of the front a chart shows: all of it, or the neighbourhood that a decision is about.

A front reaches from policies that give up nearly everything in one objective to policies that give up nothing; drawn
whole, the few percent around the baseline that a decision is about shrink to a dot.
"""

from __future__ import annotations

from dataclasses import dataclass

from paretorec.report.view import Axis, FrontView

WORTHWHILE = 2.0
"""A close-up is offered where it makes some axis at least this many times larger."""


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
        """Near: the half of the front whose largest loss, as a share of the front's range, is the smallest."""
        axes = [view.axis(o) for o in view.objectives]
        points = [m.id for m in view.points if all(m.id in axis.places for axis in axes)]
        fixed = {m.id for m in view.marks if m.role == "baseline" or m.picked}
        whole = frozenset({*points, *fixed})
        if len(points) < 8:
            return cls(whole, frozenset())
        ranked = sorted(points, key=lambda name: max(_loss(axis, name, points) for axis in axes))
        near = frozenset({*ranked[: len(points) // 2], *fixed})
        gain = max(_width(axis, whole) / max(_width(axis, near), 1e-12) for axis in axes)
        return cls(whole, near if gain >= WORTHWHILE else frozenset())


def _loss(axis: Axis, name: str, points: list[str]) -> float:
    """How far the policy is from the front's best in this objective, from 0 to 1."""
    middles = [axis.places[p].middle for p in points]
    best, worst = (min(middles), max(middles)) if axis.falling else (max(middles), min(middles))
    return abs(best - axis.places[name].middle) / abs(best - worst) if best != worst else 0.0


def _width(axis: Axis, ids: frozenset[str]) -> float:
    middles = [axis.places[i].middle for i in ids if i in axis.places]
    return max(middles) - min(middles) if middles else 0.0
