"""Acme's plugins for ParetoRec."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="next-item",
            factory=f"{__name__}.next_item:NextItem",
            config=f"{__name__}.next_item:NextItemConfig",
            summary="What others took right after the items that this user took last",
        )
    ]


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="nsga2",
            factory=f"{__name__}.evolution:EvolutionStrategy",
            config=f"{__name__}.evolution:EvolutionConfig",
            summary="(mu + lambda) evolution strategy: normal steps around policies that few others beat",
            capabilities=frozenset({"random"}),
        )
    ]
