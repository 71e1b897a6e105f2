"""What can be set; names as in faiss."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paretorec.contracts import ComponentConfig


class FaissConfig(ComponentConfig):
    """Index ``faiss``."""

    kind: Literal["hnsw", "ivf"] = Field(
        default="hnsw", description="A graph of neighbours, or lists around centres of which the nearest are read."
    )
    m: int = Field(default=32, ge=2, le=256, description="hnsw: neighbours of an item in the graph.")
    ef_construction: int = Field(default=200, ge=1, description="hnsw: items looked at while an item is added.")
    ef_search: int = Field(
        default=64, ge=1, description="hnsw: items looked at for a query; at least as many as asked for."
    )
    nlist: int = Field(default=0, ge=0, description="ivf: lists; 0: four times the root of the number of items.")
    nprobe: int = Field(default=32, ge=1, description="ivf: lists read for a query.")
