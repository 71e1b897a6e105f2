"""Source ``kuairand``: what a short-video app showed, and what people clicked, watched on and liked."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_sources() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="kuairand",
            factory=f"{__name__}.source:KuaiRand",
            config=f"{__name__}.source:KuaiRandConfig",
            summary="KuaiRand-Pure: 95,000 short videos shown in six days, and what 26,000 users had watched before",
        )
    ]
