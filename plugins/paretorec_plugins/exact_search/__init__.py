"""Index ``exact``: every item's score, a block at a time."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_indexes() -> list[ComponentSpec]:
    """The one index of this plugin."""
    return [
        ComponentSpec(
            name="exact",
            factory=f"{__name__}.index:ExactIndex",
            config=f"{__name__}.index:ExactConfig",
            summary="Every item's score, a block at a time: finds just what is best",
        )
    ]
