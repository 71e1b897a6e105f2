"""An encoder on top of a well-known library."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="svd",
            factory=f"{__name__}.encoder:Svd",
            config=f"{__name__}.encoder:SvdConfig",
            summary="Items by a truncated singular value decomposition of who had what (scikit-learn)",
            capabilities=frozenset({"vectors"}),
            needs=("sklearn",),
            install="scikit-learn",
        )
    ]
