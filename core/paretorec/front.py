"""The front: policies of which none is beaten in every goal, with what was promised about each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from paretorec.contracts.run import Array

if TYPE_CHECKING:
    from paretorec.explanation import Explanation
    from paretorec.pick import Pick


@dataclass(frozen=True, slots=True)
class ObjectiveInfo:
    """An objective as people and programs see it."""

    name: str
    direction: Literal["max", "min"]
    unit: str
    label: str


@dataclass(frozen=True, slots=True)
class Change:
    """One objective of one policy on the certify requests, against the baseline; positive = better."""

    value: float
    """The metric itself."""
    change: float
    """Relative in percent, or absolute where the baseline's own interval holds 0 (`relative` says which)."""
    error: float
    """Standard error of `change`; the simultaneous bound is ``change - quantile x error``."""
    low: float
    high: float
    relative: bool = True

    def to_json(self) -> dict[str, Any]:
        """JSON values; numbers that are not finite are None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Change:
        """What `to_json` gave."""
        numbers: dict[str, Any] = {name: math.nan if value is None else value for name, value in values.items()}
        return cls(**numbers)


@dataclass(frozen=True)
class Point:
    """A policy of the front, or a baseline."""

    id: str
    policy: Mapping[str, Any]
    """The policy file: kind, parameters, signals, normalisers, bundle."""
    select: Mapping[str, float]
    """objective -> value on the select requests."""
    errors: Mapping[str, float]
    """objective -> its standard error, users as clusters."""
    certify: Mapping[str, Change] = field(default_factory=dict)
    """objective -> change against the baseline; empty when the run is uncertified."""


@dataclass(frozen=True)
class Front:
    """What a run found. Frozen before the certify requests were built."""

    objectives: tuple[ObjectiveInfo, ...]
    baseline: str
    """Id of the point in `baselines` that changes are measured against."""
    points: tuple[Point, ...]
    baselines: tuple[Point, ...]
    """Each signal alone (the corners), the baseline among them."""
    protocol: str
    """Fingerprint of what decides whether two fronts may be compared."""
    confidence: float = 0.95
    max_t: Mapping[str, Array] = field(default_factory=dict)
    """``low``, ``high``: sorted max-t values float64 [resamples] of the two families; any confidence is a look-up."""
    uncertified: str = ""
    """Why there is no certificate; empty when there is one."""
    requests: int = 0
    """Certify requests; 0: not known."""
    users: int = 0
    """Users of the certify requests; 0: not known."""
    optimism: Mapping[str, Any] = field(default_factory=dict)
    """How much better the front looks on the select requests than it can be expected to be; empty: not known."""
    explanations: Mapping[str, Any] = field(default_factory=dict)
    """``explain.json``: what every policy changes for people; empty: not known."""

    @property
    def certified(self) -> bool:
        return not self.uncertified and bool(self.max_t)

    def pick(
        self,
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
        """The policy of which most can be promised: see `paretorec.pick.pick`. Raises `NoAnswer`, `ConfigError`."""
        from paretorec.pick import pick

        return pick(
            self,
            maximize,
            keep,
            confidence,
            knee=knee,
            weights=weights,
            reference_point=reference_point,
            lexicographic=lexicographic,
            tolerance=tolerance,
        )

    def detectable(self, confidence: float | None = None) -> dict[str, float]:
        """objective -> the smallest change that the certify requests could have certified, in the unit of its changes
        (percent, or the objective's own); empty where nothing is certified."""
        from paretorec.pick import detectable

        return detectable(self, confidence)

    def explain(self, point: str | Point | Pick) -> Explanation:
        """What a policy of the front changes for people: items that gain and lose exposure, whose lists change, lists
        before and after. Raises `ConfigError` for an id that is not of the front."""
        from paretorec.explanation import explanation

        name = point if isinstance(point, str) else getattr(point, "point", None) or getattr(point, "id", point)
        return explanation(self.explanations, str(name))

    def point(self, name: str) -> Point:
        """The point or baseline with this id. Raises KeyError."""
        for point in (*self.points, *self.baselines):
            if point.id == name:
                return point
        raise KeyError(name)
