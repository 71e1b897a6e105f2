"""Fits the models of a configuration on a fold, unless a configuration before it fitted the same ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from paretorec.artifact import digest, read_json, write_json
from paretorec.bundle import Bundle
from paretorec.components import Components
from paretorec.config import RunConfig
from paretorec.contracts.run import RunContext
from paretorec.fitting import fit_bundle
from paretorec.registry import Built
from paretorec.tuning.folds import Fold

T = TypeVar("T")


def fit_once(
    config: RunConfig, components: Components, fold: Fold, run: RunContext, states: Path
) -> tuple[Bundle, float]:
    """(bundle, CPU seconds of fitting all of it, also of what was not fitted anew).

    States lie in `states` under names that say what they depend on: the data (`fold.models`), the component with its
    configuration, for an index its encoder, and for a ranker everything that its examples come from.
    """

    def key(built: Built, *more: object) -> str:
        origin = built.resolved.provenance
        own = [built.resolved.qualified, origin.version, built.config.model_dump(mode="json")]
        return digest([fold.models, config.seed, own, *more])

    files = {f"encoder-{name}": f"encoder-{name}-{key(built)}" for name, built in components.encoders.items()}
    for name, built in components.indexes.items():
        files[f"index-{name}"] = f"index-{name}-{key(built, files[f'encoder-{name}'])}"
    if components.ranker is not None:
        below = [files, config.candidates.model_dump(mode="json"), [ref.model_dump() for ref in config.objectives]]
        files["ranker"] = f"ranker-{key(components.ranker, below)}"

    def timed(stage: str, work: Callable[[], T]) -> T:
        start = time.process_time()
        result = work()
        # Before the state itself: where there is a state, its cost is known.
        write_json(cost_file(states, stage.removeprefix("fit ")), time.process_time() - start)
        return result

    bundle = fit_bundle(components, fold.prepared, config.candidates, run, states, timed, files)
    costs: list[Any] = [read_json(cost_file(states, name)) for name in files.values()]
    return bundle, float(sum(costs))


def cost_file(states: Path, name: str) -> Path:
    """Where the CPU seconds of fitting a state are kept."""
    return states / f"{name}.cost.json"
