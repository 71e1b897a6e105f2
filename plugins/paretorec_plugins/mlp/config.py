"""Configuration of the `mlp` ranker."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paretorec.contracts import ComponentConfig


class MlpConfig(ComponentConfig):
    events: tuple[str, ...] = Field(default=(), description="Events to learn, a head each; none named: all.")
    event_weights: dict[str, float] = Field(
        default_factory=dict, description="Event -> weight of its losses beside the other events'; not named: 1."
    )
    hidden: tuple[int, ...] = Field(default=(128, 64), min_length=1, description="Widths of the dense layers.")
    category_width: int = Field(
        default=0, ge=0, description="Width of the learned vector of each item category's value; 0: none."
    )
    half_lives: tuple[float, ...] = Field(
        default=(7.0, 30.0, 120.0), min_length=1, description="Half-lives in days of the own-history features."
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
    sampled: int = Field(
        default=100,
        ge=2,
        description="Candidates of a request that are trained on: its positives (half of these at most) and random "
        "others, weighted so that probabilities stay right.",
    )
    max_requests: int = Field(default=20_000, ge=1, description="Requests learned from at most, drawn at random.")
