"""How a sound component is broken in one way, for the checks that every kind has."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sound_components import CAPABILITIES, CLASSES, Config

from paretorec.contracts import ComponentSpec


@dataclass(frozen=True)
class Twin:
    """A component that one check must catch."""

    check: str
    wrong: str
    """What it does, for the table in the docs."""
    kind: str
    spec: str | ComponentSpec
    options: dict[str, Any] = field(default_factory=dict)
    """`registry`, `params`."""


def twin(check: str, component: type, wrong: str = "", kind: str = "", **changes: Any) -> Twin:
    """`component` with the capabilities of the sound class that it is made from, unless `changes` says otherwise."""
    capabilities = next((flags for of, flags in CAPABILITIES.items() if issubclass(component, of)), ())
    spec = ComponentSpec(
        name="twin", factory=component, config=Config, summary="Broken", capabilities=frozenset(capabilities)
    )
    said = " ".join((wrong or component.__doc__ or "").split()).rstrip(".")
    return Twin(check, said, kind or check.partition(".")[0], replace(spec, **changes))


def spoiled(kind: str, way: str, method: str, behave: Any) -> type:
    """The sound component of `kind` whose `method` behaves as ``behave(self, original, *arguments)``."""
    sound = CLASSES[kind]
    original = getattr(sound, method)

    @functools.wraps(original)  # for the mark of @hookimpl
    def spoil(self: Any, *arguments: Any) -> Any:
        return behave(self, lambda *given: original(self, *given), *arguments)

    return type(f"{way}{sound.__name__}", (sound,), {method: spoil})


def seeds_numpy(self, original, *arguments):
    np.random.seed(7)
    return original(*arguments)


def prints(self, original, *arguments):
    print("working ...")
    return original(*arguments)


def keeps_arguments_on_self(self, original, *arguments):
    self.given = arguments
    time.sleep(0.0005)
    return original(*self.given)


MAIN = {
    "source": "load",
    "splitter": "split",
    "encoder": "score",
    "index": "search",
    "ranker": "predict",
    "evaluator": "metric",
    "objective": "signal",
    "policy": "rank",
    "rule": "mask",
    "optimizer": "ask",
    "observer": "paretorec_generation_finished",
}
"""The method that is spoiled."""

EVERYWHERE = [
    made
    for kind, method in MAIN.items()
    for made in (
        twin(f"{kind}.globals", spoiled(kind, "Seeding", method, seeds_numpy), "seeds numpy's global generator"),
        twin(f"{kind}.stdout", spoiled(kind, "Printing", method, prints), "prints while it works"),
    )
]

THREADS = [
    twin(
        f"{kind}.threads",
        spoiled(kind, "Keeping", MAIN[kind], keeps_arguments_on_self),
        "keeps what it was asked on self while it answers",
    )
    for kind in ("encoder", "index", "ranker", "evaluator", "objective", "policy", "rule")
]


def forgets_strangers(histories_of):
    def behave(self, original, *arguments):
        histories = histories_of(*arguments)
        if (histories.length == 0).any():
            raise IndexError(f"history {int(np.argmin(histories.length))} is empty")
        return original(*arguments)

    return behave


def of_histories(histories, items):
    return histories


def of_view(view, *_):
    return view.histories


def of_batch(batch, *_):
    return batch.histories


REQUESTS = {
    "encoder": of_histories,
    "ranker": of_view,
    "objective": of_view,
    "policy": of_batch,
    "rule": of_view,
}
"""Kind -> the histories among the arguments of its main method."""

STRANGERS = [
    twin(
        f"{kind}.strangers",
        spoiled(kind, "Empty", MAIN[kind], forgets_strangers(histories_of)),
        "takes the newest item of a history without asking whether there is one",
    )
    for kind, histories_of in REQUESTS.items()
]
