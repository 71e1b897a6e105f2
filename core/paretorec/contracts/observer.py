"""Kind ``observer``: told what happens in a run, and never asked.

An observer is any object with ``@hookimpl`` methods named as in `paretorec.contracts.hooks.ObserverHooks`, each with
the one parameter ``event``. Events are frozen and gain fields, never lose them. What a hook returns is ignored; what it
raises is logged with the plugin's name, counted, and ends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Verb = Literal["run", "tune", "refit"]
"""What is observed: `Engine.run`, `Engine.tune`, `Engine.refit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """Every component is built; no data was read yet."""

    verb: Verb
    config: Mapping[str, Any]
    """As in ``config.json``."""
    components: tuple[Mapping[str, str], ...]
    """Kind, instance, name, distribution, version, module and class of each; empty for ``tune``, which builds many."""
    folder: str
    """Where the run will be when it is finished; empty: it is not written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitFinished:
    """An encoder or the ranker is fitted."""

    kind: Literal["encoder", "index", "ranker"]
    instance: str
    seconds: float
    restored: bool
    """Its state was found in the folder of an interrupted run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFinished:
    """One pass of `paretorec.training.fit` over the examples."""

    training: str
    """What is trained, as progress bars call it."""
    epoch: int
    """From 1."""
    epochs: int
    """At most."""
    loss: float
    """Mean over the epoch's batches."""
    score: float | None
    """On validation data, higher is better; None: there is none."""
    seconds: float
    """Since the training began, validation included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationFinished:
    """A search has judged one more generation."""

    search: str
    """The optimizer's name; every run has one of ``random`` beside it."""
    generation: int
    """From 0."""
    evaluations: int
    """Policies judged so far."""
    budget: int | None
    """Policies to be judged; None: the budget is in seconds."""
    hypervolume: float
    seconds: float
    """Since the search began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyFinished:
    """The front is frozen and judged on the certify requests."""

    certified: bool
    front: Mapping[str, Any]
    """As ``paretorec front RUN --json`` prints it."""
    pick: Mapping[str, Any]
    """The standing wish's pick, as ``pick.json`` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The end, whichever it was."""

    outcome: Literal["done", "interrupted", "failed"]
    error: str = ""
    """What ended it, as one sentence; empty: nothing did."""
    seconds: float


Event = RunStarted | FitFinished | EpochFinished | GenerationFinished | CertifyFinished | RunFinished


def nobody(event: Event) -> None:
    """Observes nothing: what a `RunContext` emits to unless a run has observers."""
