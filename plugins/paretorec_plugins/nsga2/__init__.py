"""NSGA-II from pymoo."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="nsga2",
            factory=f"{__name__}.genetic:Nsga2",
            config=f"{__name__}.genetic:Nsga2Config",
            summary="Genetic algorithm with non-dominated sorting (pymoo)",
            needs=("pymoo",),
            install="pymoo",
        )
    ]
