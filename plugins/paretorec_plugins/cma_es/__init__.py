"""CMA-ES from the library of its authors."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="cma-es",
            factory=f"{__name__}.strategy:CmaEs",
            config=f"{__name__}.strategy:CmaEsConfig",
            summary="Covariance matrix adaptation on one objective: the wish (cma)",
            capabilities=frozenset({"random", "single"}),
            needs=("cma",),
            install="cma",
        )
    ]
