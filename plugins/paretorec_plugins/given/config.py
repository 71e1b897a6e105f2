"""Configuration of the `given` encoder."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from paretorec.contracts import ComponentConfig


class GivenConfig(ComponentConfig):
    """Either `scores`, or `user_vectors` and `item_vectors`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scores": "${WORLD}/scores.csv"}]})

    scores: str = Field(
        default="",
        description="CSV or parquet file: a user id, an item id and a score a row; ~ and ${VARIABLE} are filled in.",
    )
    user_vectors: str = Field(
        default="", description="CSV or parquet file: a user id a row, every other column a dimension."
    )
    item_vectors: str = Field(
        default="", description="CSV or parquet file: an item id a row, every other column a dimension."
    )
    user: str = Field(default="user_id", min_length=1, description="User id column in these files.")
    item: str = Field(default="item_id", min_length=1, description="Item id column in these files.")
    score: str = Field(default="score", min_length=1, description="Score column; larger is better.")
    missing: float | None = Field(
        default=None, description="Score of a pair that the table lacks; default: the table's lowest score."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        vectors = bool(self.user_vectors) + bool(self.item_vectors)
        if bool(self.scores) == bool(vectors) or vectors == 1:
            raise ValueError("give either scores, or both user_vectors and item_vectors")
        return self
