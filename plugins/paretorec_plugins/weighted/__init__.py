"""Policies that weigh signals: the same for all requests (`linear`, `product`), by segment (`segmented`), by the
request's numbers (`contextual`), or against what the list already holds (`mmr`)."""

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
        ComponentSpec(
            name="segmented",
            factory=f"{__name__}.segmented:Segmented",
            config=f"{__name__}.segmented:SegmentedConfig",
            summary="Weighted sum with weights of their own for each value of a user or request column",
        ),
        ComponentSpec(
            name="contextual",
            factory=f"{__name__}.contextual:Contextual",
            config=f"{__name__}.contextual:ContextualConfig",
            summary="Weighted sum whose weights move with numbers of the request, such as the history's length",
        ),
        ComponentSpec(
            name="mmr",
            factory=f"{__name__}.mmr:Mmr",
            config=f"{__name__}.mmr:MmrConfig",
            summary="Weighted sum, re-ranked so that an item unlike those already listed comes earlier",
        ),
    ]
