"""Algorithms that spread policies along reference directions in the space of objectives."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from pydantic import Field

from paretorec.contracts import Array
from paretorec_plugins.pymoo_search.adapter import PymooOptimizer
from paretorec_plugins.pymoo_search.genetic import GeneticConfig


class Nsga3Config(GeneticConfig):
    """Configuration of `Nsga3`. The operators' defaults are the paper's and pymoo's."""

    crossover_probability: float = Field(default=1.0, ge=0, le=1, description="Of simulated binary crossover.")
    crossover_index: float = Field(default=30.0, gt=1, description="Larger means children closer to their parents.")


class Nsga3(PymooOptimizer[Nsga3Config]):
    """NSGA-III (Deb and Jain, IEEE TEC 2014): one survivor or so near each reference direction."""

    def size(self, objectives: int) -> int:
        return max(self.config.population, len(reference_directions(objectives, self.config.population)))

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.moo.nsga3 import NSGA3

        directions = reference_directions(objectives, self.config.population)
        return NSGA3(directions, pop_size=self.size(objectives), output=None, **self.config.operators())


class MoeadConfig(GeneticConfig):
    """Configuration of `Moead`. The defaults are pymoo's."""

    crossover_probability: float = Field(default=1.0, ge=0, le=1, description="Of simulated binary crossover.")
    crossover_index: float = Field(default=20.0, gt=1, description="Larger means children closer to their parents.")
    neighbours: int = Field(default=20, ge=2, description="Nearest directions, among which policies mate and replace.")
    neighbour_mating: float = Field(default=0.9, ge=0, le=1, description="Probability that parents are neighbours.")


class Moead(PymooOptimizer[MoeadConfig]):
    """MOEA/D (Zhang and Li, IEEE TEC 2007), a generation at a time: Chebyshev distances for two objectives, penalty
    boundary intersection for more.

    A direction means something only where objectives have one scale, which those of a recommender do not (money,
    NDCG): before each generation they are scaled to the range of the policies held (section V-D of the paper).
    """

    def size(self, objectives: int) -> int:
        return len(reference_directions(objectives, self.config.population))

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.moo.moead import ParallelMOEAD

        directions = reference_directions(objectives, self.config.population)
        return ParallelMOEAD(
            directions,
            n_neighbors=min(self.config.neighbours, len(directions)),
            prob_neighbor_mating=self.config.neighbour_mating,
            output=None,
            **self.config.operators(),
        )

    def judged(self, population: Any, values: Array) -> Any:
        """As everywhere, but scaled; the unscaled ones are kept as "raw" with each policy."""
        held = values if self._algorithm is None else self._algorithm.pop.get("raw")
        low = np.minimum(held.min(axis=0), values.min(axis=0))
        span = held.max(axis=0) - low
        span = np.where(span > 0, span, 1.0)
        if self._algorithm is not None:
            self._algorithm.pop.set("F", (held - low) / span)
            self._algorithm.ideal = np.zeros(len(low))
        population = super().judged(population, (values - low) / span)
        population.set("raw", values)
        return population

    def population(self) -> tuple[Array, Array]:
        x, values = self._algorithm.pop.get("X", "raw")
        return x, values


def reference_directions(objectives: int, count: int) -> Array:
    """float64 [about `count`, M] on the unit simplex.

    The finest lattice of at most `count` points (Das and Dennis, 1998); from five objectives on, where such a lattice
    has few or no inner points, a lattice and a smaller one inside it (Deb and Jain, 2014). At least one point an
    objective. One objective has only one direction, repeated.
    """
    from pymoo.util.ref_dirs import get_reference_directions

    if objectives == 1:
        return np.ones((count, 1))
    outer = _partitions(objectives, count)
    if outer >= objectives:
        lattice: Array = get_reference_directions("das-dennis", objectives, n_partitions=outer)
        return lattice
    outer = _partitions(objectives, max(count * 2 // 3, objectives))
    inner = _partitions(objectives, count - comb(outer + objectives - 1, outer))
    layers = [get_reference_directions("das-dennis", objectives, n_partitions=outer)]
    if inner:
        inside = get_reference_directions("das-dennis", objectives, n_partitions=inner)
        layers.append(0.5 * inside + 0.5 / objectives)
    return np.concatenate(layers)


def _partitions(objectives: int, count: int) -> int:
    """The most parts of a lattice of at most `count` points; at least 1 where `count` is one point an objective."""
    parts = 0
    while comb(parts + objectives, parts + 1) <= count:
        parts += 1
    return parts
