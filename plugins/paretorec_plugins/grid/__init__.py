"""A regular grid over the policies."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="grid",
            factory=f"{__name__}.lattice:Grid",
            config=f"{__name__}.lattice:GridConfig",
            summary="A regular grid, the finest that the budget allows",
            capabilities=frozenset({"random"}),
        )
    ]
