"""The ways to pick one policy of many. All of them compare bounds, never estimates.

A way says which policy it prefers (`best`), what that policy has to be better in for a pick to be worth anything
(`gain`, which must be above 0), and how it tells what it did (`lead`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from paretorec.front import Point
from paretorec.pick import words
from paretorec.pick.promises import Promises

AUGMENTATION = 1e-4
"""Weight of the sum beside the worst shortfall: of two policies with the same worst one, the better in the rest."""


class Way(Protocol):
    """What `Maximize`, `Equal`, `Knee`, `Weights`, `ReferencePoint` and `Lexicographic` share."""

    def best(self, points: Sequence[Point], promises: Promises) -> Point:
        """The preferred one of at least one policy; the first of equals."""

    def gain(self, point: Point, promises: Promises) -> float:
        """What can be promised at the least; a pick needs more than 0."""

    def gained(self, point: Point, promises: Promises) -> str:
        """`gain` in words, for saying that it is not above 0."""

    def lead(self, point: Point, promises: Promises) -> str:
        """The sentence up to what it rests on."""


@dataclass(frozen=True)
class Maximize:
    """The highest bound of one objective."""

    name: str

    def best(self, points: Sequence[Point], promises: Promises) -> Point:
        return max(points, key=lambda point: self.gain(point, promises))

    def gain(self, point: Point, promises: Promises) -> float:
        return promises.low(point, self.name)

    def gained(self, point: Point, promises: Promises) -> str:
        low = words.number(promises.low(point, self.name), promises.relative(self.name))
        return f"the best bound on {promises.label(self.name)} is {low}"

    def lead(self, point: Point, promises: Promises) -> str:
        changes = promises.changes[point.id]
        gained = changes[self.name]
        text = f"{promises.label(self.name)} {words.number(gained.change, gained.relative)}"
        if promises.front.certified:
            text += f" (at least {words.number(gained.low, gained.relative)}, {words.sure(promises)})"
        rest = words.all_told(changes, promises, but=self.name)
        return f"{text} while {rest}" if rest else text


class _Several:
    """What ways that weigh several objectives share: the sentence tells all of them."""

    def heading(self, point: Point, promises: Promises) -> str:
        raise NotImplementedError

    def lead(self, point: Point, promises: Promises) -> str:
        rest = words.all_told(promises.changes[point.id], promises)
        return f"{self.heading(point, promises)}: {rest}, {words.sure(promises)}".rstrip(", ")


@dataclass(frozen=True)
class Weights(_Several):
    """The highest weighted sum of bounds: f = relevance + alpha x clicks + beta x sales, of certified changes.

    Bounds of relative changes count in percent, those of absolute ones in the objective's unit. The sum of bounds that
    hold at once is a bound of the sum.
    """

    weights: Mapping[str, float]
    equal: bool = False
    """Nobody named weights: equal relative changes of all objectives."""

    def best(self, points: Sequence[Point], promises: Promises) -> Point:
        return max(points, key=lambda point: self.gain(point, promises))

    def gain(self, point: Point, promises: Promises) -> float:
        total = sum(weight * promises.low(point, name) for name, weight in self.weights.items() if weight)
        return -math.inf if math.isnan(total) else total

    def gained(self, point: Point, promises: Promises) -> str:
        gain = self.gain(point, promises)
        if self.equal:
            return f"the best bound on the mean of all changes is {round(gain, 2) + 0.0:+.2f}"
        return f"the best bound on the weighted sum is {gain:+.3g}"

    def heading(self, point: Point, promises: Promises) -> str:
        if self.equal:
            return "the largest promise over all goals"
        terms = " + ".join(f"{weight:.4g} x {promises.label(name)}" for name, weight in self.weights.items() if weight)
        least = f", at least {self.gain(point, promises):+.3g}" if promises.front.certified else ""
        return f"the highest weighted sum of changes ({terms}{least})"


@dataclass(frozen=True)
class _Better(_Several):
    """Ways that maximise no number in units of changes: the policy must be better than the baseline in something."""

    def named(self, promises: Promises) -> Sequence[str]:
        return promises.names

    def gain(self, point: Point, promises: Promises) -> float:
        return max(promises.low(point, name) for name in self.named(promises))

    def gained(self, point: Point, promises: Promises) -> str:
        lows = (f"{promises.label(n)} {words.number(promises.low(point, n), promises.relative(n))}"
                for n in self.named(promises))  # fmt: skip
        return f"the bounds of the preferred policy are {words.listed(lows)}"


@dataclass(frozen=True)
class Knee(_Better):
    """The policy from which more of one objective costs most of the others.

    With every objective's bounds scaled to 0 (worst of the policies) .. 1 (best), the one with the largest sum: the
    nearest to the ideal point in Manhattan distance (Chiu, Yen & Juan, IEEE TEC 2016), for two objectives the point
    that bulges farthest beyond the line through the extremes (Das, Structural Optimization 1999).
    """

    def best(self, points: Sequence[Point], promises: Promises) -> Point:
        spans = promises.spans(points)

        def scaled(point: Point) -> float:
            return sum(
                (promises.low(point, name) - low) / (high - low) for name, (low, high) in spans.items() if high > low
            )

        return max(points, key=scaled)

    def heading(self, point: Point, promises: Promises) -> str:
        return "the knee of the front, beyond which more of one goal costs most of the others"


@dataclass(frozen=True)
class ReferencePoint(_Better):
    """The policy that reaches the wished-for changes with most to spare, or comes nearest to them.

    Wierzbicki's achievement scalarising function ("The use of reference objectives in multiobjective optimization",
    1980): the largest worst ``(bound - wish) / range`` over the objectives named, plus a little of their sum.
    """

    wished: Mapping[str, float]
    """objective -> wished-for change, in the unit of its changes."""

    def named(self, promises: Promises) -> Sequence[str]:
        return tuple(self.wished)

    def best(self, points: Sequence[Point], promises: Promises) -> Point:
        spans = promises.spans(promises.front.points)

        def achieved(point: Point) -> float:
            ahead = []
            for name, wish in self.wished.items():
                low, high = spans[name]
                ahead.append((promises.low(point, name) - wish) / (high - low if high > low else 1.0))
            return min(ahead) + AUGMENTATION * sum(ahead)

        return max(points, key=achieved)

    def heading(self, point: Point, promises: Promises) -> str:
        wished = words.listed(
            f"{promises.label(name)} {words.number(wish, promises.relative(name))}"
            for name, wish in self.wished.items()
        )
        short = [
            f"{words.size(wish - promises.low(point, name), promises.relative(name))} in {promises.label(name)}"
            for name, wish in self.wished.items()
            if promises.low(point, name) < wish
        ]
        if not short:
            return f"reaches what was wished for ({wished}) with most to spare"
        return f"comes nearest to what was wished for ({wished}), short by {words.listed(short)}"


@dataclass(frozen=True)
class Lexicographic(_Better):
    """The best in the first objective; among those as good as it within a tolerance, the best in the second; and so on.

    Waltz, "An engineering approach: hierarchical optimization criteria" (1967).
    """

    order: tuple[str, ...]
    tolerance: Mapping[str, float]
    """objective -> how far below the best bound still counts as equally good, in the unit of its changes."""

    def named(self, promises: Promises) -> Sequence[str]:
        return self.order

    def best(self, points: Sequence[Point], promises: Promises) -> Point:
        left = list(points)
        for name in self.order:
            least = max(promises.low(point, name) for point in left) - self.tolerance[name]
            left = [point for point in left if promises.low(point, name) >= least]
        return max(left, key=lambda point: promises.low(point, self.order[-1]))

    def heading(self, point: Point, promises: Promises) -> str:
        steps = [
            f"{promises.label(name)} (bounds within {words.size(self.tolerance[name], promises.relative(name))} count "
            "as equal)"
            for name in self.order[:-1]
        ]
        return f"the best in {', then in '.join([*steps, promises.label(self.order[-1])])}"
