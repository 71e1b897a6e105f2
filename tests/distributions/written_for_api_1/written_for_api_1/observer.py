"""One line a run in a file that all runs share."""

from __future__ import annotations

import json
import os
from pathlib import Path

from paretorec.contracts import ComponentConfig, GenerationFinished, RunFinished, RunStarted, hookimpl
from pydantic import ConfigDict, Field


class OneObserverConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": "${WORLD}/runs.jsonl"}]})

    path: str = Field(min_length=1, description="File to which a line is added; ~ and ${VARIABLE} are filled in.")


class OneObserver:
    """Folder, outcome, seconds and the last hypervolume of every search."""

    def __init__(self, config: OneObserverConfig) -> None:
        self.path = Path(os.path.expandvars(config.path)).expanduser()
        self._folder = ""
        self._volume: dict[str, float] = {}

    @hookimpl
    def paretorec_run_started(self, event: RunStarted) -> None:
        self._folder, self._volume = event.folder, {}

    @hookimpl
    def paretorec_generation_finished(self, event: GenerationFinished) -> None:
        self._volume[event.search] = event.hypervolume

    @hookimpl
    def paretorec_run_finished(self, event: RunFinished) -> None:
        line = {"folder": self._folder, "outcome": event.outcome, "seconds": round(event.seconds, 3)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | {"hypervolume": self._volume}) + "\n")
