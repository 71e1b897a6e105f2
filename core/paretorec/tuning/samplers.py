"""What proposes configurations: `random` and `grid` are here; every optimizer of the registry can do it too."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from paretorec.config import TuneConfig
from paretorec.contracts.optimizer import Evaluations, Optimizer, SearchProblem
from paretorec.errors import ConfigError, PluginError
from paretorec.registry import Registry
from paretorec.search.choose import choose
from paretorec.tuning.space import Space

ATTEMPTS = 200
"""Draws without a configuration that was not drawn before, after which the space counts as used up."""


class Sampler(Protocol):
    """Ask, tell; equal tells give equal asks, so that replaying what was tried resumes a search."""

    def ask(self) -> list[dict[str, Any]]:
        """Assignments to try next; none: the space is used up."""

    def tell(self, scores: Sequence[float | None]) -> None:
        """How good each of those was, larger = better; None: it could not be tried."""


def make_sampler(config: TuneConfig, space: Space, registry: Registry, seed: int) -> Sampler:
    """The sampler that `[tune] sampler` names. Raises `ConfigError`, or what the registry raises."""
    name = config.sampler.use
    if name in ("random", "grid"):
        if config.sampler.params:
            raise ConfigError(f"tune.sampler.params: sampler {name!r} has none; leave them out")
        return GridSampler(space, config.trials) if name == "grid" else RandomSampler(space, seed)
    built = registry.build("optimizer", config.sampler, "tune.sampler")
    chosen, _ = choose(built, unit_box(space, config.trials), registry)
    return AskTellSampler(chosen.component, space, config.trials, seed)


class RandomSampler:
    """Independent uniform draws over the unit box (Bergstra and Bengio, JMLR 2012), none twice.

    Draw n depends on the seed and n alone, so that a longer search begins like a shorter one.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, [seed, zlib.crc32(b"tune")]
        self._drawn, self._seen = 0, set[str]()

    def ask(self) -> list[dict[str, Any]]:
        for _ in range(ATTEMPTS):
            point = np.random.default_rng([*self._seed, self._drawn]).random(len(self._space.axes))
            self._drawn += 1
            assignment = self._space.at(point)
            if named(assignment) not in self._seen:
                self._seen.add(named(assignment))
                return [assignment]
        return []

    def tell(self, scores: Sequence[float | None]) -> None:
        del scores


class GridSampler:
    """Every combination once, in order. Raises `ConfigError` where `trials` does not suffice."""

    def __init__(self, space: Space, trials: int) -> None:
        self._points = list(space.grid())
        if len(self._points) > trials:
            raise ConfigError(
                f"tune.trials = {trials}, but the grid has {len(self._points)} configurations; set trials to that, or "
                "take values out"
            )

    def ask(self) -> list[dict[str, Any]]:
        points, self._points = self._points, []
        return points

    def tell(self, scores: Sequence[float | None]) -> None:
        del scores


def unit_box(space: Space, trials: int) -> SearchProblem:
    """The space as an optimizer sees it."""
    size = len(space.axes)
    return SearchProblem(np.zeros(size), np.ones(size), ("hypervolume",), np.empty((0, size)), trials)


class AskTellSampler:
    """An optimizer of the registry over the unit box, one coordinate an axis; it minimises the score's negative."""

    def __init__(self, optimizer: Optimizer, space: Space, trials: int, seed: int) -> None:
        self._optimizer, self._space = optimizer, space
        self._who = f"{type(optimizer).__module__}:{type(optimizer).__qualname__}"
        self._worst, self._asked = 0.0, np.empty((0, len(space.axes)))
        optimizer.setup(unit_box(space, trials), seed)

    def ask(self) -> list[dict[str, Any]]:
        asked = np.array(self._optimizer.ask(), dtype=np.float64)
        if asked.ndim != 2 or asked.shape[1] != len(self._space.axes) or not ((asked >= 0) & (asked <= 1)).all():
            raise PluginError(f"optimizer {self._who} asked for points outside its box [0, 1]^{len(self._space.axes)}")
        self._asked = asked
        return [self._space.at(point) for point in asked]

    def tell(self, scores: Sequence[float | None]) -> None:
        known = [-score for score in scores if score is not None]
        self._worst = max([self._worst, *known])
        values = np.array([[self._worst if score is None else -score] for score in scores])
        feasible = np.array([score is not None for score in scores])
        self._optimizer.tell(self._asked, Evaluations(values, np.zeros_like(values), feasible))


def named(assignment: Any) -> str:
    """A key that is equal for equal assignments."""
    return json.dumps(assignment, sort_keys=True)
