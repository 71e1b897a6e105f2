"""Random search: the baseline that every other optimizer has to beat."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="random",
            factory=f"{__name__}.draws:RandomSearch",
            config=f"{__name__}.draws:RandomSearchConfig",
            summary="Independent draws; the baseline of every search",
            capabilities=frozenset({"random"}),
        )
    ]
