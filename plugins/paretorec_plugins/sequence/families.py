"""What can be set for each family of network."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from paretorec_plugins.sequence.config import SequenceConfig


class TransformerConfig(SequenceConfig):
    """Encoder ``transformer``."""

    encoder: ClassVar[str] = "transformer"
    shape: ClassVar[tuple[str, ...]] = (
        *SequenceConfig.shape,
        *("layers", "heads", "expansion", "attention", "block", "positions", "time_bias", "objective"),
    )

    layers: int = Field(default=2, ge=1, description="Attention blocks.")
    heads: int = Field(default=2, ge=1, description="Attention heads a block; divides `width`.")
    expansion: int = Field(
        default=4,
        ge=0,
        description="Hidden width of a block's dense part, in multiples of `width`; 0: none, as in HSTU.",
    )
    attention: Literal["softmax", "pointwise"] = Field(
        default="softmax",
        description="How a position weighs what it sees: shares of one, or HSTU's silu of each score with a gate.",
    )
    block: Literal["gelu", "swiglu", "ligr"] = Field(
        default="ligr",
        description="Dense part of a block: GELU, SwiGLU of as many weights (two thirds as wide), or SwiGLU with "
        "LiGR's gates on all that a block adds.",
    )
    positions: Literal["learned", "rotary", "relative"] = Field(
        default="relative",
        description="How order is known: a vector for each place, rotation of queries and keys, or a bias by distance.",
    )
    time_bias: bool = Field(
        default=False,
        description="Whether attention also weighs by the time between an item and the moment predicted for.",
    )
    objective: Literal["causal", "masked"] = Field(
        default="causal",
        description="`causal`: an item is predicted from those before it; `masked`: hidden items are predicted from "
        "all others on both sides (BERT4Rec), and what comes next as a hidden item at the end.",
    )
    mask_share: float = Field(
        default=0.2, gt=0, lt=1, description="Share of items that `masked` hides; one of each history at least."
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads = {self.heads} must divide width = {self.width}")
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise ValueError(f"positions = rotary needs an even width of a head, not {self.width // self.heads}")
        if self.masked and self.target == "basket":
            raise ValueError('objective = "masked" hides single items; set target = "item" with it')
        if self.masked and self.preferences:
            raise ValueError('preferences weigh what comes next; set objective = "causal" with them')
        return self

    @property
    def masked(self) -> bool:
        return self.objective == "masked"

    @property
    def reads_times(self) -> bool:
        return self.time_features or self.time_bias


class GruConfig(SequenceConfig):
    """Encoder ``gru``."""

    encoder: ClassVar[str] = "gru"
    shape: ClassVar[tuple[str, ...]] = (*SequenceConfig.shape, "layers")

    layers: int = Field(default=1, ge=1, description="Gated recurrent units, one over the other.")


class CnnConfig(SequenceConfig):
    """Encoder ``cnn``."""

    encoder: ClassVar[str] = "cnn"
    shape: ClassVar[tuple[str, ...]] = (*SequenceConfig.shape, "kernel", "dilations")

    kernel: int = Field(default=3, ge=2, description="Items that a convolution looks at.")
    dilations: tuple[int, ...] = Field(
        default=(1, 2, 4, 8, 16),
        min_length=1,
        description="Steps between these items, a residual block for each, of two convolutions; the second one's are "
        "twice as long. With the defaults a position sees 187 items; older ones cannot count.",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if min(self.dilations) < 1:
            raise ValueError(f"dilations are numbers of items from 1 on, not {min(self.dilations)}")
        return self
