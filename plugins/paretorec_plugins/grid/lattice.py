"""Systematic search."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice, pairwise, product
from math import comb, gcd
from typing import Literal

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem


class GridConfig(ComponentConfig):
    """Configuration of `Grid`."""

    law: Literal["simplex", "box"] = Field(
        default="simplex",
        description="simplex: weights that share one unit, for policies that weigh signals, where only ratios count; "
        "box: every combination of evenly spaced values.",
    )
    population: int = Field(default=100, ge=1, description="Points a generation.")


class Grid:
    """The finest lattice that fits into the budget, then points of ever finer ones, each of twice as many parts.

    On the simplex these are the points whose shares are multiples of 1 / parts (Scheffé, 1958), scaled to the box as
    in random search. The first lattice comes in its order and whole; of the finer ones, which no budget finishes,
    points are drawn, so that they are spread wherever the budget ends. No policy is asked for twice. Without a known
    budget, the first lattice has one part.
    """

    def __init__(self, config: GridConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        self._problem = problem
        self._width = max(len(problem.lower), 2) if self.config.law == "simplex" else len(problem.lower)
        self._points = self._fresh(np.random.default_rng(seed))
        more = max(self.config.population - len(problem.first), 0)
        self._x = np.array([*problem.first, *islice(self._points, more)])

    def ask(self) -> Array:
        return self._x.copy()

    def tell(self, x: Array, result: Evaluations) -> None:
        self._x = np.array(list(islice(self._points, self.config.population)))

    def _fresh(self, rng: np.random.Generator) -> Iterator[Array]:
        """Points float64 [D], without end; in a box with a free parameter, each once and none of the first ones."""
        lower, upper = self._problem.lower, self._problem.upper
        free = bool((lower < upper).any())
        seen = {point.tobytes() for point in self._problem.first}
        for parts, steps in self._steps(rng):
            share = np.array(steps[: len(lower)]) / parts
            point = np.clip(lower + share * (upper - lower), lower, upper)
            if not free or point.tobytes() not in seen:
                seen.add(point.tobytes())
                yield point

    def _steps(self, rng: np.random.Generator) -> Iterator[tuple[int, tuple[int, ...]]]:
        """(parts, steps from the lower bounds), in lowest terms."""
        left = (self._problem.budget or 0) - len(self._problem.first)
        parts = 1
        while self._count(parts + 1) <= left:
            parts += 1
        for steps in self._lattice(parts):
            yield lowest(parts, steps)
        while True:
            parts *= 2
            for _ in range(self._count(parts)):
                yield lowest(parts, self._drawn(parts, rng))

    def _count(self, parts: int) -> int:
        """Points of the lattice."""
        if self.config.law == "simplex":
            return comb(parts + self._width - 1, self._width - 1)
        return int((parts + 1) ** self._width)

    def _lattice(self, parts: int) -> Iterator[tuple[int, ...]]:
        if self.config.law == "box":
            return product(range(parts + 1), repeat=self._width)
        # Stars and bars: the gaps between width - 1 bars are the shares.
        return (gaps(bars, parts) for bars in combinations(range(parts + self._width - 1), self._width - 1))

    def _drawn(self, parts: int, rng: np.random.Generator) -> tuple[int, ...]:
        if self.config.law == "box":
            return tuple(rng.integers(parts + 1, size=self._width).tolist())
        bars = np.sort(rng.choice(parts + self._width - 1, self._width - 1, replace=False))
        return gaps(tuple(bars.tolist()), parts)


def gaps(bars: tuple[int, ...], parts: int) -> tuple[int, ...]:
    """How many of the `parts` lie before, between and after the bars."""
    ends = (-1, *bars, parts + len(bars))
    return tuple(right - left - 1 for left, right in pairwise(ends))


def lowest(parts: int, steps: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Lowest terms, so that a point of two lattices is the same to the bit."""
    common = gcd(parts, *steps)
    return parts // common, tuple(step // common for step in steps)
