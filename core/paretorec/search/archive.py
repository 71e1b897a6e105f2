"""Everything that a search has judged: unbounded, append-only, one file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.contracts.run import Array
from paretorec.errors import ArtifactError
from paretorec.search.pareto import nondominated

SCHEMA = 1
_ARRAYS = ("x", "values", "errors", "feasible", "generation", "reference", "seconds", "hypervolume")


@dataclass(frozen=True)
class Archive:
    """P judged policies in the order of judging, and G generations of log."""

    objectives: tuple[str, ...]
    """M names."""
    seed: int
    optimizer: str
    """The class that proposed: a run goes on only with the same one."""
    x: Array
    """float64 [P, D]."""
    values: Array
    """float64 [P, M], minimised; as judged, so not finite where `feasible` is False."""
    errors: Array
    """float64 [P, M] standard errors, 0 where unknown."""
    feasible: Array
    """bool [P]: could be judged."""
    generation: Array
    """int64 [P], rising from 0."""
    reference: Array
    """float64 [M]: the fixed reference point of the hypervolume; NaN until it is known."""
    seconds: Array
    """float64 [G]: time searched until the generation's end, pauses between runs left out."""
    hypervolume: Array
    """float64 [G]: of everything judged until the generation's end; exact up to 5 objectives, sampled beyond."""

    @classmethod
    def empty(cls, objectives: tuple[str, ...], parameters: int, seed: int, optimizer: str) -> Archive:
        """An archive of policies with D = `parameters`, before anything is judged."""
        m = len(objectives)
        return cls(
            objectives=objectives,
            seed=seed,
            optimizer=optimizer,
            x=np.empty((0, parameters)),
            values=np.empty((0, m)),
            errors=np.empty((0, m)),
            feasible=np.empty(0, dtype=bool),
            generation=np.empty(0, dtype=np.int64),
            reference=np.full(m, np.nan),
            seconds=np.empty(0),
            hypervolume=np.empty(0),
        )

    def __len__(self) -> int:
        return len(self.x)

    @property
    def evaluations(self) -> Array:
        """int64 [G]: policies judged until the generation's end."""
        return np.searchsorted(self.generation, np.arange(len(self.seconds)), side="right").astype(np.int64)

    def rows(self, generation: int) -> slice:
        """The rows of one generation."""
        start, stop = np.searchsorted(self.generation, [generation, generation + 1])
        return slice(int(start), int(stop))

    def front(self) -> Array:
        """int64 [F]: rows that nothing dominates, in order; of policies with equal values, the first."""
        judged = np.flatnonzero(self.feasible)
        front = judged[nondominated(self.values[judged])]
        first = np.unique(self.values[front], axis=0, return_index=True)[1]
        return np.sort(front[first]).astype(np.int64)

    def extended(self, x: Array, values: Array, errors: Array, generation: int) -> Archive:
        """With P' more rows of `generation`; rows with a value that is not finite become infeasible."""
        return replace(
            self,
            x=np.concatenate([self.x, x]),
            values=np.concatenate([self.values, values]),
            errors=np.concatenate([self.errors, np.nan_to_num(errors, posinf=0.0, neginf=0.0)]),
            feasible=np.concatenate([self.feasible, np.isfinite(values).all(axis=1)]),
            generation=np.concatenate([self.generation, np.full(len(x), generation, dtype=np.int64)]),
        )

    def logged(self, generation: int, seconds: float, hypervolume: float) -> Archive:
        """With the log of `generation`, which is the last one; a generation that was cut short is logged anew."""
        return replace(
            self,
            seconds=np.append(self.seconds[:generation], seconds),
            hypervolume=np.append(self.hypervolume[:generation], hypervolume),
        )

    def save(self, path: Path) -> None:
        """Write `path` (safetensors, with JSON in its header) whole or not at all. Raises ArtifactError."""
        from safetensors.numpy import save

        meta = {
            "schema": SCHEMA,
            "objectives": self.objectives,
            "seed": self.seed,
            "optimizer": self.optimizer,
        }
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS}
        temporary = path.with_name(f".{path.name}.partial")
        try:
            temporary.write_bytes(save(arrays, {"archive": json.dumps(meta)}))
            os.replace(temporary, path)
        except OSError as error:
            raise ArtifactError(f"{path}: the search's archive cannot be written ({error.strerror})") from error

    @classmethod
    def load(cls, path: Path) -> Archive:
        """Read what `save` wrote. Raises ArtifactError when it is missing, damaged or of a newer schema."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                meta: dict[str, Any] = json.loads(file.metadata()["archive"])
                if meta["schema"] > SCHEMA:
                    raise ArtifactError(f"{path}: written by a newer paretorec (schema {meta['schema']}); upgrade it")
                arrays = {name: file.get_tensor(name) for name in _ARRAYS}
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"{path}: missing or damaged; delete it and search again without --resume") from error
        return cls(tuple(meta["objectives"]), meta["seed"], meta["optimizer"], **arrays)
