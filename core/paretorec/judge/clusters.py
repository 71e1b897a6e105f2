"""Standard errors when the requests of one user belong together."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array


class Clusters:
    """Requests grouped by user. `count` = number of users U."""

    def __init__(self, users: Array) -> None:
        """users: int [R]."""
        self._order = np.argsort(users, kind="stable")
        ordered = users[self._order]
        self._starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
        self.count = len(self._starts)
        self.sizes = np.diff(self._starts, append=len(users)).astype(np.float64)
        """float64 [U]: requests of each user."""

    def sums(self, values: Array) -> Array:
        """float64 [..., R] -> [..., U], users ascending, in the order of the requests within a user."""
        if not self.count:
            return np.zeros((*values.shape[:-1], 0))
        return np.asarray(np.add.reduceat(values[..., self._order], self._starts, axis=-1))


def ratio_of_sums(numerator: Array, denominator: Array) -> tuple[Array, Array]:
    """(value, standard error), both [...], of cluster sums [..., U]: the ratio of their totals.

    Linearised (delta method): the variance of the mean of ``numerator - value x denominator`` over users, with the
    finite-sample factor U / (U - 1). NaN where the denominators add up to 0, an error of NaN for a single user.
    """
    total = denominator.sum(axis=-1)
    count = numerator.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = numerator.sum(axis=-1) / total
        off = numerator - value[..., None] * denominator
        variance = np.square(off).sum(axis=-1) * (count / np.float64(count - 1))
        return value, np.sqrt(variance) / np.abs(total)
