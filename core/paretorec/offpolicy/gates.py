"""What must hold before an estimate is worth anything; each gate says its figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from paretorec.contracts.run import Array
from paretorec.judge.clusters import Clusters, ratio_of_sums
from paretorec.offpolicy.logs import Log
from paretorec.offpolicy.values import Value

CERTAIN = 0.999
"""A propensity above this is of a choice that was none."""
HEAVY = 20.0
"""A row that counts for more than this many rows is no support worth the name."""
FALSE_ALARM = 0.001
"""How often weights that are right may be taken for wrong."""


@dataclass(frozen=True)
class Limits:
    """What the gates ask for."""

    effective: float = 1000.0
    """Least effective sample size, in requests (Kish 1965), at the position where it is smallest."""
    overlap: float = 0.8
    """Least share of what the target policy shows that lies on rows of weight `HEAVY` or less."""
    positives: int = 100
    """Fewest rows with a reward other than 0."""
    width: float = 0.5
    """Largest half-width of the difference's interval, as a share of the logging policy's value."""
    certain: float = 0.2
    """Largest share of rows with a propensity above `CERTAIN`."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition."""

    name: str
    figure: float
    limit: float
    passed: bool
    sentence: str
    """What is wrong, if it is."""

    def to_json(self) -> dict[str, Any]:
        """Without the sentence of what is not wrong."""
        return {**asdict(self), "sentence": "" if self.passed else self.sentence}


def gates(log: Log, weight: Array, change: Value, logging: Value, limits: Limits) -> tuple[Gate, ...]:
    """All gates, in the order in which one should look at them."""
    return (
        _deterministic(log, limits),
        _positives(log, limits),
        _mean_weight(log, weight),
        _overlap(log, weight, limits),
        _effective(log, weight, limits),
        _width(change, logging, limits),
    )


def _deterministic(log: Log, limits: Limits) -> Gate:
    share = float((log.propensity > CERTAIN).mean())
    return Gate(
        "deterministic",
        share,
        limits.certain,
        share <= limits.certain,
        f"{share:.0%} of the log's rows were shown for certain (propensity above {CERTAIN}), and such rows say nothing "
        f"about other policies; at most {limits.certain:.0%} may be",
    )


def _positives(log: Log, limits: Limits) -> Gate:
    count = int((log.reward != 0).sum())
    return Gate(
        "positives",
        count,
        limits.positives,
        count >= limits.positives,
        f"{count} rows have a reward, fewer than {limits.positives}",
    )


def _mean_weight(log: Log, weight: Array) -> Gate:
    """Right propensities and full support make the mean weight 1 at each position. The figure is the largest
    deviation in standard errors (users as clusters), over all rows and each position."""
    at = np.zeros((log.positions + 1, log.requests))
    there = np.zeros_like(at)
    np.add.at(at, (log.position, log.request), weight)
    np.add.at(there, (log.position, log.request), 1.0)
    at[-1], there[-1] = at[:-1].sum(axis=0), there[:-1].sum(axis=0)
    clusters = Clusters(log.user)
    mean, error = ratio_of_sums(clusters.sums(at), clusters.sums(there))
    off = mean - 1
    tiny = np.abs(off) < 1e-6  # the same policy twice, written down with a few digits
    deviation = np.divide(np.abs(off), error, out=np.full(len(off), np.inf), where=error > 0)
    deviation = np.where(tiny, 0.0, deviation)
    worst = int(deviation.argmax())
    figure = float(deviation[worst])
    limit = NormalDist().inv_cdf(1 - FALSE_ALARM / 2 / len(off))
    where = "all rows" if worst == log.positions else f"position {worst + 1}"
    return Gate(
        "mean weight",
        figure,
        limit,
        figure <= limit,
        f"the mean weight over {where} is {mean[worst]:.3f} instead of 1, {figure:.1f} standard errors away: "
        + ("the log lacks items that the target policy shows, or " if off[worst] < 0 else "")
        + "the propensities are wrong",
    )


def _overlap(log: Log, weight: Array, limits: Limits) -> Gate:
    light = np.where(weight <= HEAVY, weight, 0.0)
    counts = np.bincount(log.position, minlength=log.positions)
    by_position = np.bincount(log.position, weights=light, minlength=log.positions) / np.maximum(counts, 1)
    share = float(min(by_position.min(), 1.0))
    return Gate(
        "overlap",
        share,
        limits.overlap,
        share >= limits.overlap,
        f"only {share:.0%} of what the target policy shows is in the log often enough (weights up to {HEAVY:.0f}), "
        f"less than {limits.overlap:.0%}",
    )


def _effective(log: Log, weight: Array, limits: Limits) -> Gate:
    total = np.bincount(log.position, weights=weight, minlength=log.positions)
    square = np.bincount(log.position, weights=weight**2, minlength=log.positions)
    size = np.divide(total**2, square, out=np.zeros(log.positions), where=square > 0)
    smallest = float(size.min())
    return Gate(
        "effective sample size",
        smallest,
        limits.effective,
        smallest >= limits.effective,
        f"the log is worth {smallest:,.0f} requests of the target policy (effective sample size), fewer than "
        f"{limits.effective:,.0f}",
    )


def _width(change: Value, logging: Value, limits: Limits) -> Gate:
    half = (change.high - change.low) / 2
    share = half / abs(logging.value) if logging.value else float("inf")
    return Gate(
        "interval width",
        share,
        limits.width,
        bool(share <= limits.width),
        f"the difference is known to within {share:.0%} of the logging policy's value only, more than "
        f"{limits.width:.0%}",
    )
