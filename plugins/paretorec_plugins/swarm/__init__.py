"""Particle swarms, for one objective and for several."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="pso",
            factory=f"{__name__}.pso:Pso",
            config=f"{__name__}.pso:PsoConfig",
            summary="Particle swarm on one objective: the wish",
            capabilities=frozenset({"random", "single"}),
        ),
        ComponentSpec(
            name="smpso",
            factory=f"{__name__}.smpso:Smpso",
            config=f"{__name__}.smpso:SmpsoConfig",
            summary="Speed-constrained multi-objective particle swarm",
            capabilities=frozenset({"random"}),
        ),
    ]
