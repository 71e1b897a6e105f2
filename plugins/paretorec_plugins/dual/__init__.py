"""Lagrange multipliers over the signals that serve the objectives."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="dual",
            factory=f"{__name__}.multipliers:Dual",
            config=f"{__name__}.multipliers:DualConfig",
            summary="Lagrange multipliers: one signal an objective, for constraints swept over their range",
        )
    ]
