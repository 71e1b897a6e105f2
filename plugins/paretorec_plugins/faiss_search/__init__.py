"""Index ``faiss``: approximate search by Meta's library of that name."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_indexes() -> list[ComponentSpec]:
    """The one index of this plugin."""
    return [
        ComponentSpec(
            name="faiss",
            factory=f"{__name__}.index:FaissIndex",
            config=f"{__name__}.config:FaissConfig",
            summary="Approximate search by faiss: a graph of neighbours (HNSW) or inverted lists (IVF)",
            needs=("faiss",),
            install="paretorec[faiss]",
        )
    ]
