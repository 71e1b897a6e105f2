"""The search loop: ask, judge, tell, keep. Optimizers propose; budget, archive, log and checkpoints are here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from paretorec.contracts.observer import GenerationFinished
from paretorec.contracts.optimizer import Evaluations, Optimizer, SearchProblem
from paretorec.contracts.run import Array, RunContext
from paretorec.errors import ArtifactError, ConfigError, ParetoRecError, PluginError
from paretorec.search.archive import Archive
from paretorec.search.volume import HypervolumeLog
from paretorec.search.wish import Wish

Evaluate = Callable[[Array], tuple[Array, Array]]
"""x float64 [P, D] -> values float64 [P, M], minimised, and their standard errors [P, M]. A row's result may depend on
no other row: a generation may be judged in two parts."""

T = TypeVar("T")


def checkpoint_path(folder: Path, name: str) -> Path:
    """Where the search `name` keeps its archive."""
    return folder / f"archive-{name}.safetensors"


def search(
    problem: SearchProblem,
    optimizer: Optimizer,
    evaluate: Evaluate,
    *,
    evaluations: int | None = None,
    seconds: float | None = None,
    seed: int,
    run: RunContext,
    name: str = "search",
    resume: bool = False,
    wish: Wish | None = None,
    reference: Array | None = None,
    origin: str = "",
) -> Archive:
    """Search until `evaluations` policies are judged or `seconds` are over, whichever comes first.

    The last generation is cut to the budget. Values that are not finite make a policy infeasible; the optimizer is
    told the worst known values in their place. With a `wish`, the optimizer sees one objective (capability
    ``single``), while the archive keeps all M. `reference` [M] is the hypervolume's reference point; default: the
    worst of the first points that could be judged (of the first generation where there are none). A box that is a
    single point holds one policy, which is judged once; no optimizer is asked.

    An optimizer that raises, or asks for what is no policy, ends the search with a PluginError that names it by
    `origin` (default: its class) and says where everything judged so far is kept.

    After each generation the archive is saved in `run.folder`, then the stop signal is obeyed (`Interrupted`). With
    `resume`, a saved archive is replayed: the optimizer starts from the seed again, must ask for the stored policies
    to the bit (else ArtifactError), and is told the stored values. For budgets in evaluations the result is equal,
    to the bit, to that of a search that was never interrupted, also when it goes on to a larger budget.
    """
    if evaluations is None and seconds is None:
        raise ConfigError("[search] has no budget; give evaluations = N or seconds = N")
    path = None if run.folder is None else checkpoint_path(run.folder, name)
    who = f"{type(optimizer).__module__}:{type(optimizer).__qualname__}"
    if not (problem.upper > problem.lower).any():
        optimizer, evaluations, seconds = _OnePolicy(), 1, None
    theirs = _Theirs(origin or f"optimizer {who}", path)
    archive = Archive.empty(problem.objectives, len(problem.lower), seed, who)
    if resume and path is not None and path.exists():
        archive = _same_search(Archive.load(path), archive, path)

    seen = problem if wish is None else replace(problem, objectives=("wish",))
    theirs.call("setup", lambda: optimizer.setup(seen, seed), archive)
    log = HypervolumeLog(archive, len(problem.first), reference)
    started = time.perf_counter() - (archive.seconds[-1] if len(archive.seconds) else 0.0)
    generation = 0
    with run.progress.bar(f"search {name}", evaluations) as bar:
        bar.advance(len(archive))
        while not _spent(len(archive), evaluations, time.perf_counter() - started, seconds):
            x = theirs.call("ask", lambda: np.array(optimizer.ask(), dtype=np.float64), archive)
            theirs.check(x, problem, archive)
            stored = archive.x[archive.rows(generation)]
            whole = generation < len(archive.seconds) - 1
            if not np.array_equal(x[: len(stored)], stored) or (whole and len(stored) < len(x)):
                raise ArtifactError(
                    f"{path}: generation {generation} was searched with other settings or another version of {who}; "
                    "search again without --resume"
                )
            new = x[len(stored) :]
            if evaluations is not None:
                new = new[: evaluations - len(archive)]
            if len(new):
                values, errors = _judged(evaluate, new, len(problem.objectives))
                archive = archive.extended(new, values, errors, generation)
                archive = log.updated(archive, generation, time.perf_counter() - started)
                if path is not None:
                    archive.save(path)
                bar.advance(len(new), f"hypervolume {archive.hypervolume[-1]:.4g}")
                run.emit(_event(archive, name, generation, evaluations))
            run.check_stop()
            rows = archive.rows(generation)
            if rows.stop - rows.start == len(x):
                told = _told(archive, rows, wish)
                theirs.call("tell", partial(optimizer.tell, x, told), archive)
            generation += 1
    return archive


def _event(archive: Archive, name: str, generation: int, budget: int | None) -> GenerationFinished:
    return GenerationFinished(
        search=name,
        generation=generation,
        evaluations=len(archive),
        budget=budget,
        hypervolume=float(archive.hypervolume[-1]),
        seconds=float(archive.seconds[-1]),
    )


def _spent(judged: int, evaluations: int | None, elapsed: float, seconds: float | None) -> bool:
    return (evaluations is not None and judged >= evaluations) or (seconds is not None and elapsed >= seconds)


def _same_search(stored: Archive, wanted: Archive, path: Path) -> Archive:
    for field in ("objectives", "seed", "optimizer"):
        old, new = getattr(stored, field), getattr(wanted, field)
        if old != new:
            raise ArtifactError(f"{path}: searched with {field} {old!r}, not {new!r}; search again without --resume")
    if stored.x.shape[1] != wanted.x.shape[1]:
        raise ArtifactError(
            f"{path}: searched over {stored.x.shape[1]} parameters, not {wanted.x.shape[1]}; "
            "search again without --resume"
        )
    return stored


class _OnePolicy:
    """The optimizer of a box without a free parameter."""

    def setup(self, problem: SearchProblem, seed: int) -> None:
        self._x = problem.lower[None]

    def ask(self) -> Array:
        return self._x

    def tell(self, x: Array, result: Evaluations) -> None:
        return None


@dataclass(frozen=True)
class _Theirs:
    """Calls of an optimizer, which may be anybody's."""

    who: str
    path: Path | None
    """Where the archive is kept."""

    def call(self, what: str, work: Callable[[], T], archive: Archive) -> T:
        try:
            return work()
        except ParetoRecError:
            raise  # the optimizer's own sentence
        except (Exception, SystemExit) as error:
            reason = " ".join(str(error).split())
            raise self._broken(f"failed in {what} with {type(error).__name__}: {reason}", archive) from error

    def check(self, x: Array, problem: SearchProblem, archive: Archive) -> None:
        """Refuse what is no [P, D] inside the box."""
        if x.ndim != 2 or not len(x) or x.shape[1] != len(problem.lower):
            raise self._broken(f"asked for an array of shape {x.shape}, not [P >= 1, {len(problem.lower)}]", archive)
        outside = ~((x >= problem.lower) & (x <= problem.upper)).all(axis=1)
        if outside.any():
            raise self._broken(f"asked for {x[outside][0].tolist()}, which is outside the search's box", archive)

    def _broken(self, what: str, archive: Archive) -> PluginError:
        kept = ""
        if self.path is not None and len(archive):
            kept = f"; the {len(archive)} policies judged so far are kept in {self.path}"
        return PluginError(f"{self.who} {what}{kept}")


def _judged(evaluate: Evaluate, x: Array, objectives: int) -> tuple[Array, Array]:
    values, errors = (np.asarray(part, dtype=np.float64) for part in evaluate(x))
    if values.shape != (len(x), objectives) or errors.shape != values.shape:
        raise ValueError(f"evaluate gave values {values.shape} and errors {errors.shape}, not {(len(x), objectives)}")
    return values, errors


def _told(archive: Archive, rows: slice, wish: Wish | None) -> Evaluations:
    """What the optimizer learns; depends on nothing later than `rows`, or replay would tell something else."""
    values, feasible = archive.values[rows].copy(), archive.feasible[rows]
    errors = archive.errors[rows]
    if not feasible.all():
        known = archive.values[: rows.stop][archive.feasible[: rows.stop]]
        values[~feasible] = known.max(axis=0) if len(known) else 0.0
    if wish is not None:
        values = wish.scalar(values)[:, None]
        errors = np.zeros_like(values)
    return Evaluations(values, errors, feasible)
