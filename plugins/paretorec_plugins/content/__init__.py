"""Encoders by content, as words (`bag-of-words`, `tf-idf`) or `attributes`: a user is the mean of what they took."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="bag-of-words",
            factory=f"{__name__}.text:BagOfWordsEncoder",
            config=f"{__name__}.config:BagOfWordsConfig",
            summary="Cosine of the item's words and tags with those of the history; knows items never taken",
            capabilities=frozenset({"cold_items"}),
            needs=("scipy",),
        ),
        ComponentSpec(
            name="tf-idf",
            factory=f"{__name__}.text:TfIdfEncoder",
            config=f"{__name__}.config:TfIdfConfig",
            summary="As bag-of-words, rare words and tags counting more; knows items never taken",
            capabilities=frozenset({"cold_items"}),
            needs=("scipy",),
        ),
        ComponentSpec(
            name="attributes",
            factory=f"{__name__}.attributes:AttributesEncoder",
            config=f"{__name__}.config:AttributesConfig",
            summary="Cosine of the item's categories and numbers with those of the history; knows items never taken",
            capabilities=frozenset({"cold_items", "vectors"}),
            needs=("scipy",),
        ),
    ]
