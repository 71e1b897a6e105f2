"""Observer `jsonl`."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from paretorec.contracts import (
    CertifyFinished,
    ComponentConfig,
    EpochFinished,
    FitFinished,
    GenerationFinished,
    RunFinished,
    RunStarted,
    hookimpl,
)


class JsonLinesConfig(ComponentConfig):
    """Configuration of `JsonLines`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": "${WORLD}/events.jsonl"}]})

    path: str = Field(
        min_length=1,
        description="File to which lines are added; ~ and ${VARIABLE} are filled in. Not inside the run's folder, "
        "whose files are sealed by checksums.",
    )


class JsonLines:
    """Every event as one line: ``event`` (its class), ``time`` (UTC), and the event's own fields.

    Lines are added to what the file holds, each by one write, so that it can be followed while the run goes on.
    Numbers that are not finite are null.
    """

    def __init__(self, config: JsonLinesConfig) -> None:
        self.path = Path(os.path.expandvars(config.path)).expanduser()

    @hookimpl
    def paretorec_run_started(self, event: RunStarted) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write(event)

    @hookimpl
    def paretorec_fit_finished(self, event: FitFinished) -> None:
        self._write(event)

    @hookimpl
    def paretorec_epoch_finished(self, event: EpochFinished) -> None:
        self._write(event)

    @hookimpl
    def paretorec_generation_finished(self, event: GenerationFinished) -> None:
        self._write(event)

    @hookimpl
    def paretorec_certify_finished(self, event: CertifyFinished) -> None:
        self._write(event)

    @hookimpl
    def paretorec_run_finished(self, event: RunFinished) -> None:
        self._write(event)

    def _write(self, event: Any) -> None:
        document = {"event": type(event).__name__, "time": dt.datetime.now(dt.UTC).isoformat()}
        document |= {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
