"""Telling a run's observers what happens, so that nothing of theirs can disturb it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

import pluggy

from paretorec.config import RunConfig
from paretorec.contracts.hooks import ObserverHooks
from paretorec.contracts.observer import (
    CertifyFinished,
    EpochFinished,
    Event,
    FitFinished,
    GenerationFinished,
    RunFinished,
    RunStarted,
    Verb,
)
from paretorec.errors import Interrupted, PluginLoadError
from paretorec.registry import Built, Registry
from paretorec.registry.load import TELL, check_hook, phase

LOG: Final = logging.getLogger("paretorec.observers")

HOOK_OF: Final[Mapping[type[Event], str]] = {
    RunStarted: "paretorec_run_started",
    FitFinished: "paretorec_fit_finished",
    EpochFinished: "paretorec_epoch_finished",
    GenerationFinished: "paretorec_generation_finished",
    CertifyFinished: "paretorec_certify_finished",
    RunFinished: "paretorec_run_finished",
}


class Observers:
    """The observers of one run, told in the configuration's order."""

    def __init__(self, built: Mapping[str, Built]) -> None:
        """instance name -> observer. Raises `PluginLoadError` for one whose hooks nobody could call."""
        self.failures: Final[Counter[str]] = Counter()
        """Instance name -> exceptions that its hooks raised."""
        self._called: dict[str, list[tuple[str, Built, Callable[..., object], int]]] = {}
        for name, one in built.items():
            for hook, function, arguments in _hooks(one):
                self._called.setdefault(hook, []).append((name, one, function, arguments))

    @classmethod
    def build(cls, config: RunConfig, registry: Registry) -> Observers:
        """Those of `[[observers]]`; raises what the registry raises."""
        return cls(
            {ref.instance: registry.build("observer", ref, f"observers.{ref.instance}") for ref in config.observers}
        )

    def emit(self, event: Event) -> None:
        """Tell everybody who has the event's hook. Never raises; what they raise is logged and counted."""
        hook = HOOK_OF[type(event)]
        for name, built, function, arguments in self._called.get(hook, ()):
            try:
                function(*(event,) * arguments)
            except (Exception, SystemExit) as error:
                self.failures[name] += 1
                first = self.failures[name] == 1  # one traceback tells as much as a hundred
                LOG.log(
                    logging.WARNING if first else logging.DEBUG,
                    "%s failed in %s and the run goes on without it: %s: %s",
                    built.resolved.origin,
                    hook,
                    type(error).__name__,
                    error,
                    exc_info=error if first else None,
                )

    @contextmanager
    def watching(
        self,
        verb: Verb,
        config: RunConfig,
        components: tuple[Mapping[str, str], ...],
        folder: str,
    ) -> Iterator[None]:
        """`RunStarted`, and `RunFinished` however the block ends."""
        self.emit(RunStarted(verb=verb, config=config.model_dump(mode="json"), components=components, folder=folder))
        began = time.perf_counter()
        outcome: Literal["done", "interrupted", "failed"] = "failed"
        reason = ""
        try:
            yield
            outcome = "done"
        except BaseException as error:
            outcome = "interrupted" if isinstance(error, Interrupted | KeyboardInterrupt) else "failed"
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise
        finally:
            seconds = time.perf_counter() - began
            self.emit(RunFinished(outcome=outcome, error=reason, seconds=seconds))
            for name, count in self.failures.items():
                LOG.warning("observer %r failed %d times", name, count)


def _hooks(built: Built) -> list[tuple[str, Callable[..., object], int]]:
    """(hook, bound method, how many arguments it takes) of an observer; checked by pluggy, called by core."""
    manager = pluggy.PluginManager("paretorec")
    manager.add_hookspecs(ObserverHooks)
    what = built.resolved.origin
    with phase(what, "registering its hooks"):
        manager.register(built.component, name=what)
        manager.check_pending()
        found = [
            (caller.name, implementation)
            for caller in manager.get_hookcallers(built.component) or ()
            for implementation in caller.get_hookimpls()
        ]
        for _, implementation in found:
            check_hook(implementation)
    if not found:
        some = ", ".join(list(HOOK_OF.values())[:2])
        raise PluginLoadError(f"cannot use {what}: it has no @hookimpl method such as {some}; {TELL}")
    return [(hook, one.function, len(one.argnames)) for hook, one in found]
