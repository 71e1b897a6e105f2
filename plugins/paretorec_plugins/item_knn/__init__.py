"""Encoder `item-knn`: items that the same users take, by cosine."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="item-knn",
            factory=f"{__name__}.encoder:ItemKnnEncoder",
            config=f"{__name__}.encoder:ItemKnnConfig",
            summary="Cosine neighbours of the items in the user's history",
            needs=("scipy",),
        )
    ]
