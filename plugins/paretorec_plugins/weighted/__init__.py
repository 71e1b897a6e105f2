"""Policies that weigh signals: their sum (`linear`) and their product (`product`)."""

from __future__ import annotations

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_policies() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="linear",
            factory=f"{__name__}.linear:Linear",
            config=f"{__name__}.linear:LinearConfig",
            summary="Weighted sum of the signals",
        ),
        ComponentSpec(
            name="product",
            factory=f"{__name__}.product:Product",
            config=f"{__name__}.product:ProductConfig",
            summary="Weighted product of the signals: a low value in one is not made up for by the others",
        ),
    ]
