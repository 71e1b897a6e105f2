"""Values and standard errors of ratios of sums over users, added up block by block in a fixed order."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array


class Moments:
    """What is needed of U users' numerators N and denominators D: sums of them and of the squares of N - value x D.

    Each block says its sums around its own value; around another value they follow without the loss of digits that
    raw second moments have (Chan, Golub and LeVeque, "Updating formulae ...", COMPSTAT 1982).
    """

    def __init__(self, policies: int, columns: int) -> None:
        self._around: Array | None = None
        self._sums = np.zeros((5, policies, columns))
        self._users = 0

    def add(self, value: Array, sums: Array, users: int) -> None:
        """A block's `paretorec.judge.reference.moments`."""
        if self._around is None:
            self._around = value
        self._sums += moved(sums, value - self._around)
        self._users += users

    def results(self) -> tuple[Array, Array]:
        """(value, standard error), float64 [P, M]; see `paretorec.judge.clusters.ratio_of_sums`."""
        above, below = self._sums[:2]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = above / below
            around = np.zeros_like(value) if self._around is None else self._around
            square = moved(self._sums, around - value)[2]
            variance = np.maximum(square, 0) * (self._users / np.float64(self._users - 1))
            return value, np.sqrt(variance) / np.abs(below)


def moved(sums: Array, by: Array) -> Array:
    """Sums around a value that is smaller by `by`: E becomes E + by x D."""
    above, below, squares, cross, own = sums
    return np.stack([above, below, squares + by * (2 * cross + by * own), cross + by * own, own])
