"""What a front promises about each of its policies at a confidence: the numbers that every way of picking compares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from paretorec.certify import quantile
from paretorec.errors import ConfigError
from paretorec.front import Change, Front, ObjectiveInfo, Point
from paretorec.search.wish import least_change

Changes = Mapping[str, Change]
"""objective -> change of one policy."""


@dataclass(frozen=True)
class Promises:
    """The changes of all policies with their bounds at `confidence`; of an uncertified front, those on select."""

    front: Front
    confidence: float
    infos: Mapping[str, ObjectiveInfo]
    changes: Mapping[str, Changes]
    """id of a point or a baseline -> its changes."""

    @classmethod
    def of(cls, front: Front, confidence: float | None = None) -> Promises:
        """confidence: default, the front's. Raises `ConfigError` for one that the stored resamples cannot tell."""
        confidence = front.confidence if confidence is None else confidence
        if not 0.5 < confidence < 1:
            raise ConfigError(f"pick.confidence is {confidence}; give a number between 0.5 and 1, such as 0.95")
        infos = {objective.name: objective for objective in front.objectives}
        changes = {point.id: _changes(front, point, confidence) for point in (*front.points, *front.baselines)}
        return cls(front, confidence, infos, changes)

    @property
    def names(self) -> tuple[str, ...]:
        """The objectives that something is promised about."""
        return tuple(self.changes[self.front.baseline])

    def label(self, name: str) -> str:
        """What people call the objective."""
        return self.infos[name].label

    def relative(self, name: str) -> bool:
        """Whether changes of the objective are in percent of the baseline."""
        return self.changes[self.front.baseline][name].relative

    def low(self, point: Point, name: str) -> float:
        """The bound: the policy is at least this much better than the baseline. -inf where nothing is known."""
        low = self.changes[point.id][name].low
        return -math.inf if math.isnan(low) else low

    def spans(self, points: Iterable[Point]) -> dict[str, tuple[float, float]]:
        """objective -> (least, largest) finite bound of these policies; (0, 0) where there is none."""
        out = {}
        for name in self.names:
            lows = [low for point in points if math.isfinite(low := self.low(point, name))]
            out[name] = (min(lows, default=0.0), max(lows, default=0.0))
        return out

    def check(self, key: str, name: str) -> None:
        """Raise `ConfigError` unless something is promised about objective `name`, which `key` names."""
        if name not in self.infos:
            near = get_close_matches(name, self.infos, n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {', '.join(self.infos)}"
            raise ConfigError(f"{key} names {name!r}, which is no objective of this run; {hint}")
        if name not in self.names:
            raise ConfigError(
                f"{self.label(name)} counts how often items are shown over all lists, which is reported "
                "but not certified; maximise and keep other objectives"
            )

    def amounts(self, key: str, texts: Mapping[str, str]) -> dict[str, float]:
        """objective -> the change that a text such as "-2%" or "-0.01" says, in the unit of the objective's changes.

        Raises `ConfigError` for a text that is no change, or a percentage of what cannot be told from 0.
        """
        out = {}
        for name, text in texts.items():
            self.check(f"{key}.{name}", name)
            amount, percent = least_change(name, text, key)
            base = self.changes[self.front.baseline][name]
            if percent and not base.relative:
                raise ConfigError(
                    f"{key}.{name} is {text!r}, but {self.label(name)} of the baseline cannot be told from 0, "
                    'so that its changes are absolute; give an amount such as "-0.01"'
                )
            out[name] = amount if percent or not base.relative else amount * 100 / abs(base.value)
        return out


def detectable(front: Front, confidence: float | None = None) -> dict[str, float]:
    """objective -> the smallest change that could have been certified, in the unit of its changes.

    The stored quantile times the standard error: a smaller change has a bound below 0. Policies differ in their
    errors; this is the least of the front's (a certificate's errors have a floor), so that for no policy a smaller
    change could be told from none, and for those far from the baseline only larger ones can. Empty where nothing is
    certified.
    """
    if not front.certified:
        return {}
    steps = quantile(front.max_t["low"], front.confidence if confidence is None else confidence)
    out = {}
    for name in front.point(front.baseline).certify:
        errors = [point.certify[name].error for point in front.points if math.isfinite(point.certify[name].error)]
        if errors:
            out[name] = steps * min(errors)
    return out


def _changes(front: Front, point: Point, confidence: float) -> dict[str, Change]:
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
