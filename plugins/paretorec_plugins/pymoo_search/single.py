"""Algorithms that follow one objective: the wish."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from paretorec_plugins.pymoo_search.adapter import PopulationConfig, PymooOptimizer
from paretorec_plugins.pymoo_search.genetic import GeneticConfig


class GaConfig(GeneticConfig):
    """Configuration of `Ga`. The operators' defaults are pymoo's."""

    population: int = Field(default=50, ge=4, description="Survivors of a generation, and its offspring.")


class Ga(PymooOptimizer[GaConfig]):
    """Elitist real-coded genetic algorithm with simulated binary crossover (Deb and Agrawal, 1995)."""

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.soo.nonconvex.ga import GA

        return GA(pop_size=self.config.population, output=None, **self.config.operators())


class DeConfig(PopulationConfig):
    """Configuration of `De`."""

    population: int = Field(default=50, ge=4, description="Survivors of a generation, and its offspring.")
    crossover_rate: float = Field(default=0.9, ge=0, le=1, description="Share of parameters taken from the mutant.")
    scale: float = Field(default=0.5, gt=0, le=2, description="Factor of the difference between two policies.")


class De(PymooOptimizer[DeConfig]):
    """Differential evolution, DE/rand/1/bin (Storn and Price, Journal of Global Optimization 1997)."""

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.soo.nonconvex.de import DE

        return DE(
            pop_size=self.config.population,
            variant="DE/rand/1/bin",
            CR=self.config.crossover_rate,
            F=self.config.scale,
            output=None,
        )
