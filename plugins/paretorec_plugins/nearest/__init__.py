"""Encoders by nearest neighbours: of the items in the history (`item-knn`), of the user (`user-knn`)."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="item-knn",
            factory=f"{__name__}.item_knn:ItemKnnEncoder",
            config=f"{__name__}.item_knn:ItemKnnConfig",
            summary="Items that the same users take as those in the history: cosine, Jaccard, TF-IDF or BM25",
            needs=("scipy",),
        ),
        ComponentSpec(
            name="user-knn",
            factory=f"{__name__}.user_knn:UserKnnEncoder",
            config=f"{__name__}.user_knn:UserKnnConfig",
            summary="What the users take whose histories are most like this one, by cosine",
            needs=("scipy",),
        ),
    ]
