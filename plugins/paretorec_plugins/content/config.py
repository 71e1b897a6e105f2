"""Configurations of the content encoders."""

from __future__ import annotations

from pydantic import Field

from paretorec.contracts import ComponentConfig


class ContentConfig(ComponentConfig):
    """What all of them have."""

    columns: tuple[str, ...] = Field(default=(), description="Item columns that are read; none given: all that fit.")
    separator: str = Field(
        default="", description='Parts the values of a category column that holds several, such as "|"; "": one value.'
    )
    half_life_days: float = Field(
        default=120.0, gt=0, description="Days before a user's newest event after which an event counts half."
    )


class BagOfWordsConfig(ContentConfig):
    min_items: int = Field(default=2, ge=1, description="Training items that a word or tag must be in to count.")
    max_terms: int = Field(default=50_000, ge=1, description="Words and tags kept, those in most training items first.")
    ngram: int = Field(
        default=2, ge=1, le=5, description="Characters of a term where a script has no spaces (Chinese, Thai, ...)."
    )


class TfIdfConfig(BagOfWordsConfig):
    sublinear: bool = Field(default=False, description="A word that an item has n times weighs 1 + log n instead of n.")


class AttributesConfig(ContentConfig):
    max_names: int = Field(
        default=100, ge=0, description="A category column with more names than this among training items is hashed."
    )
    buckets: int = Field(default=64, ge=1, description="Dimensions of a hashed category column.")
