"""Observer `progress`."""

from __future__ import annotations

import sys
import time

from pydantic import Field

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


class ProgressConfig(ComponentConfig):
    """Configuration of `ProgressLines`."""

    seconds: float = Field(default=10.0, ge=0, description="Least time between two lines of one search or training.")


class ProgressLines:
    """Lines such as ``search nsga2: 400 of 1000 policies, hypervolume 0.3182``, for logs of services and containers."""

    def __init__(self, config: ProgressConfig) -> None:
        self.seconds = config.seconds
        self._last: dict[str, float] = {}

    @hookimpl
    def paretorec_run_started(self, event: RunStarted) -> None:
        self._last = {}
        _say(f"{event.verb} started" + (f": {event.folder}" if event.folder else ""))

    @hookimpl
    def paretorec_fit_finished(self, event: FitFinished) -> None:
        done = "restored" if event.restored else "fitted"
        _say(f"{event.kind} {event.instance}: {done} in {event.seconds:.1f} s")

    @hookimpl
    def paretorec_epoch_finished(self, event: EpochFinished) -> None:
        if self._due(f"training {event.training}", event.epoch == event.epochs):
            score = "" if event.score is None else f", validation {event.score:.4f}"
            _say(f"{event.training}: epoch {event.epoch} of {event.epochs}, loss {event.loss:.4f}{score}")

    @hookimpl
    def paretorec_generation_finished(self, event: GenerationFinished) -> None:
        if self._due(f"search {event.search}", event.evaluations == event.budget):
            of = "" if event.budget is None else f" of {event.budget}"
            _say(f"search {event.search}: {event.evaluations}{of} policies, hypervolume {event.hypervolume:.4g}")

    @hookimpl
    def paretorec_certify_finished(self, event: CertifyFinished) -> None:
        _say(f"front: {len(event.front['points'])} points, {'certified' if event.certified else 'not certified'}")

    @hookimpl
    def paretorec_run_finished(self, event: RunFinished) -> None:
        _say(f"{event.outcome} after {event.seconds:.1f} s" + (f": {event.error}" if event.error else ""))

    def _due(self, what: str, last: bool) -> bool:
        now = time.monotonic()
        if not last and now - self._last.get(what, -self.seconds) < self.seconds:
            return False
        self._last[what] = now
        return True


def _say(text: str) -> None:
    sys.stderr.write(f"paretorec: {text}\n")
    sys.stderr.flush()
