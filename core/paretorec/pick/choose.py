"""`pick`: which policy a wish gets, or why it gets none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paretorec.config import one_way
from paretorec.errors import ConfigError, NoAnswer
from paretorec.front import Change, Front, Point
from paretorec.pick import words
from paretorec.pick.promises import Promises, detectable
from paretorec.pick.ways import Knee, Lexicographic, Maximize, ReferencePoint, Way, Weights

TOLERANCE = 1.0
"""Percent of the baseline within which bounds count as equal in a lexicographic pick, where nothing else is said."""


@dataclass(frozen=True)
class Pick:
    """A policy, and what it promises."""

    point: str
    """Id of the front point."""
    policy: Mapping[str, Any]
    """The policy file."""
    certified: bool
    """The promise holds for users and days that the search never saw, with the confidence asked for."""
    why: str
    """One sentence."""
    certify: Mapping[str, Change]
    """objective -> change with its bounds at the confidence asked for; empty when uncertified."""
    way: str
    """``maximize``, ``equal``, ``knee``, ``weights``, ``reference_point`` or ``lexicographic``."""
    confidence: float
    """Of all bounds in `certify` at once."""
    detectable: Mapping[str, float]
    """objective -> the smallest change that the certify requests could have certified; empty when uncertified."""

    def to_json(self) -> dict[str, Any]:
        """JSON values; numbers that are not finite are None."""
        return {
            "point": self.point,
            "policy": dict(self.policy),
            "certified": self.certified,
            "why": self.why,
            "certify": {name: change.to_json() for name, change in self.certify.items()},
            "way": self.way,
            "confidence": self.confidence,
            "detectable": dict(self.detectable),
        }


def pick(
    front: Front,
    maximize: str = "",
    keep: Mapping[str, str] | None = None,
    confidence: float | None = None,
    *,
    knee: bool = False,
    weights: Mapping[str, float] | None = None,
    reference_point: Mapping[str, str] | None = None,
    lexicographic: Sequence[str] = (),
    tolerance: Mapping[str, str] | None = None,
) -> Pick:
    """The policy of which most can be promised. All ways compare certified lower bounds, never estimates.

    keep: objective -> least change, "-2%" of the baseline or "-0.01" in the objective's unit. Only policies whose
    bounds hold all of these are considered, whichever of these ways (at most one) chooses among them:

    * maximize: the highest bound of that objective, which must be above 0;
    * knee: from where more of one objective costs most of the others;
    * weights: objective -> weight of its change, the classic f = relevance + alpha x clicks + beta x sales; the
      weighted sum of bounds must be above 0;
    * reference_point: objective -> wished-for change; the policy that reaches it with most to spare, or comes nearest;
    * lexicographic: objectives by importance; tolerance: objective -> how far below the best bound still counts as
      equally good (default "1%", or 0 where changes are absolute);
    * none of them: equal relative changes of all objectives.

    Knee, reference point and lexicographic picks must be better than the baseline in at least one objective asked
    about. All bounds of a front hold at once, so that trying many wishes costs nothing. confidence: default, the
    front's. An uncertified front is picked from on its select values, which the search has seen; the pick says so.

    Raises `NoAnswer` when no policy qualifies, with the nearest one and the smallest changes that could have been
    certified; `ConfigError` for a wish that cannot be.
    """
    ways = {
        "maximize": maximize,
        "knee": knee,
        "weights": weights or {},
        "reference_point": reference_point or {},
        "lexicographic": tuple(lexicographic),
    }
    problem = one_way(ways, tolerance or {})
    if problem:
        raise ConfigError(f"pick: {problem}")
    promises = Promises.of(front, confidence)
    way = _way(ways, tolerance or {}, promises)
    least = promises.amounts("pick.keep", keep or {})
    kept = [point for point in front.points if _shortfall(point, least, promises) <= 0]
    smallest = detectable(front, promises.confidence)
    could = words.could_certify(smallest, promises)
    if not kept:
        raise NoAnswer(_none_kept(least, promises) + could)
    best = way.best(kept, promises)
    if not way.gain(best, promises) > 0:
        keeping = "1 policy keeps" if len(kept) == 1 else f"{len(kept)} policies keep"
        condition = f"{keeping} what is asked, but " if least else ""
        gained = way.gained(best, promises)
        raise NoAnswer(f"no policy qualifies: {condition}no gain can be promised; {gained} (policy {best.id}){could}")
    return Pick(
        point=best.id,
        policy=best.policy,
        certified=front.certified,
        why=words.grounds(way.lead(best, promises), promises),
        certify=promises.changes[best.id] if front.certified else {},
        way=next((name for name, given in ways.items() if given), "equal"),
        confidence=promises.confidence,
        detectable=smallest,
    )


def _way(ways: Mapping[str, Any], tolerance: Mapping[str, str], promises: Promises) -> Way:
    """The way that was asked for. Raises `ConfigError` naming the key that cannot be."""
    if ways["maximize"]:
        promises.check("pick.maximize", ways["maximize"])
        return Maximize(ways["maximize"])
    if ways["knee"]:
        return Knee()
    if ways["weights"]:
        return Weights(_weights(ways["weights"], promises))
    if ways["reference_point"]:
        return ReferencePoint(promises.amounts("pick.reference_point", ways["reference_point"]))
    if ways["lexicographic"]:
        return _lexicographic(ways["lexicographic"], tolerance, promises)
    return Weights(dict.fromkeys(promises.names, 1 / len(promises.names)), equal=True)


def _weights(weights: Mapping[str, float], promises: Promises) -> dict[str, float]:
    for name, weight in weights.items():
        promises.check(f"pick.weights.{name}", name)
        if not (isinstance(weight, int | float) and math.isfinite(weight) and weight >= 0):
            raise ConfigError(
                f"pick.weights.{name} is {weight!r}; give a number of 0 or more, changes are positive where better"
            )
    if not any(weights.values()):
        raise ConfigError("pick.weights are all 0; give at least one objective a weight")
    return {name: float(weight) for name, weight in weights.items()}


def _lexicographic(order: tuple[str, ...], tolerance: Mapping[str, str], promises: Promises) -> Lexicographic:
    for name in order:
        promises.check("pick.lexicographic", name)
    allowed = {name: TOLERANCE if promises.relative(name) else 0.0 for name in order}
    for name, amount in promises.amounts("pick.tolerance", tolerance).items():
        if amount < 0:
            raise ConfigError(f"pick.tolerance.{name} is {tolerance[name]!r}; give an amount of 0 or more, such as 1%")
        allowed[name] = amount
    return Lexicographic(order, allowed)


def _shortfall(point: Point, least: Mapping[str, float], promises: Promises) -> float:
    """By how much the worst kept bound falls short; at most 0: everything is kept."""
    return max((amount - promises.low(point, name) for name, amount in least.items()), default=-math.inf)


def _none_kept(least: Mapping[str, float], promises: Promises) -> str:
    """Why no policy keeps everything, and what the nearest one would."""
    points = promises.front.points
    if not points:
        return "the front holds no policy; search longer or look at the baselines"
    nearest = min(points, key=lambda point: _shortfall(point, least, promises))
    lows = {name: promises.low(nearest, name) for name in least}
    told = " and ".join(f"{promises.label(n)} {words.number(low, promises.relative(n))}" for n, low in lows.items())
    text = (
        f"no policy qualifies: none of {len(points)} keeps what is asked; "
        f"the nearest, {nearest.id}, {'promises' if promises.front.certified else 'has'} {told}"
    )
    if not all(map(math.isfinite, lows.values())):
        return text
    loose = ", ".join(
        f'{name} = "{words.looser(min(amount, lows[name]), promises.relative(name))}"' for name, amount in least.items()
    )
    return f"{text}; keep {loose} would find it"
