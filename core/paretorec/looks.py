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


def front_optimism(
    archive: Archive, select: Judged, limit: int, wish: Wish, baseline: Array, sign: Array, seed: int
) -> dict[str, Any]:
    """JSON: hypervolume and best values of the shown front, on select and as expected on other users.

    limit, wish, baseline (float64 [D]): of the choice that is shown; sign: float64 [M], +1 where more is better.
    """
    judge = select.judge
    names = list(judge.metrics)
    columns = [names.index(name) for name in judge.additive]
    rows = contenders(np.where(archive.feasible[:, None], archive.values, np.nan), CONTENDERS)
    above, below = judge.parts(np.vstack([archive.x[rows], baseline]))
    unknown = np.full((len(rows) + 1, len(names)), np.inf)
    apart = PairedErrors(above, below, select.requests.user, unknown, columns)(len(rows), np.arange(len(rows)))

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
