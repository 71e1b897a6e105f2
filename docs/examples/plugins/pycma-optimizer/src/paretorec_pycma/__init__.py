"""An optimizer with the name of a built-in: one line of registry.toml puts it in that one's place."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="cma-es",
            factory=f"{__name__}.optimizer:PyCma",
            config=f"{__name__}.optimizer:PyCmaConfig",
            summary="CMA-ES by its authors' library, pycma",
            capabilities=frozenset({"random", "single"}),
            needs=("cma",),
            install="cma",
        )
    ]
