"""Encoders by matrix factorisation, trained by the library implicit: `als` and `bpr`."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="als",
            factory=f"{__name__}.als:AlsEncoder",
            config=f"{__name__}.als:AlsConfig",
            summary="Weighted matrix factorisation by alternating least squares (implicit); users are solved for",
            capabilities=frozenset({"random", "vectors"}),
            needs=("implicit", "scipy"),
            install="paretorec[implicit]",
        ),
        ComponentSpec(
            name="bpr",
            factory=f"{__name__}.bpr:BprEncoder",
            config=f"{__name__}.bpr:BprConfig",
            summary="Matrix factorisation by pairwise ranking (implicit); users are the mean of their items",
            capabilities=frozenset({"random", "vectors"}),
            needs=("implicit", "scipy"),
            install="paretorec[implicit]",
        ),
    ]
