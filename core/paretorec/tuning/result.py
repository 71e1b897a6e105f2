"""What one contender reached on one fold, and the scale on which contenders of a fold are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.artifact import read_json, write_json
from paretorec.contracts.run import Array
from paretorec.errors import DataError
from paretorec.search.pareto import hypervolume

Values = Sequence[Sequence[float | None]]
"""[rows, M]; None: the metric has no value there."""


def json_values(values: Array) -> list[list[float | None]]:
    """float64 [rows, M] -> `Values`."""
    return [[float(value) if np.isfinite(value) else None for value in row] for row in values]


@dataclass(frozen=True)
class FoldResult:
    """A frozen front, judged on the held-out requests. JSON values, so that a killed search finds them again."""

    bundle: str
    policy: Mapping[str, Any]
    """What parameters belong to: ``kind`` (qualified), its ``config``, the signals' ``normalisers``."""
    signals: tuple[str, ...]
    """K names."""
    parameters: tuple[str, ...]
    """D names."""
    theta: Sequence[Sequence[float]]
    """[P, D]: what a run would have frozen."""
    held_out: Values
    """[P, M] values of these on the held-out requests, minimised."""
    corners: Values
    """[K, M] values of each signal alone on the held-out requests, minimised."""
    searched_corners: Values
    """[K, M] the same on the requests that were searched on."""
    seconds: Mapping[str, float]
    """CPU seconds: ``fit`` (in full, also where another trial had fitted the same), ``signals``, ``search``."""
    optimizer: str
    """What found the policies."""

    def save(self, path: Path) -> None:
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> FoldResult:
        """What `save` wrote. Raises `ArtifactError`."""
        return cls(**read_json(path))

    @property
    def cost(self) -> float:
        """CPU seconds in all."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Scale:
    """Objectives of one fold in units of what single signals span: 0 at the worst of them, 1 at the best.

    The signals are those of the configuration as written, so that every trial is measured with the same ruler.
    """

    worst: Array
    """float64 [M], minimised."""
    span: Array
    """float64 [M], above 0."""

    @classmethod
    def of(cls, corners: Values, objectives: Sequence[str], fold: str) -> Scale:
        """From the values of single signals. Raises `DataError` where an objective has none at all."""
        values = np.array(corners, dtype=np.float64)
        for name, column in zip(objectives, values.T, strict=True):
            if not np.isfinite(column).any():
                raise DataError(
                    f"fold {fold!r} has no request on which objective {name!r} has a value; lower tune.folds, or leave "
                    "the objective out"
                )
        worst, best = np.nanmax(values, axis=0), np.nanmin(values, axis=0)
        return cls(worst, np.where(worst > best, worst - best, 1.0))

    def scaled(self, values: Values) -> Array:
        """float64 [rows, M]: 0 at the worst single signal, -1 at the best; NaN where there is no value."""
        found = np.array(values, dtype=np.float64).reshape(len(values), len(self.worst))
        return np.asarray((found - self.worst) / self.span)

    def volume(self, *fronts: Values) -> float:
        """The hypervolume of all fronts together; 1: as much as a policy that is best in every objective has."""
        rows = [row for front in fronts for row in front]
        return hypervolume(self.scaled(rows), np.zeros(len(self.worst)))


def best_signal(result: FoldResult, scale: Scale, objectives: Sequence[str], fold: str) -> tuple[str, float]:
    """(signal, its hypervolume on the held-out requests): of the one that is best alone where policies were searched.

    Best: most hypervolume; between those that have none, the largest sum of scaled objectives.
    """
    searched = Scale.of(result.searched_corners, objectives, fold)
    sums = np.nan_to_num(searched.scaled(result.searched_corners)).sum(axis=1)
    worth = [(searched.volume([row]), -total) for row, total in zip(result.searched_corners, sums, strict=True)]
    best = max(range(len(worth)), key=worth.__getitem__)
    return result.signals[best], scale.volume([result.corners[best]])
