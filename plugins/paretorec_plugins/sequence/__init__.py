"""Encoders over histories, trained to predict what comes next: `transformer`, `gru` and `cnn`."""

from paretorec.contracts import ComponentSpec, hookimpl


def _encoder(name: str, family: str, summary: str, *more: str) -> ComponentSpec:
    return ComponentSpec(
        name=name,
        factory=f"{__name__}.encoder:{family}Encoder",
        config=f"{__name__}.families:{family}Config",
        summary=summary,
        capabilities=frozenset({"cold_items", "random", "vectors", *more}),
        needs=("torch", "safetensors"),
    )


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        _encoder(
            "transformer",
            "Transformer",
            "Causal self-attention over the history, full or sampled softmax over the catalogue",
            "export",
        ),
        _encoder("gru", "Gru", "Gated recurrent units over the history, learned as the transformer is"),
        _encoder("cnn", "Cnn", "Dilated causal convolutions over the history, learned as the transformer is", "export"),
    ]
