"""The league: every configuration and its simple rivals, by hypervolume on the held-out folds and by CPU time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from paretorec.artifact import read_json
from paretorec.contracts.component import ComponentRef
from paretorec.registry import Registry
from paretorec.tuning.result import FoldResult, best_signal
from paretorec.tuning.trials import OWN, Course, Trial

RIVALS = ("random", "dual")
"""Optimizers that every search has to beat, where the registry has them."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    trial: int
    """Whose models."""
    rival: bool
    """A simple alternative over the trial's models, no trial of its own."""
    assignment: Mapping[str, Any]
    volumes: Sequence[float]
    """By fold; fewer than there are folds where it ended early."""
    gains: Sequence[float]
    """Above the configuration as written, fold by fold."""
    cpu_seconds: float
    note: str = ""
    """Why it did not see every fold; or which signal it is."""

    def to_json(self) -> dict[str, Any]:
        """JSON values; `hypervolume` and `gain` have ``mean``, ``deviation`` (over folds) and ``folds``."""
        return {
            "name": self.name,
            "trial": self.trial,
            "rival": self.rival,
            "values": dict(self.assignment),
            "hypervolume": summary(self.volumes),
            "gain": summary(self.gains),
            "cpu_minutes": round(self.cpu_seconds / 60, 4),
            "note": self.note,
        }


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Mean and sample standard deviation; None where there are too few values for one."""
    return {
        "mean": fmean(values) if values else None,
        "deviation": stdev(values) if len(values) > 1 else None,
        "folds": list(values),
    }


def trial_row(course: Course, trial: Trial) -> Row:
    """A trial's own line."""
    name = f"trial {trial.number}" if trial.number else "as configured"
    return _row(name, course, trial, trial.results, trial.why, rival=False)


def rival_rows(course: Course, trial: Trial, registry: Registry) -> list[Row]:
    """Over a complete trial's models: its best single signal, and policies found by `RIVALS` with the same budget."""
    shop = course.workshop
    config = shop.space.configured(trial.assignment)
    own = registry.resolve("optimizer", config.optimizer.use, "optimizer").spec.name
    ready = {entry.name for entry in registry.available() if entry.kind == "optimizer" and entry.state == "ready"}
    names = [name for name in RIVALS if name in ready]
    contenders = {OWN if name == own else name: ComponentRef(use=name) for name in names}
    by_fold = [shop.results(trial.number, fold, config, contenders) for fold in range(len(shop.folds))]
    rows = [_signal_row(course, trial)]
    for name, results in zip(names, zip(*by_fold, strict=True), strict=True):
        kept = [result for result in results if isinstance(result, FoldResult)]
        failed = next((f"failed: {result}" for result in results if not isinstance(result, FoldResult)), "")
        rows.append(_row(f"{name} policies", course, trial, [] if failed else kept, failed, rival=True))
    return rows


def _row(name: str, course: Course, trial: Trial, results: Sequence[FoldResult], note: str, *, rival: bool) -> Row:
    volumes, gains = course.volumes(results), course.gains(results)
    return Row(name, trial.number, rival, trial.assignment, volumes, gains, charged(course, results), note)


def _signal_row(course: Course, trial: Trial) -> Row:
    shop = course.workshop
    found = [
        best_signal(result, scale, shop.objectives, fold.name)
        for result, scale, fold in zip(trial.results, course.scales, shop.folds, strict=True)
    ]
    written = course.volumes(course.trials[0].results)
    volumes = [volume for _, volume in found]
    names = " or ".join(dict.fromkeys(name for name, _ in found))
    gains = [volume - base for volume, base in zip(volumes, written, strict=True)]
    cost = charged(course, trial.results, without=("search",))
    return Row("best single signal", trial.number, True, trial.assignment, volumes, gains, cost, names)


def charged(course: Course, results: Sequence[FoldResult], without: Sequence[str] = ()) -> float:
    """CPU seconds, fitting in full also where another trial had fitted the same; models and their signals once for
    folds that share them."""
    total, made = 0.0, set[str]()
    for result, fold in zip(results, course.workshop.folds, strict=False):
        for stage, seconds in result.seconds.items():
            if stage in without or (stage != "search" and fold.models in made):
                continue
            total += seconds
        made.add(fold.models)
    return total


def spent(course: Course) -> float:
    """CPU seconds that the whole search took: each fit and each search once, signals once more for the rivals."""
    shop = course.workshop
    total = sum(float(read_json(path)) for path in (shop.folder / "states").glob("*.cost.json"))
    signals: dict[tuple[int, str, bool], float] = {}
    for trial in course.trials:
        for number, fold in enumerate(shop.folds):
            place = shop.place(trial.number, number)
            for path in sorted(place.parent.glob(f"{place.name}.*.json")):
                seconds = FoldResult.load(path).seconds
                own = path == shop.path(trial.number, number, OWN)
                signals[trial.number, fold.models, own] = seconds["signals"]
                total += seconds["search"]
    return total + sum(signals.values())
