"""Bayesian optimisation by Optuna."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="bayesian",
            factory=f"{__name__}.sampler:Bayesian",
            config=f"{__name__}.sampler:BayesianConfig",
            summary="Models what it has seen, for a few hundred evaluations that are dear (Optuna)",
            capabilities=frozenset({"random"}),
            needs=("optuna",),
            install="paretorec[bayesian]",
        )
    ]
