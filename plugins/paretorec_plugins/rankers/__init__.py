"""Rankers over vectors, scores, item features, context and the user's own history: `mlp` and `boosted-trees`."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_rankers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="mlp",
            factory=f"{__name__}.ranker:MlpRanker",
            config=f"{__name__}.config:MlpConfig",
            summary="Dense layers with a calibrated probability or expected amount per event",
            capabilities=frozenset({"random"}),
        ),
        ComponentSpec(
            name="boosted-trees",
            factory=f"{__name__}.trees:BoostedTreesRanker",
            config=f"{__name__}.config:BoostedTreesConfig",
            summary="Gradient-boosted trees (LightGBM), pointwise or lambdarank, calibrated as mlp is",
            capabilities=frozenset({"random"}),
            needs=("lightgbm",),
            install="paretorec[boosting]",
        ),
    ]
