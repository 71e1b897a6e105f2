"""Certificates: how much better than the baseline every policy is at least, all of them at once.

One family of one-sided lower bounds over points x objectives. Users are resampled with all their requests; in each
resample every change is studentised by the standard error of that resample, and the largest of all studentised
deviations is kept (bootstrap-t for maxima: Romano & Wolf, "Exact and approximate stepdown methods for multiple
hypothesis testing", JASA 2005; max-t bands: Westfall & Young 1993). With the stored maxima a bound at any confidence
is a look-up: ``change - quantile x error``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from paretorec.contracts import Array
from paretorec.errors import ConfigError
from paretorec.front import Change
from paretorec.judge.clusters import Clusters, ratio_of_sums

MIN_REQUESTS = 200
MIN_DIFFERENT = 100
MIN_USERS = 30
"""A resample of fewer users says little about other users."""

MAX_CLUSTERS = 4096
"""More users are dealt into this many groups, which are as independent as users are."""

FLOOR = 0.25
"""Least standard error, as a share of the median one of the objective. The error of a policy that differs from the
baseline for a handful of users is too small to be believed, and studentising by it would widen everybody's bounds: in
simulations with such policies the 95 % quantile was 5.8 with a floor of 0.1 and 3.5 with this one."""

_BITS = 40
_CHUNK = 250


@dataclass(frozen=True)
class Certificate:
    """Changes of P policies in M objectives against one of them; positive = better."""

    value: Array
    """float64 [P, M]: the metrics themselves, in their natural direction."""
    change: Array
    """float64 [P, M]: in percent of the baseline's value, or absolute where `relative` is false."""
    error: Array
    """float64 [P, M]: standard error of `change`, users as clusters, not below the floor; inf: not estimable."""
    relative: Array
    """bool [M]: false where the baseline's own interval holds 0."""
    confidence: float
    requests: int
    users: int
    different: Array
    """int64 [P]: requests on which the policy is worth something else than the baseline."""
    max_t: Mapping[str, Array] = field(default_factory=dict)
    """``low``, ``high``: sorted maxima float64 [resamples] of the two families; empty when uncertified."""
    uncertified: str = ""
    """One sentence that says why there is no certificate; empty when there is one."""

    def quantile(self, confidence: float, side: str = "low") -> float:
        """How many standard errors the simultaneous bound is away. Raises `ConfigError`, see `quantile`."""
        return quantile(self.max_t[side], confidence)

    def at(self, point: int, objective: int) -> Change:
        """One change with its bounds at `confidence`, as a front holds it; without a certificate they are NaN."""
        change, error = float(self.change[point, objective]), float(self.error[point, objective])
        low = high = math.nan
        if not self.uncertified:
            low = change - self.quantile(self.confidence) * error
            high = change + self.quantile(self.confidence, "high") * error
        return Change(float(self.value[point, objective]), change, error, low, high, bool(self.relative[objective]))


def quantile(max_t: Array, confidence: float) -> float:
    """The `confidence` quantile of sorted maxima [B]: the order statistic that is never too small, ceil(c (B + 1)).

    Raises `ConfigError` for a confidence that B resamples cannot tell.
    """
    place = math.ceil(confidence * (len(max_t) + 1) - 1e-9)
    if not 1 <= place <= len(max_t):
        most = len(max_t) / (len(max_t) + 1)
        raise ConfigError(
            f"confidence {confidence} is out of reach of {len(max_t)} resamples (at most {most:.4f}); "
            "raise [certify] resamples"
        )
    return float(max_t[place - 1])


def certify(
    numerator: Array,
    denominator: Array,
    baseline: int,
    users: Array,
    maximise: Array,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    same: Array | None = None,
) -> Certificate:
    """Simultaneous bounds on the changes of P policies in M objectives against policy `baseline`.

    numerator, denominator: float64 [P, M, R], a judge's parts: value = sum of one / sum of the other over requests.
    users: int [R], the cluster of each request; maximise: bool [M]. All P policies are in the family; the baseline in
    it changes nothing, and neither do those that are known to be the `same` policy (bool [P]), whatever the requests.
    A policy that merely lists the same on all of these requests keeps an error: on others it may list something else,
    for the worse, and a promise to lose nothing would be false half of the time.

    Resamples are multinomial draws of the users, ascending, from ``default_rng([seed, 1])``; the result depends
    neither on threads nor on the machine's linear algebra. O(resamples x min(U, 4096) x P x M).

    Too few requests, users or differences give a certificate without bounds, whose `uncertified` says why. Exposure
    metrics have no parts: they are reported, not certified.
    """
    maximise = np.asarray(maximise, bool)
    clusters = Clusters(users)
    different = np.any((numerator != numerator[baseline]) | (denominator != denominator[baseline]), axis=1).sum(axis=1)
    why = too_little(numerator.shape[2], clusters.count, int(different.max(initial=0)))
    above, below = clusters.sums(numerator), clusters.sums(denominator)
    if clusters.count > MAX_CLUSTERS:
        groups = Clusters(np.random.default_rng(seed).permutation(clusters.count) % MAX_CLUSTERS)
        above, below = groups.sums(above), groups.sums(below)
    value, own_error = ratio_of_sums(above, below)
    away = NormalDist().inv_cdf((1 + confidence) / 2) * own_error[baseline]
    relative = np.abs(value[baseline]) > np.where(np.isfinite(away), away, np.inf)
    known = np.arange(len(value)) == baseline
    family = _Family(above, below, value, baseline, relative, maximise, known if same is None else known | same)
    usable = np.isfinite(family.change) & np.isfinite(family.error)
    certificate = Certificate(
        value=value,
        change=family.change,
        error=np.where(usable, family.floored, np.inf),
        relative=relative,
        confidence=confidence,
        requests=numerator.shape[2],
        users=clusters.count,
        different=different,
        uncertified=why,
    )
    if why:
        return certificate
    deviations = family.deviations(usable, resamples, np.random.default_rng([seed, 1]))
    low, high = (np.sort(np.concatenate(side)) for side in zip(*deviations, strict=True))
    return Certificate(**{**vars(certificate), "max_t": {"low": low, "high": high}})


def too_little(requests: int, users: int, different: int) -> str:
    """Why these requests cannot carry a certificate, as a sentence; empty: they can."""
    if requests < MIN_REQUESTS:
        return f"there are {requests} certify requests, fewer than the {MIN_REQUESTS} that a certificate needs"
    if users < MIN_USERS:
        return f"the certify requests are of {users} users, fewer than the {MIN_USERS} that a certificate needs"
    if different < MIN_DIFFERENT:
        return (
            f"no policy differs from the baseline on more than {different} certify requests, "
            f"fewer than the {MIN_DIFFERENT} that a certificate needs"
        )
    return ""


class _Family:
    """Changes as smooth functions of user totals, and their behaviour when users are resampled.

    With shares of totals e = (numerator - value x denominator) / total and d = denominator / total by user, for the
    policy and for the baseline (index 0), and f = e - ratio x e0 (ratio = value / value0, or 1 for absolute changes):
    the influence of a user on the change is f / value0, and all that a resample needs are weighted sums of these four
    and of their products. Main terms are built from f, whose products do not cancel.
    """

    def __init__(
        self, above: Array, below: Array, value: Array, baseline: int, relative: Array, maximise: Array, same: Array
    ) -> None:
        policies, objectives, users = above.shape
        total = below.sum(axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            e = (above - value[..., None] * below) / total[..., None]
            d = below / total[..., None]
            self.ratio = np.where(relative, value / value[baseline], 1.0)
        self.value, self.value0, self.relative = value, value[baseline], relative
        self.sign = np.where(maximise, 1.0, -1.0)
        e0, d0 = (np.broadcast_to(x[baseline], x.shape) for x in (e, d))
        f = e - self.ratio[..., None] * e0
        self.change = self._change(value, self.value0)
        self._factor = users / max(users - 1, 1)
        self.error = self._scale(self.value0) * np.sqrt(np.square(f).sum(axis=2) * self._factor)
        moving = np.where(np.isfinite(self.error) & (self.error > 0), self.error, np.nan)
        self.floor = np.array([FLOOR * np.nanmedian(c) if np.isfinite(c).any() else 1.0 for c in moving.T])
        self.floored = np.maximum(self.error, self.floor)
        self.floored[same] = 0.0  # the baseline is itself, on whatever requests
        wide = (f, d, f * f, f * e0, f * d, f * d0, e0 * d, d * d, d * d0)
        narrow = (e[baseline], d[baseline], e[baseline] ** 2, e[baseline] * d[baseline], d[baseline] ** 2)
        self._wide = [_exact(x.reshape(policies * objectives, users).T) for x in wide]
        self._narrow = [_exact(x.T) for x in narrow]

    def _scale(self, value0: Array) -> Array:
        """What turns a difference into a change."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.relative, 100.0 / np.abs(value0), 1.0)

    def _change(self, value: Array, value0: Array) -> Array:
        return np.asarray(self.sign * (value - value0) * self._scale(value0))

    def deviations(self, usable: Array, resamples: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
        """(largest studentised deviation upwards, downwards), float64 [chunk] each."""
        users = len(self._narrow[0])
        even = np.full(users, 1.0 / users)
        for start in range(0, resamples, _CHUNK):
            weights = rng.multinomial(users, even, size=min(_CHUNK, resamples - start)).astype(np.float64)
            with np.errstate(divide="ignore", invalid="ignore"):
                change, error = self._resampled(weights)
                t = (change - self.change) / np.maximum(error, self.floor)
            # A resample in which something has no value (its denominators add up to 0) is as bad as can be.
            t = np.where(usable, np.where(np.isfinite(t), t, np.inf), 0.0)
            down = np.where(np.isfinite(t), -t, np.inf)
            yield t.max(axis=(1, 2)), down.max(axis=(1, 2))

    def _resampled(self, weights: Array) -> tuple[Array, Array]:
        """(changes, their standard errors), float64 [B, P, M], of resamples with weights float64 [B, U]."""
        shape = (len(weights), *self.value.shape)
        f, d, ff, fe, fd, fd0, ed, dd, dd0 = ((weights @ x).reshape(shape) for x in self._wide)
        e0, d0, e00, ed0, d00 = ((weights @ x)[:, None] for x in self._narrow)
        moved, moved0 = (f + self.ratio * e0) / d, e0 / d0
        value, value0 = self.value + moved, self.value0 + moved0
        ratio = np.where(self.relative, value / value0, 1.0)
        # A user's influence in the resample is f / d + a e0 + b d + c d0.
        a, b, c = self.ratio / d - ratio / d0, -moved / d, ratio * moved0 / d0
        square = (
            ff / d**2
            + (2 / d) * (a * fe + b * fd + c * fd0)
            + a**2 * e00
            + b**2 * dd
            + c**2 * d00
            + 2 * (a * b * ed + a * c * ed0 + b * c * dd0)
        )
        return self._change(value, value0), self._scale(value0) * np.sqrt(np.maximum(square, 0) * self._factor)


def _exact(columns: Array) -> Array:
    """float64 [U, X] rounded to 40 bits below each column's largest number.

    Sums of these with whole weights that add up to U <= 4096 are exact, whatever the order: matrix products give the
    same bits on any number of threads and any library.
    """
    columns = np.where(np.isfinite(columns), columns, 0.0)
    largest = np.abs(columns).max(axis=0, initial=0.0)
    _, exponent = np.frexp(np.where(largest > 0, largest, 1.0))
    return np.asarray(np.ldexp(np.rint(np.ldexp(columns, _BITS - exponent)), exponent - _BITS))
