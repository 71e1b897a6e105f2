"""Configuration of the rankers."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from paretorec.contracts import ComponentConfig


class RankerConfig(ComponentConfig):
    """What examples are made of."""

    ranker: ClassVar[str]
    """Its name."""

    events: tuple[str, ...] = Field(default=(), description="Events to learn, a head each; none named: all.")
    half_lives: tuple[float, ...] = Field(
        default=(7.0, 30.0, 120.0), min_length=1, description="Half-lives in days of the own-history features."
    )
    sampled: int = Field(
        default=100,
        ge=2,
        description="Candidates of a request that are trained on: its positives (half of these at most) and random "
        "others, weighted so that probabilities stay right.",
    )
    max_requests: int = Field(default=20_000, ge=1, description="Requests learned from at most, drawn at random.")


class MlpConfig(RankerConfig):
    ranker: ClassVar[str] = "mlp"

    event_weights: dict[str, float] = Field(
        default_factory=dict, description="Event -> weight of its losses beside the other events'; not named: 1."
    )
    hidden: tuple[int, ...] = Field(default=(128, 64), min_length=1, description="Widths of the dense layers.")
    category_width: int = Field(
        default=0, ge=0, description="Width of the learned vector of each item category's value; 0: none."
    )
    listwise: float = Field(
        default=1.0, ge=0, description="Weight of the softmax loss over a request's candidates, beside the log-loss."
    )
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = Field(default="adamw", description="Gradient method.")
    learning_rate: float = Field(
        default=0.002, gt=0, description="Peak of the schedule: linear warm-up, then half a cosine."
    )
    weight_decay: float = Field(default=1e-4, ge=0, description="L2 penalty, or decoupled decay with adamw.")
    epochs: int = Field(default=10, ge=1, description="Passes over the examples at most.")
    patience: int = Field(
        default=5, ge=1, description="Epochs without better held-out log-loss before training stops; the best are kept."
    )
    batch_requests: int = Field(default=16, ge=1, description="Requests in one gradient step.")


class BoostedTreesConfig(RankerConfig):
    ranker: ClassVar[str] = "boosted-trees"

    objective: Literal["binary", "lambdarank"] = Field(
        default="binary",
        description="What the trees of an event learn: the log-odds of each candidate, or the order of a request's "
        "(Burges 2010), which calibration then makes log-odds of.",
    )
    trees: int = Field(default=400, ge=1, description="Trees of an event at most.")
    patience: int = Field(
        default=30, ge=1, description="Trees without a better held-out score before growing stops; the best are kept."
    )
    leaves: int = Field(default=31, ge=2, description="Leaves of a tree.")
    least: int = Field(default=50, ge=1, description="Examples in a leaf at least.")
    learning_rate: float = Field(default=0.05, gt=0, le=1, description="Share of each tree that counts.")
    max_requests: int = Field(
        default=5_000,
        ge=1,
        description="Requests learned from at most, drawn at random; memory grows with them times `sampled`.",
    )
