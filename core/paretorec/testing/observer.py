"""The contract of observers."""

from __future__ import annotations

from typing import Any

from paretorec.contracts.observer import (
    CertifyFinished,
    EpochFinished,
    Event,
    FitFinished,
    GenerationFinished,
    RunFinished,
    RunStarted,
)
from paretorec.errors import PluginLoadError
from paretorec.observing import HOOK_OF, Observers
from paretorec.registry import Built
from paretorec.testing.checks import Broken, broken, check
from paretorec.testing.compare import fingerprint
from paretorec.testing.component import ComponentContract
from paretorec.testing.world import World

NAME = "watched"


class ObserverContract(ComponentContract):
    """`paretorec.contracts.hooks.ObserverHooks`."""

    kind = "observer"
    test_same_seed = None  # type: ignore[assignment]  # it gives nothing back
    test_inputs = None  # type: ignore[assignment]  # events are all that it is given, see `events`

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        observers = self._observers(component)
        for event in a_run():
            observers.emit(event)
        return {"failures": dict(observers.failures)}

    def _observers(self, component: Any) -> Observers:
        return Observers({NAME: Built(component, self.config, self.loaded)})

    @check("protocol", "give it @hookimpl methods named as in ObserverHooks, with the one parameter `event`, not async")
    def test_protocol(self) -> None:
        """It has hook methods, all of them hooks that there are, and none of them a coroutine."""
        try:
            self._observers(self.new())
        except PluginLoadError as error:
            raise Broken(str(error)) from error

    @check("runs", "expect values that are not finite, budgets in seconds (None), and runs that are not written")
    def test_runs(self) -> None:
        """It hears every event of a run, one that failed at once included, and raises nothing."""
        for title, events in {"a run": a_run(), "a run that failed at once": a_failure()}.items():
            component = self.new()
            for event in events:
                _hear(component, event, title)

    @check("events", "copy what you keep of an event before you change it")
    def test_events(self) -> None:
        """Events are left as they were: the next observer is told the same."""
        component = self.new()
        for event in a_run():
            before = fingerprint(event)
            _hear(component, event, "a run")
            if fingerprint(event) != before:
                broken(f"it changed the event {type(event).__name__}")


def _hear(component: Any, event: Event, title: str) -> None:
    hook = getattr(component, HOOK_OF[type(event)], None)
    if hook is None:
        return
    try:
        hook(event)
    except (Exception, SystemExit) as error:
        broken(f"{HOOK_OF[type(event)]} of {title} raised {type(error).__name__}: {' '.join(str(error).split())}")


def a_run() -> tuple[Event, ...]:
    """Everything that an observer may hear of a run that is not written."""
    front = {
        "protocol": "0123456789abcdef",
        "objectives": [{"name": "relevance", "direction": "max", "unit": ""}],
        "baseline": "encoder.taste",
        "points": [
            {
                "id": "p0",
                "policy": {"kind": "linear", "signals": ["encoder.taste"], "parameters": {"encoder.taste": 1.0}},
                "select": {"relevance": 0.25},
                "certify": {
                    "relevance": {
                        "value": 0.2,
                        "change": 0.0,
                        "low": -0.01,
                        "high": 0.01,
                        "unit": "",
                        "relative": False,
                    }
                },
            }
        ],
        "baselines": [],
    }
    return (
        RunStarted(
            verb="run",
            config={"seed": 0, "k": 10, "encoders": [{"use": "taste", "name": "", "params": {}}]},
            components=(
                {
                    "kind": "encoder",
                    "instance": "taste",
                    "name": "taste",
                    "distribution": "acme-paretorec",
                    "version": "1.0",
                    "module": "acme_paretorec",
                    "class": "Taste",
                },
            ),
            folder="",
        ),
        EpochFinished(training="taste", epoch=1, epochs=2, loss=float("nan"), score=None, seconds=0.1),
        EpochFinished(training="taste", epoch=2, epochs=2, loss=0.5, score=0.1, seconds=0.2),
        FitFinished(kind="encoder", instance="taste", seconds=0.3, restored=False),
        GenerationFinished(
            search="random", generation=0, evaluations=10, budget=None, hypervolume=float("nan"), seconds=0.1
        ),
        GenerationFinished(search="nsga2", generation=0, evaluations=10, budget=10, hypervolume=0.1, seconds=0.1),
        CertifyFinished(
            certified=True, front=front, pick={"point": "p0", "policy": {}, "certified": True, "why": "", "certify": {}}
        ),
        RunFinished(outcome="done", seconds=1.0),
    )


def a_failure() -> tuple[Event, ...]:
    """What an observer hears of a run whose data cannot be read."""
    return a_run()[0], RunFinished(outcome="failed", error="DataError: there is no such file", seconds=0.0)
