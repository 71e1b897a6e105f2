"""From a front and a wish to one policy, and a sentence that says why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from paretorec.certify import quantile
from paretorec.errors import ConfigError, NoAnswer
from paretorec.front import Change, Front, ObjectiveInfo, Point
from paretorec.search.wish import least_change


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

    def to_json(self) -> dict[str, Any]:
        """JSON values; numbers that are not finite are None."""
        return {
            "point": self.point,
            "policy": dict(self.policy),
            "certified": self.certified,
            "why": self.why,
            "certify": {name: change.to_json() for name, change in self.certify.items()},
        }


def pick(
    front: Front, maximize: str = "", keep: Mapping[str, str] | None = None, confidence: float | None = None
) -> Pick:
    """The policy of which most can be promised.

    A policy qualifies when the bound of every kept objective is at least what `keep` says ("-2%" of the baseline, or
    "-0.01" in the objective's unit) and the bound of what is maximised is above 0; the highest bound wins. All bounds
    of a front hold at once, so that trying many wishes costs nothing. `maximize` = "" asks for equal relative changes
    of all objectives: the mean of their bounds. confidence: default, the front's.

    An uncertified front is picked from on its select values, which the search has seen; the pick says so.

    Raises `NoAnswer` when no policy qualifies, `ConfigError` for an objective or a value that cannot be.
    """
    confidence = front.confidence if confidence is None else confidence
    if not 0.5 < confidence < 1:
        raise ConfigError(f"pick.confidence is {confidence}; give a number between 0.5 and 1, such as 0.95")
    infos = {objective.name: objective for objective in front.objectives}
    keep = dict(keep or {})
    for key, name in (*((("pick.maximize", maximize),) if maximize else ()), *((f"pick.keep.{k}", k) for k in keep)):
        _check_objective(name, key, tuple(infos))
    changes = {point.id: _changes(front, point, confidence) for point in (*front.points, *front.baselines)}
    for name in (maximize, *keep):
        if name and name not in changes[front.baseline]:
            raise ConfigError(
                f"{infos[name].label} counts how often items are shown over all lists, which is reported "
                "but not certified; maximise and keep other objectives"
            )
    wish = _Wish(front, infos, maximize, _bounds(keep, changes[front.baseline], infos), confidence)
    kept = [point for point in front.points if wish.shortfall(changes[point.id]) <= 0]
    if not kept:
        raise NoAnswer(wish.none_kept([(point, changes[point.id]) for point in front.points]))
    best = max(kept, key=lambda point: wish.promise(changes[point.id]))
    if not wish.promise(changes[best.id]) > 0:
        raise NoAnswer(wish.none_gains(best, changes[best.id], len(kept)))
    certify = changes[best.id] if front.certified else {}
    return Pick(best.id, best.policy, front.certified, wish.why(changes[best.id]), certify)


def _check_objective(name: str, key: str, known: tuple[str, ...]) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {', '.join(known)}"
        raise ConfigError(f"{key} names {name!r}, which is no objective of this run; {hint}")


def _changes(front: Front, point: Point, confidence: float) -> dict[str, Change]:
    """The changes of a point with their bounds at `confidence`; of an uncertified front, those on select."""
    if front.certified:
        below, above = (quantile(front.max_t[side], confidence) for side in ("low", "high"))
        return {
            name: replace(
                change, low=_away(change.change, -below, change.error), high=_away(change.change, above, change.error)
            )
            for name, change in point.certify.items()
        }
    base = front.point(front.baseline).select
    out = {}
    for objective in front.objectives:
        value, before = point.select[objective.name], base[objective.name]
        change = (value - before) * (1 if objective.direction == "max" else -1)
        relative = before != 0
        change = 100 * change / abs(before) if relative else change
        out[objective.name] = Change(value, change, math.nan, change, change, relative)
    return out


def _away(change: float, steps: float, error: float) -> float:
    """`steps` errors from a change; an error of 0 leaves it where it is, however many."""
    return change + steps * error if error else change


def _bounds(
    keep: Mapping[str, str], baseline: Mapping[str, Change], infos: Mapping[str, ObjectiveInfo]
) -> dict[str, float]:
    """Objective -> least change in the unit of its changes."""
    out = {}
    for name, text in keep.items():
        amount, percent = least_change(name, text)
        base = baseline[name]
        if percent and not base.relative:
            raise ConfigError(
                f"pick.keep.{name} is {text!r}, but {infos[name].label} of the baseline cannot be told from 0, "
                'so that its changes are absolute; give an amount such as "-0.01"'
            )
        if not percent and base.relative:
            amount *= 100 / abs(base.value)
        out[name] = amount
    return out


@dataclass(frozen=True)
class _Wish:
    """What is asked for, measured on a policy's changes and told in words."""

    front: Front
    infos: Mapping[str, ObjectiveInfo]
    maximize: str
    least: Mapping[str, float]
    confidence: float

    def shortfall(self, changes: Mapping[str, Change]) -> float:
        """By how much the worst kept bound falls short; at most 0: everything is kept."""
        short = [least - changes[name].low for name, least in self.least.items()]
        return max((math.inf if math.isnan(x) else x for x in short), default=-math.inf)

    def promise(self, changes: Mapping[str, Change]) -> float:
        """The bound of what is maximised."""
        lows = [changes[self.maximize].low] if self.maximize else [change.low for change in changes.values()]
        mean = sum(lows) / len(lows)
        return -math.inf if math.isnan(mean) else mean

    def why(self, changes: Mapping[str, Change]) -> str:
        """What a pick says about itself."""
        front = self.front
        others = [name for name in changes if name != self.maximize]
        rest = " and ".join(
            f"{self.infos[name].label} changes by {self._told(changes[name], name == others[0])}" for name in others
        )
        if self.maximize:
            gained = changes[self.maximize]
            text = f"{self.infos[self.maximize].label} {_number(gained.change, gained.relative)}"
            text += self._promised(gained)
            text += f" while {rest}" if rest else ""
        else:
            text = f"the largest promise over all goals: {rest}, {self._sure()}".rstrip(", ")
        if not front.certified:
            return f"{text}, on the select requests, which the search has seen; not certified: {front.uncertified}"
        if not front.requests:
            return f"{text}, on requests that the search never saw"
        return f"{text}, on {front.requests:,} requests of {front.users:,} users that the search never saw"

    def none_kept(self, points: list[tuple[Point, Mapping[str, Change]]]) -> str:
        """Why no policy keeps everything, and what the nearest one would."""
        if not points:
            return "the front holds no policy; search longer or look at the baselines"
        nearest, changes = min(points, key=lambda pair: self.shortfall(pair[1]))
        told = " and ".join(
            f"{self.infos[name].label} {_number(changes[name].low, changes[name].relative)}" for name in self.least
        )
        loose = ", ".join(
            f'{name} = "{_looser(min(least, changes[name].low), changes[name].relative)}"'
            for name, least in self.least.items()
        )
        return (
            f"no policy qualifies: none of {len(points)} keeps what is asked; "
            f"the nearest, {nearest.id}, {'promises' if self.front.certified else 'has'} {told}; "
            f"keep {loose} would find it"
        )

    def none_gains(self, best: Point, changes: Mapping[str, Change], kept: int) -> str:
        """Why nothing can be promised, and how much the best policy falls short."""
        if self.maximize:
            change = changes[self.maximize]
            name, low = self.infos[self.maximize].label, _number(change.low, change.relative)
        else:
            name, low = "the mean of all changes", f"{self.promise(changes):+.2f}"
        condition = f"{kept} keep what is asked, but " if self.least else ""
        return (
            f"no policy qualifies: {condition}no gain can be promised; "
            f"the best bound on {name} is {low} (policy {best.id})"
        )

    def _told(self, change: Change, in_full: bool) -> str:
        """A change with its bound; the words are spelled out once."""
        text = _number(change.change, change.relative)
        if not self.front.certified:
            return text
        return f"{text} ({'at least ' if in_full else ''}{_number(change.low, change.relative)})"

    def _promised(self, change: Change) -> str:
        """The bound of what is maximised, and how sure it is."""
        if not self.front.certified:
            return ""
        return f" (at least {_number(change.low, change.relative)}, {self._sure()})"

    def _sure(self) -> str:
        if not self.front.certified:
            return ""
        policies, goals = len(self.front.points), len(self.front.point(self.front.baseline).certify)
        return f"{100 * self.confidence:.4g} % sure for all {policies} policies and {goals} objectives at once"


def _number(value: float, relative: bool) -> str:
    """``+11.7 %``, or an absolute change with three significant digits."""
    return f"{round(value, 1) + 0.0:+.1f} %" if relative else f"{value + 0.0:+.3g}"


def _looser(bound: float, relative: bool) -> str:
    """The least change to ask for so that `bound` keeps it, rounded down, as `keep` takes it."""
    if relative:
        return f"{math.floor(bound * 10) / 10:+.1f}%"
    step = 10.0 ** (math.floor(math.log10(abs(bound))) - 2) if bound else 1.0
    return f"{math.floor(bound / step) * step:+.3g}"
