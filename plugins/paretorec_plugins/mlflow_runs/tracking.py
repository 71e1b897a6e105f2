"""What becomes a parameter, a metric, a tag and an artifact."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import urlsplit

from paretorec.contracts import (
    CertifyFinished,
    EpochFinished,
    FitFinished,
    GenerationFinished,
    RunFinished,
    RunStarted,
    hookimpl,
)
from paretorec.errors import ConfigError
from paretorec_plugins.mlflow_runs.config import MlflowConfig

STATUS: Final = {"done": "FINISHED", "interrupted": "KILLED", "failed": "FAILED"}
PARAMS_AT_ONCE: Final = 100
LONGEST: Final = 500
"""Characters of a parameter's value that every MLflow server takes."""


class MlflowRuns:
    """The configuration as parameters, components and versions as tags, curves as metrics, the front as an artifact.

    Metrics: ``TRAINING/loss`` and ``TRAINING/score`` by epoch, ``SEARCH/hypervolume`` by policies judged,
    ``fit/INSTANCE/seconds``, and ``certify/OBJECTIVE/best_low``: the highest certified lower bound of a point of the
    front. Uses a client of its own; MLflow's active run is left alone.
    """

    def __init__(self, config: MlflowConfig) -> None:
        if not (urlsplit(config.tracking_uri).password or "$").startswith("$"):
            raise ConfigError(
                "params.tracking_uri has a password in it, which would be kept with the run: put it in an "
                "environment variable and write ${VARIABLE}"
            )
        from mlflow.tracking import MlflowClient

        self.config = config
        self._client = MlflowClient(os.path.expandvars(config.tracking_uri) or None)
        self._run = ""

    @hookimpl
    def paretorec_run_started(self, event: RunStarted) -> None:
        from mlflow.entities import Param, RunTag

        known = self._client.get_experiment_by_name(self.config.experiment)
        experiment = known.experiment_id if known else self._client.create_experiment(self.config.experiment)
        name = self.config.run_name or PurePath(event.folder).name or event.verb
        self._run = self._client.create_run(experiment, run_name=name).info.run_id
        params = [Param(key, value[:LONGEST]) for key, value in _flat(event.config)]
        for start in range(0, len(params), PARAMS_AT_ONCE):
            self._client.log_batch(self._run, params=params[start : start + PARAMS_AT_ONCE])
        tags = {"paretorec.verb": event.verb} | self.config.tags
        for used in event.components:
            tags[f"paretorec.{used['kind']}.{used['instance']}"] = (
                f"{used['distribution']}/{used['name']} {used['version']}"
            )
        self._client.log_batch(self._run, tags=[RunTag(key, value) for key, value in tags.items()])

    @hookimpl
    def paretorec_fit_finished(self, event: FitFinished) -> None:
        self._log(0, {f"fit/{event.instance}/seconds": event.seconds})

    @hookimpl
    def paretorec_epoch_finished(self, event: EpochFinished) -> None:
        self._log(event.epoch, {f"{event.training}/loss": event.loss, f"{event.training}/score": event.score})

    @hookimpl
    def paretorec_generation_finished(self, event: GenerationFinished) -> None:
        self._log(event.evaluations, {f"{event.search}/hypervolume": event.hypervolume})

    @hookimpl
    def paretorec_certify_finished(self, event: CertifyFinished) -> None:
        front = event.front
        best: dict[str, float | None] = {"certify/points": len(front["points"])}
        for objective in front["objectives"]:
            name = objective["name"]
            lows = [point["certify"][name]["low"] for point in front["points"] if name in point["certify"]]
            best[f"certify/{name}/best_low"] = max((low for low in lows if low is not None), default=None)
        self._log(0, best)
        self._client.set_tag(self._run, "paretorec.certified", str(event.certified).lower())
        self._client.log_dict(self._run, dict(front), "front.json")
        self._client.log_dict(self._run, dict(event.pick), "pick.json")

    @hookimpl
    def paretorec_run_finished(self, event: RunFinished) -> None:
        self._log(0, {"seconds": event.seconds})
        if event.error:
            self._client.set_tag(self._run, "paretorec.error", event.error)
        self._client.set_terminated(self._run, STATUS[event.outcome])

    def _log(self, step: int, values: Mapping[str, float | None]) -> None:
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        metrics = [Metric(key, value, now, step) for key, value in values.items() if value is not None]
        self._client.log_batch(self._run, metrics=metrics)


def _flat(value: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys of nested tables, with members of lists by name."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{above}.{key}" if above else str(key))
    elif isinstance(value, list | tuple) and value and all(isinstance(inner, Mapping) for inner in value):
        for inner in value:
            name = inner.get("name") or str(inner.get("use", "")).rsplit("/", 1)[-1]
            yield from _flat(inner, f"{above}.{name}")
    elif value not in (None, "", [], {}):
        yield above, value if isinstance(value, str) else json.dumps(value)
