"""Trials: configurations that were tried, kept fold by fold in the search's folder, so that a killed one goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paretorec.artifact import read_json, write_json
from paretorec.config import RunConfig
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.run import Bar, Progress, RunContext
from paretorec.errors import ArtifactError, Interrupted, ParetoRecError
from paretorec.registry import Registry
from paretorec.tuning.arena import Arena, Made
from paretorec.tuning.folds import Fold
from paretorec.tuning.result import FoldResult, Scale
from paretorec.tuning.space import Space

OWN = "own"
"""The contender that a configuration names itself, `[optimizer]`."""


@dataclass(frozen=True)
class Trial:
    """One configuration."""

    number: int
    """0: as it is written."""
    assignment: Mapping[str, Any]
    results: tuple[FoldResult, ...]
    """Of the first folds."""
    why: str = ""
    """Why there are not results of all folds."""


class Workshop:
    """Runs contenders on folds and keeps what they reach; what is there already is not done again."""

    def __init__(self, folds: Sequence[Fold], space: Space, registry: Registry, run: RunContext, folder: Path) -> None:
        assert space.config.tune is not None
        self.folds, self.space, self.objectives = folds, space, tuple(o.instance for o in space.config.objectives)
        self.tune = space.config.tune
        self.folder = folder
        self._registry, self._run = registry, run
        self._last: tuple[tuple[int, str], Made] | None = None

    def results(
        self, number: int, fold: int, config: RunConfig, contenders: Mapping[str, ComponentRef]
    ) -> list[FoldResult | ParetoRecError]:
        """What each contender (name -> optimizer) reached on a fold, or the error that it ended with, in their order.

        Raises what fails before they compete: fitting, signals.
        """
        place = self.place(number, fold)
        found: dict[str, FoldResult | ParetoRecError] = {}
        for name in contenders:
            path = self.path(number, fold, name)
            if path.is_file():
                found[name] = FoldResult.load(path)
        missing = [name for name in contenders if name not in found]
        if missing:
            what = f"trial {number}, {self.folds[fold].name}"
            run = replace(self._run, folder=place, progress=Prefixed(self._run.progress, what))
            place.mkdir(parents=True, exist_ok=True)
            made = self._make(number, config, self.folds[fold], run)
            arena = Arena.open(config, self._registry, self.folds[fold], made, run)
            for name in missing:
                try:
                    reached = arena.compete(contenders[name], self.tune.evaluations, self._registry, run)
                except (Interrupted, ArtifactError):
                    raise
                except ParetoRecError as error:
                    found[name] = error
                else:
                    reached.save(self.path(number, fold, name))
                    found[name] = reached
        self._run.check_stop()
        return [found[name] for name in contenders]

    def _make(self, number: int, config: RunConfig, fold: Fold, run: RunContext) -> Made:
        """Made anew, unless the last fold's will do: then fitting and signals are not paid for again."""
        if self._last is None or self._last[0] != (number, fold.models):
            self._last = None  # not two of them in memory
            made = Made.of(config, self._registry, fold, run, self.folder / "states")
            self._last = ((number, fold.models), made)
        return self._last[1]

    def own(self, number: int, fold: int, config: RunConfig) -> FoldResult:
        """What a configuration reached with its own optimizer. Raises what fails."""
        (result,) = self.results(number, fold, config, {OWN: config.optimizer})
        if isinstance(result, ParetoRecError):
            raise result
        return result

    def place(self, number: int, fold: int) -> Path:
        """Where a trial keeps what it needs to go on within a fold."""
        return self.folder / "trials" / f"{number:03d}" / f"fold-{fold + 1}"

    def path(self, number: int, fold: int, name: str) -> Path:
        """Where a contender's result is kept."""
        place = self.place(number, fold)
        return place.with_name(f"{place.name}.{name}.json")

    def note(self, number: int, assignment: Mapping[str, Any]) -> None:
        """Note what a trial is. Raises `ArtifactError` where that number was something else."""
        path = self.folder / "trials" / f"{number:03d}" / "assignment.json"
        if not path.is_file():
            write_json(path, dict(assignment))
        elif read_json(path) != assignment:
            raise ArtifactError(
                f"{path}: the sampler proposed something else here before, so it is another version or does not "
                "depend on its seed alone; tune again without --resume"
            )


class Course:
    """The trials of a search in their order, and when one of them is given up."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.trials: list[Trial] = []
        self.scales: list[Scale] = []
        """By fold; known after trial 0."""

    def begin(self) -> Trial:
        """The configuration as it is written, on every fold: what the others are measured by. Raises what fails."""
        shop = self.workshop
        shop.note(0, {})
        results = []
        for number, fold in enumerate(shop.folds):
            results.append(shop.own(0, number, shop.space.config))
            self.scales.append(Scale.of(results[-1].corners, shop.objectives, fold.name))
        self.trials.append(Trial(0, {}, tuple(results)))
        return self.trials[0]

    def attempt(self, assignment: Mapping[str, Any]) -> Trial:
        """Try a configuration, fold by fold, until it is clear that nothing is to be had from it."""
        shop, number = self.workshop, len(self.trials)
        shop.note(number, assignment)
        results: list[FoldResult] = []
        why = ""
        try:
            config = shop.space.configured(assignment)
            while len(results) < len(shop.folds) and not why:
                results.append(shop.own(number, len(results), config))
                why = self._hopeless(results)
        except (Interrupted, ArtifactError):
            raise
        except ParetoRecError as error:
            why = f"failed: {error}"
        self.trials.append(Trial(number, dict(assignment), tuple(results), why))
        return self.trials[-1]

    def volumes(self, results: Iterable[FoldResult]) -> list[float]:
        """Hypervolume on the held-out requests, fold by fold."""
        return [scale.volume(result.held_out) for result, scale in zip(results, self.scales, strict=False)]

    def score(self, trial: Trial) -> float | None:
        """Mean gain of hypervolume over trial 0 on the same folds; None where there is no fold."""
        gains = self.gains(trial.results)
        return sum(gains) / len(gains) if gains else None

    def gains(self, results: Sequence[FoldResult]) -> list[float]:
        """Hypervolume above that of trial 0, fold by fold."""
        written = self.volumes(self.trials[0].results)
        return [volume - base for volume, base in zip(self.volumes(results), written, strict=False)]

    def best(self) -> Trial:
        """The trial with the largest mean hypervolume among those that saw every fold; of equal ones, the first."""
        complete = [trial for trial in self.trials if len(trial.results) == len(self.workshop.folds)]
        return max(complete, key=lambda trial: sum(self.volumes(trial.results)))

    def added(self, results: Sequence[FoldResult]) -> float:
        """By which share the fronts of `results` enlarge what all trials so far reach together; mean over folds."""
        shares = []
        for fold, (result, scale) in enumerate(zip(results, self.scales, strict=False)):
            others = [trial.results[fold].held_out for trial in self.trials if len(trial.results) > fold]
            before = scale.volume(*others)
            after = scale.volume(*others, result.held_out)
            shares.append((after - before) / before if before else float(after > 0))
        return sum(shares) / len(shares)

    def _hopeless(self, results: Sequence[FoldResult]) -> str:
        seen, least = len(results), self.workshop.tune.stop
        if seen == len(self.workshop.folds):
            return ""
        best = sum(self.volumes(self.best().results)[:seen])
        added = self.added(results)
        if sum(self.volumes(results)) >= best or added >= least:
            return ""
        return f"stopped after fold {seen}: adds {added:.2%}"


@dataclass(frozen=True)
class Prefixed:
    """Progress bars whose titles say which trial they belong to."""

    progress: Progress
    prefix: str

    def bar(self, title: str, total: int | None = None) -> AbstractContextManager[Bar]:
        return self.progress.bar(f"{self.prefix}: {title}", total)
