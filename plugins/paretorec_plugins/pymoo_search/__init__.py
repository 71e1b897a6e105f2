"""Evolutionary algorithms from pymoo, for one objective and for several."""

from paretorec.contracts import ComponentSpec, hookimpl


def _spec(name: str, module: str, of: str, summary: str, *capabilities: str) -> ComponentSpec:
    return ComponentSpec(
        name=name,
        factory=f"{__name__}.{module}:{of}",
        config=f"{__name__}.{module}:{of}Config",
        summary=summary,
        capabilities=frozenset({"random", *capabilities}),
        needs=("pymoo",),
        install="pymoo",
    )


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        _spec("ga", "single", "Ga", "Genetic algorithm on one objective: the wish (pymoo)", "single"),
        _spec("de", "single", "De", "Differential evolution on one objective: the wish (pymoo)", "single"),
        _spec("nsga2", "genetic", "Nsga2", "Genetic algorithm with non-dominated sorting (pymoo)"),
        _spec(
            "nsga3", "directions", "Nsga3", "Genetic algorithm along reference directions, for many objectives (pymoo)"
        ),
        _spec("moead", "directions", "Moead", "Decomposition into many single objectives (pymoo)"),
        _spec("sms-emoa", "genetic", "SmsEmoa", "Genetic algorithm that selects by hypervolume (pymoo)"),
        _spec("spea2", "genetic", "Spea2", "Genetic algorithm that selects by strength and density (pymoo)"),
        _spec("gde3", "genetic", "Gde3", "Differential evolution for several objectives (pymoo)"),
    ]
