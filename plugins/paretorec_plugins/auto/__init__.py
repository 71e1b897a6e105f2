"""The optimizer that suits the search."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="auto",
            factory=f"{__name__}.rules:Auto",
            config=f"{__name__}.rules:AutoConfig",
            summary="Chooses by objectives, parameters and budget, and says why",
            capabilities=frozenset({"chooses"}),
        )
    ]
