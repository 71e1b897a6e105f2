"""Ranker `mlp`: dense layers over vectors, scores, item features, context and the user's own history."""

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
        )
    ]
