"""The front beside what it can be expected to be: `paretorec.search.optimism` on a run's select requests."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts.run import Array
from paretorec.judging import Judged
from paretorec.search.archive import Archive
from paretorec.search.optimism import contenders, estimate_optimism
from paretorec.search.paired import PairedErrors
from paretorec.search.shown import shown
from paretorec.search.thin import DifferenceError
from paretorec.search.wish import Wish

CONTENDERS = 400
"""Policies of the archive that may change places with those of the front."""


def additive_columns(select: Judged) -> list[int]:
    """Which M' of the M objectives have parts."""
    names = list(select.judge.metrics)
    return [names.index(name) for name in select.judge.additive]


def paired_errors(select: Judged, numerator: Array, denominator: Array) -> PairedErrors:
    """Errors of differences between policies whose parts float64 [P, M', R] these are.

    Exposure metrics have no paired errors: infinite ones, so that they alone never tell two policies apart.
    """
    unknown = np.full((len(numerator), len(select.judge.metrics)), np.inf)
    return PairedErrors(numerator, denominator, select.requests.user, unknown, additive_columns(select))


def front_optimism(
    archive: Archive, select: Judged, limit: int, wish: Wish, baseline: Array, sign: Array, seed: int
) -> dict[str, Any]:
    """JSON: hypervolume and best values of the shown front, on select and as expected on other users.

    limit, wish, baseline (float64 [D]): of the choice that is shown; sign: float64 [M], +1 where more is better.
    """
    names = list(select.judge.metrics)
    columns = additive_columns(select)
    rows = contenders(np.where(archive.feasible[:, None], archive.values, np.nan), CONTENDERS)
    above, below = select.judge.parts(np.vstack([archive.x[rows], baseline]))
    apart = paired_errors(select, above, below)(len(rows), np.arange(len(rows)))

    def choose(values: Array, errors: DifferenceError) -> Array:
        return shown(values, errors, apart, limit, wish)

    found = estimate_optimism(
        above[:-1],
        below[:-1],
        select.requests.user,
        archive.values[rows],
        columns,
        sign[columns],
        archive.reference,
        choose,
        seed=seed,
    )
    return found.to_json(names, sign)
