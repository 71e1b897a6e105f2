"""The search over models around the search over policies."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paretorec.artifact import same_run, seal, write_atomic, write_json
from paretorec.components import Components
from paretorec.config import RunConfig, TuneConfig
from paretorec.contracts.dataset import Tables
from paretorec.contracts.run import Array, RunContext
from paretorec.data.tables import resolve_data
from paretorec.judging import directions
from paretorec.prepare import hash_dataset, hash_requests, prepare
from paretorec.record import machine, versions
from paretorec.registry import Registry
from paretorec.report.league import write_league_page
from paretorec.tuning.archive import write_archive
from paretorec.tuning.folds import Fold, make_folds
from paretorec.tuning.league import Row, rival_rows, spent, trial_row
from paretorec.tuning.samplers import ATTEMPTS, Sampler, make_sampler, named
from paretorec.tuning.space import Space
from paretorec.tuning.toml import to_toml
from paretorec.tuning.trials import Course, Workshop


@dataclass(frozen=True)
class League:
    """What a search over models found."""

    rows: tuple[Row, ...]
    """Every configuration, as written first, then in the order of trying; then the simple rivals."""
    winner: RunConfig
    """The configuration with the most hypervolume on held-out folds."""
    document: Mapping[str, Any]
    """All of it as JSON values: ``league.json``."""


def tune(
    config: RunConfig,
    registry: Registry,
    load: Callable[[Components], Tables],
    run: RunContext,
    folder: Path,
    out: Path,
) -> League:
    """Try configurations of `[tune.space]` on folds of the data before the certify window.

    `folder` is worked in, and goes on with what a killed search left there; `out` is what it will be called. Writes
    ``league.json``, ``report.html``, ``archive.parquet`` and ``winner.toml``. Raises `ConfigError` for a space that
    cannot be searched, before any data is read, and `DataError` for data that cannot be cut into the folds.
    """
    space = Space.of(config, registry)
    settings = config.tune
    assert settings is not None
    sampler = make_sampler(settings, space, registry, config.seed)
    components = Components.build(config, registry)
    folds = cut(config, settings, components, load(components))
    known = folds[0].prepared.data
    same_run(
        folder,
        {
            "config": config.model_dump(mode="json", exclude={"threads", "observers"}),
            "data": hash_dataset(known),
            "folds": [[hash_requests(f.prepared.split.select, known), hash_requests(f.held_out, known)] for f in folds],
            "components": components.manifest(),
            "threads": run.threads,
            "versions": versions(),
        },
    )
    course = Course(Workshop(folds, space, registry, run, folder))
    course.begin()
    try_all(course, sampler, settings.trials)
    best = course.best()
    rows = [trial_row(course, trial) for trial in course.trials]
    for trial in dict.fromkeys((0, best.number)):
        rows += rival_rows(course, course.trials[trial], registry)
    winner = out / "winner.toml"
    document = {
        "objectives": list(course.workshop.objectives),
        "by": settings.by,
        "folds": [fold.to_json() for fold in folds],
        "sampler": settings.sampler.use,
        "evaluations": settings.evaluations,
        "trials": len(course.trials) - 1,
        "keys": [axis.key for axis in space.axes],
        "rows": [row.to_json() for row in rows],
        "winner": {
            "trial": best.number,
            "values": dict(best.assignment),
            "config": str(winner),
            "command": shlex.join(["paretorec", "run", str(winner), "--out", f"{out}-winner"]),
        },
        "cpu_minutes": round(spent(course) / 60, 4),
    }
    write(folder, course, document, space.values(best.assignment), directions(components))
    manifest = {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seed": config.seed,
        "components": components.manifest(),
        "versions": versions(),
        "machine": machine(),
    }
    seal(folder, manifest)
    return League(tuple(rows), space.configured(best.assignment), document)


def cut(config: RunConfig, settings: TuneConfig, components: Components, tables: Tables) -> tuple[Fold, ...]:
    """The folds; nothing after the certify window's beginning is in them."""
    resolved = config.model_copy(update={"data": resolve_data(tables, config.data)})
    return make_folds(prepare(tables, resolved, components), settings.folds, settings.by, config.seed)


def try_all(course: Course, sampler: Sampler, trials: int) -> None:
    """Try what the sampler proposes until `trials` configurations were tried, or nothing new comes any more."""
    scores: dict[str, float | None] = {}
    idle = 0
    while len(scores) < trials and idle < ATTEMPTS:
        asked = sampler.ask()
        if not asked:
            return
        before = len(scores)
        for assignment in asked:
            if len(scores) == trials:
                return
            if named(assignment) not in scores:
                scores[named(assignment)] = course.score(course.attempt(assignment))
        sampler.tell([scores[named(assignment)] for assignment in asked])
        idle = 0 if len(scores) > before else idle + 1


def write(folder: Path, course: Course, document: dict[str, Any], winner: Mapping[str, Any], sign: Array) -> None:
    """Everything that is kept; models and the searches' own archives then go."""
    trial, command = document["winner"]["trial"], document["winner"]["command"]
    origin = f"trial {trial}" if trial else "the configuration as it was written"
    tried = document["trials"] + 1
    head = f"# Best of {tried} configurations on held-out folds: {origin}.\n# To certify it: {command}\n\n"
    write_atomic(folder / "winner.toml", lambda path: path.write_text(head + to_toml(winner), encoding="utf-8"))
    write_json(folder / "league.json", document)
    write_league_page(folder)
    # Last: where it stands, the searches' own archives are not needed any more.
    if not (folder / "archive.parquet").is_file():
        write_archive(course, folder / "archive.parquet", sign)
    shutil.rmtree(folder / "states", ignore_errors=True)
    for place in (folder / "trials").glob("*/fold-*/"):
        shutil.rmtree(place, ignore_errors=True)
