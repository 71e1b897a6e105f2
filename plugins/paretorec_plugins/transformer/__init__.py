"""Encoder ``transformer``: causal self-attention over what a user did, trained to predict what comes next."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    """The one encoder of this plugin."""
    return [
        ComponentSpec(
            name="transformer",
            factory=f"{__name__}.encoder:TransformerEncoder",
            config=f"{__name__}.config:TransformerConfig",
            summary="Causal self-attention over the history, full or sampled softmax over the catalogue",
            capabilities=frozenset({"cold_items", "export", "random", "vectors"}),
            needs=("torch", "safetensors"),
        )
    ]
