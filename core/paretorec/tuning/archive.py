"""One archive of every policy that was judged, whatever the models behind it: ``archive.parquet``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paretorec.artifact import write_atomic
from paretorec.contracts.run import Array
from paretorec.search.archive import Archive
from paretorec.tuning.result import FoldResult
from paretorec.tuning.trials import Course

if TYPE_CHECKING:
    import pandas as pd

KEY = ("fold", "bundle", "candidates", "policy", "parameters")
"""What makes two rows the same policy over the same signals."""


def write_archive(course: Course, path: Path, sign: Array) -> None:
    """A row for each policy: `KEY` (mappings as JSON), the first trial and optimizer that asked for it, and per
    objective ``search.NAME``, and ``held_out.NAME`` of those that were frozen (else NaN). sign: float64 [M], -1 for
    objectives of which less is better."""
    import pandas as pd

    table = pd.concat(list(_tables(course, sign)), ignore_index=True)
    # A frozen policy's row first: only it has values on the held-out requests.
    frozen = table.filter(like="held_out.").notna().any(axis=1)
    order = np.lexsort((np.arange(len(table)), ~frozen))
    unique = table.iloc[order].drop_duplicates(list(KEY)).sort_index().reset_index(drop=True)
    write_atomic(path, lambda temporary: unique.to_parquet(temporary, index=False))


def _tables(course: Course, sign: Array) -> Iterator[pd.DataFrame]:
    shop = course.workshop
    for trial in course.trials:
        if not trial.results:
            continue
        candidates = shop.space.configured(trial.assignment).candidates.model_dump(mode="json")
        for number, fold in enumerate(shop.folds):
            place = shop.place(trial.number, number)
            for path in sorted(place.parent.glob(f"{place.name}.*.json")):
                result = FoldResult.load(path)
                archive = Archive.load(place / f"archive-{result.optimizer}.safetensors")
                yield _table(result, archive, shop.objectives, sign).assign(
                    trial=trial.number, fold=fold.name, candidates=json.dumps(candidates, sort_keys=True)
                )


def _table(result: FoldResult, archive: Archive, objectives: tuple[str, ...], sign: Array) -> pd.DataFrame:
    import pandas as pd

    held_out = np.full((len(archive), len(objectives)), np.nan)
    frozen = {tuple(theta): values for theta, values in zip(result.theta, result.held_out, strict=True)}
    for row, theta in enumerate(archive.x.tolist()):
        if tuple(theta) in frozen:
            held_out[row] = np.array(frozen[tuple(theta)], dtype=np.float64)
    parameters = [json.dumps(dict(zip(result.parameters, theta, strict=True))) for theta in archive.x.tolist()]
    columns = {
        "bundle": result.bundle,
        "policy": json.dumps(result.policy, sort_keys=True),
        "parameters": parameters,
        "optimizer": result.optimizer,
    }
    values = {f"search.{name}": -sign[m] * archive.values[:, m] for m, name in enumerate(objectives)}
    values |= {f"held_out.{name}": -sign[m] * held_out[:, m] for m, name in enumerate(objectives)}
    return pd.DataFrame({**columns, **values})
