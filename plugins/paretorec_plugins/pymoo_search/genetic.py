"""Algorithms that select by dominance, density or hypervolume."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from paretorec_plugins.pymoo_search.adapter import PopulationConfig, PymooOptimizer


class GeneticConfig(PopulationConfig):
    """Configuration of an algorithm that crosses and mutates."""

    crossover_probability: float = Field(default=0.9, ge=0, le=1, description="Of simulated binary crossover.")
    crossover_index: float = Field(default=15.0, gt=1, description="Larger means children closer to their parents.")
    mutation_index: float = Field(default=20.0, gt=1, description="Of polynomial mutation; larger: smaller changes.")

    def operators(self) -> dict[str, Any]:
        """What pymoo's constructors call them."""
        from pymoo.operators.crossover.sbx import SBX
        from pymoo.operators.mutation.pm import PM

        return {
            "crossover": SBX(eta=self.crossover_index, prob=self.crossover_probability),
            "mutation": PM(eta=self.mutation_index),
        }


class Nsga2Config(GeneticConfig):
    """Configuration of `Nsga2`. The defaults are the paper's and pymoo's."""


class Nsga2(PymooOptimizer[Nsga2Config]):
    """NSGA-II (Deb et al., IEEE TEC 2002)."""

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.moo.nsga2 import NSGA2

        return NSGA2(pop_size=self.config.population, output=None, **self.config.operators())


class SmsEmoaConfig(GeneticConfig):
    """Configuration of `SmsEmoa`. The defaults are pymoo's."""


class SmsEmoa(PymooOptimizer[SmsEmoaConfig]):
    """SMS-EMOA (Beume, Naujoks and Emmerich, EJOR 2007), with as many offspring as survivors.

    Of the last front that fits, those leave, one by one, that contribute the least hypervolume: dear beyond three
    objectives.
    """

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.moo.sms import SMSEMOA
        from pymoo.operators.survival.rank_and_crowding import RankAndCrowding

        # moocore knows no contributions to the volume of one objective, where equal values alone share a front.
        survival = {"survival": RankAndCrowding()} if objectives == 1 else {}
        return SMSEMOA(pop_size=self.config.population, output=None, **survival, **self.config.operators())


class Spea2Config(GeneticConfig):
    """Configuration of `Spea2`. The defaults are pymoo's."""


class Spea2(PymooOptimizer[Spea2Config]):
    """SPEA2 (Zitzler, Laumanns and Thiele, 2001), in objectives scaled to the front's range."""

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.moo.spea2 import SPEA2

        return SPEA2(pop_size=self.config.population, output=None, **self.config.operators())


class Gde3Config(PopulationConfig):
    """Configuration of `Gde3`. The defaults are pymoo's."""

    crossover_rate: float = Field(default=0.5, ge=0, le=1, description="Share of parameters taken from the mutant.")
    scale: tuple[float, float] = Field(
        default=(0.0, 1.0), description="Range of the factor that differences between policies are multiplied by."
    )


class Gde3(PymooOptimizer[Gde3Config]):
    """GDE3 (Kukkonen and Lampinen, IEEE CEC 2005), DE/rand/1/bin."""

    def algorithm(self, objectives: int) -> Any:
        from pymoo.algorithms.moo.gde3 import GDE3

        return GDE3(pop_size=self.config.population, CR=self.config.crossover_rate, F=self.config.scale, output=None)
