"""An objective with its metric: two entry points, one module."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_evaluators() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="provider-fairness",
            factory=f"{__name__}.fairness:ProviderShare",
            config=f"{__name__}.fairness:ProviderConfig",
            summary="How near providers' exposure is to their share of the catalogue",
        )
    ]


@hookimpl
def paretorec_objectives() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="provider-fairness",
            factory=f"{__name__}.fairness:ProviderFairness",
            config=f"{__name__}.fairness:ProviderConfig",
            summary="Places in lists for providers in proportion to what they offer",
        )
    ]
