"""By how much a front looks better on the requests that it was searched on than it is.

Of many policies judged with noise, those that look best are shown, so that what is shown looks better than it is. The
amount is estimated by the bootstrap: in every resample of the users the front is chosen again, by the same rule, and
what it looks like there is compared with what the same policies are on all users (Efron 1983; Efron & Tibshirani 1993,
section 17.6).

That falls short, since values that hold noise already are further apart than true ones. Of normal values with noise of
variance 1 around policies that are nearly equal, the one that looks best flatters itself by c / sqrt(1), where c grows
with their number; in a resample noise of variance 1 is added to values of variance 1, and by the same law the best
flatters itself by c / sqrt(2) (Stein's lemma: the gain is the noise's variance times the derivative of the expected
maximum, which goes by the root of the whole variance). Policies that compete for a place on a front are nearly equal:
an optimizer leaves hundreds, nearer to each other than their noise. So the bootstrap's answer is taken `SHORTFALL`
times. Where policies are far apart that is too much, of an optimism that is then nearly nothing. A second bootstrap
inside the first (Hall & Martin 1988) would find the factor from the data, with twice the noise, and stops halfway. The
benchmark `certificates` compares the estimate with fresh users.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paretorec.contracts.run import Array
from paretorec.judge.clusters import Clusters
from paretorec.search.paired import PairedErrors
from paretorec.search.pareto import hypervolume, nondominated
from paretorec.search.thin import DifferenceError

RESAMPLES = 100
SHORTFALL = math.sqrt(2.0)
"""The optimism in the data by that in a resample of them, among policies that are nearly equal."""
GROUPS = 4096
"""More users are dealt into so many groups, which are as independent as users are."""

Choose = Callable[[Array, DifferenceError], Array]
"""(values float64 [P, M], minimised; errors of their differences) -> rows of the policies that are shown."""


@dataclass(frozen=True)
class Optimism:
    """A front as it looks, and as it can be expected to be on other users of the same days."""

    select: float
    """Hypervolume on the select requests."""
    expected: float
    """The same on other users: `select` less the optimism."""
    error: float
    """Monte-Carlo standard error of the optimism; not that of the hypervolume."""
    best: Array
    """float64 [M]: the best value of each objective among the shown policies, minimised."""
    best_expected: Array
    """float64 [M]: the same policies on other users."""

    def to_json(self, objectives: Sequence[str], sign: Array) -> dict[str, Any]:
        """JSON values, None = not known; sign: float64 [M], +1 where more is better."""

        def number(value: float) -> float | None:
            return float(value) if math.isfinite(value) else None

        volume = {"select": self.select, "expected": self.expected, "monte_carlo_error": self.error}
        return {
            "hypervolume": {key: number(value) for key, value in volume.items()},
            "best": {
                name: {"select": number(-s * seen), "expected": number(-s * left)}
                for name, s, seen, left in zip(objectives, sign, self.best, self.best_expected, strict=True)
            },
        }


def contenders(values: Array, most: int) -> Array:
    """int64: rows of the front, then of the front without it, and so on, `most` at most: what noise may bring forward.

    values: float64 [P, M], minimised.
    """
    left = np.flatnonzero(np.isfinite(values).all(axis=1))
    chosen: list[Array] = []
    while len(left) and sum(map(len, chosen)) < most:
        front = nondominated(values[left])
        chosen.append(left[front])
        left = left[~front]
    return np.sort(np.concatenate(chosen)[:most]) if chosen else left.astype(np.int64)


def estimate_optimism(
    numerator: Array,
    denominator: Array,
    users: Array,
    judged: Array,
    columns: Sequence[int],
    sign: Array,
    reference: Array,
    choose: Choose,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Optimism:
    """Of the front that `choose` shows of P policies.

    numerator, denominator: float64 [P, M', R], a judge's parts of the objectives `columns`; users: int [R]. judged:
    float64 [P, M], minimised; objectives without parts (exposure) keep these values in every resample. sign: float64
    [M'], +1 where more is better; reference: float64 [M], minimised, of the hypervolume. `choose` is given the errors
    on all users, also in resamples. O(resamples x (P M U + a choice)); depends neither on threads nor on a BLAS.
    """
    clusters = Clusters(users)
    above, below = clusters.sums(numerator), clusters.sums(denominator)
    if clusters.count > GROUPS:
        groups = Clusters(np.random.default_rng([seed, 3]).permutation(clusters.count) % GROUPS)
        above, below = groups.sums(above), groups.sums(below)
    count = above.shape[2]
    unknown = np.full(judged.shape, np.inf)
    errors = _remembered(PairedErrors(above, below, np.arange(count), unknown, columns), len(above))

    def values(weights: Array) -> Array:
        out = judged.copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:, columns] = -sign * np.einsum("pmu,u->pm", above, weights) / np.einsum("pmu,u->pm", below, weights)
        return out

    real = values(np.ones(count))
    shown = choose(real, errors)
    rng = np.random.default_rng([seed, 4])
    gaps = _Gaps(choose, errors, shown, reference)
    for _ in range(resamples):
        gaps.add(values(rng.multinomial(count, np.full(count, 1.0 / count)).astype(np.float64)), real)
    optimism, error = (SHORTFALL * found for found in gaps.means())
    look, best = hypervolume(real[shown], reference), real[shown].min(axis=0)
    return Optimism(look, look - float(optimism[0]), float(error[0]), best, best - optimism[1:])


class _Gaps:
    """What fronts look like where they were chosen, less what the same policies are: hypervolume, and best values."""

    def __init__(self, choose: Choose, errors: DifferenceError, fixed: Array, reference: Array) -> None:
        self._choose, self._errors, self._fixed, self._reference = choose, errors, fixed, reference
        self._gaps: list[Array] = []
        self._noise: list[Array] = []

    def add(self, seen: Array, real: Array) -> None:
        """seen, real: float64 [P, M], values on a resample and on what it was drawn from."""
        rows = self._choose(seen, self._errors)
        if not len(rows) or not np.isfinite(seen[rows]).all():
            return
        look, truth = seen[rows], real[rows]
        best = look.argmin(axis=0), np.arange(look.shape[1])
        volume = hypervolume(look, self._reference) - hypervolume(truth, self._reference)
        self._gaps.append(np.concatenate([[volume], look[best] - truth[best]]))
        self._noise.append((seen[self._fixed] - real[self._fixed]).mean(axis=0))

    def means(self) -> tuple[Array, Array]:
        """(means, their Monte-Carlo errors), float64 [1 + M], less what is explained by how policies that were not
        chosen in the resample did in it, which is 0 on average (control variates). NaN from too few resamples."""
        objectives = len(self._reference)
        if len(self._gaps) < objectives + 3:
            return np.full(1 + objectives, np.nan), np.full(1 + objectives, np.nan)
        gaps, noise = np.array(self._gaps), np.array(self._noise)
        noise = noise[:, noise.std(axis=0) > 0]
        design = np.column_stack([np.ones(len(gaps)), noise / np.where(noise.std(axis=0) > 0, noise.std(axis=0), 1.0)])
        fit, *_ = np.linalg.lstsq(design, gaps, rcond=None)
        left = gaps - design @ fit
        variance = np.square(left).sum(axis=0) / max(len(gaps) - design.shape[1], 1)
        return fit[0], np.sqrt(variance / max(len(gaps), 1))


def _remembered(errors: DifferenceError, policies: int) -> DifferenceError:
    """The same, each row worked out once."""
    known: dict[int, Array] = {}

    def look_up(row: int, others: Array) -> Array:
        if row not in known:
            known[row] = errors(row, np.arange(policies))
        return known[row][others]

    return look_up
