"""What can be set for every network. The defaults are a next-item recipe that was tuned on MovieLens-1M's validation
items."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from paretorec.contracts import ComponentConfig


class SequenceConfig(ComponentConfig):
    """What all networks over histories share."""

    encoder: ClassVar[str]
    """Its name."""
    shape: ClassVar[tuple[str, ...]] = (
        *("width", "length", "similarity", "learn_temperature"),
        *("events", "features", "separator", "time_features", "use_ids", "preferences"),
    )
    """Fields that saved weights depend on; one that a state lacks came later and had its default, which stays what it
    was."""

    width: int = Field(default=128, ge=4, description="Length of user and item vectors.")
    time_features: bool = Field(
        default=False,
        description="Whether a position knows hour and weekday of its event and of the moment predicted for, and the "
        "time between; when asked, that moment is now.",
    )
    events: bool = Field(
        default=False, description="Whether a position knows which events (view, cart, buy, ...) its item had."
    )
    event_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Event -> weight of an item as a target on which it happened; of several the largest. Where some "
        "are named, items without any of them are no targets; none named: all history events alike.",
    )
    preferences: tuple[str, ...] = Field(
        default=(),
        description="Events that one network learns to trade off: while it learns, each history has event weights of "
        "its own, drawn from all that sum to 1 and added where several happened, and is told which; `preference` says "
        "which ones it serves.",
    )
    preference: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Event of `preferences` -> its weight when serving, 0 where it is not named; none named: all "
        "alike. What was learned serves any of them.",
    )
    features: tuple[str, ...] = Field(
        default=(),
        description="Item columns, categories or numbers, that count beside the ID: items never seen in training are "
        "then known by them.",
    )
    separator: str = Field(
        default="", description='Parts the values of a category column that holds several, such as "|"; "": one value.'
    )
    item_vectors: str = Field(
        default="",
        description="CSV or parquet file of item vectors that count beside the ID, such as text embeddings: an item id "
        "a row, every other column a dimension, or one column of lists; ~ and ${VARIABLE} are filled in.",
    )
    item: str = Field(default="item_id", min_length=1, description="Item id column in `item_vectors`.")
    use_ids: bool = Field(
        default=True, description="Whether items have a learned vector of their own beside their features."
    )
    id_dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of items that a training step knows by their features alone, so that these learn to stand "
        "for items never seen; without features none.",
    )
    length: int = Field(default=200, ge=1, description="Newest items of a history that are looked at.")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="Share of activations dropped while training.")
    target: Literal["item", "basket"] = Field(
        default="item",
        description="What is predicted: `item`: every item from all before it; `basket`: every item from earlier "
        "baskets only, so that items bought together do not predict each other.",
    )
    basket_seconds: float = Field(
        default=1.0, ge=0, description="Longest time between an item and the next one of the same basket."
    )
    loss: Literal["auto", "full", "sampled", "gbce"] = Field(
        default="auto",
        description="Softmax over all items (full), over sampled ones, or (auto) sampled above 20,000 items; `gbce`: "
        "calibrated binary cross-entropy against sampled negatives (gSASRec).",
    )
    negatives: int = Field(
        default=1024,
        ge=1,
        description="Negatives drawn for a batch by the sampled softmax, beside its own targets, and by `gbce`; "
        "`in-batch` draws none.",
    )
    sampling: Literal["uniform", "in-batch", "popularity"] = Field(
        default="uniform",
        description="How the sampled softmax gets its negatives: drawn alike, the targets of the batch, or drawn as "
        "often as they are targets; logits are corrected, so all aim at the full softmax.",
    )
    calibration: float = Field(
        default=0.75,
        ge=0,
        le=1,
        description="How far `gbce` takes back the overconfidence that few negatives cause; 0: not at all, plain "
        "binary cross-entropy.",
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="Share of a target that is spread over all items alike."
    )
    similarity: Literal["dot", "cosine"] = Field(
        default="dot", description="How a history and an item become a score: product of vectors, or its cosine."
    )
    temperature: float | None = Field(
        default=None, gt=0, description="What scores are divided by in the loss; none: 1, and 0.05 for `cosine`."
    )
    learn_temperature: bool = Field(
        default=False, description="Whether the temperature is learned, from `temperature` on."
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto",
        description="Products in the loss: `bf16` rounds factors to bfloat16 and sums in float32; `auto`: where the "
        "processor has AMX, for which it is faster by a factor; all else is float32.",
    )
    batch_tokens: int = Field(default=3200, ge=1, description="Padded history items in a batch at most.")
    min_batches: int = Field(
        default=150,
        ge=1,
        description="Batches of an epoch at least: little data is learned in smaller ones than `batch_tokens`, down to "
        "256 items, since what counts is the number of steps.",
    )
    epochs: int = Field(default=24, ge=1, description="Passes over all histories at most.")
    patience: int = Field(
        default=15,
        ge=0,
        description="Epochs without a better validation NDCG@10 before training ends; 0: never early. Scores stall for "
        "eight epochs at a high learning rate and rise again once it comes down.",
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="Time budget; the learning rate then comes down in time, and results depend on the machine.",
    )
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = Field(default="adamw", description="Gradient optimizer.")
    learning_rate: float = Field(default=1.5e-3, gt=0, description="Peak learning rate.")
    final_learning_rate: float = Field(default=3e-5, ge=0, description="Learning rate at the end of the schedule.")
    schedule: Literal["cosine", "constant"] = Field(default="cosine", description="Learning rate after the warm-up.")
    warm_up: float = Field(default=2, ge=0, description="Epochs in which the learning rate rises from zero.")
    weight_decay: float = Field(
        default=0.0, ge=0, description="Decay of matrices; biases, norms and learned vectors are never decayed."
    )
    clip_norm: float = Field(default=0.0, ge=0, description="Length that gradients are cut to; 0: never.")
    ema: float = Field(
        default=0.0,
        ge=0,
        description="Half-life, in epochs, of the average of the weights that is validated and kept; 0: none.",
    )
    accumulate: int = Field(
        default=1,
        ge=1,
        description="Batches a gradient step; several processes share them, one each at least. A lower `batch_tokens` "
        "with more of them needs less memory.",
    )
    autocast: bool = Field(
        default=False,
        description="Whether training computes in bfloat16 (`torch.autocast`) with weights in float32; on one thread "
        "with AMX a step takes 0.84 times as long. `precision` rounds products in the loss alone.",
    )
    compile: bool = Field(
        default=False,
        description="Train through `torch.compile`, where there is a compiler. On one thread it takes a minute to "
        "compile and steps are no faster; not measured on a GPU.",
    )
    validation_requests: int = Field(
        default=2000, ge=1, description="Validation requests looked at after an epoch at most; drawn by seed."
    )
    exclude_seen: bool | None = Field(
        default=None,
        description="Whether validation leaves out items that the user had; none: if fewer than 1 in 100 events "
        "repeats an item of its history. Only early stopping depends on it.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.use_ids and not self.has_features:
            raise ValueError("use_ids = false needs features or item_vectors: something must tell items apart")
        if self.event_weights and not any(self.event_weights.values()):
            raise ValueError("event_weights has no weight above 0, so nothing is a target; give one event at least")
        if self.label_smoothing and self.loss != "full":
            raise ValueError('label_smoothing spreads targets over all items; set loss = "full" with it')
        if self.loss == "gbce" and self.sampling != "uniform":
            raise ValueError('loss = "gbce" is calibrated for negatives drawn alike; set sampling = "uniform"')
        if self.final_learning_rate > self.learning_rate:
            raise ValueError("final_learning_rate must not exceed learning_rate")
        return self

    @model_validator(mode="after")
    def _tradable(self) -> Self:
        if len(set(self.preferences)) != len(self.preferences) or len(self.preferences) == 1:
            raise ValueError("preferences must name two events at least, each once: something must be traded off")
        if self.preferences and self.event_weights:
            raise ValueError("preferences stands for all event_weights; leave one of them away")
        strange = ", ".join(sorted(set(self.preference) - set(self.preferences)))
        if strange:
            raise ValueError(f"preference names {strange}, which preferences does not")
        if self.preference and not any(self.preference.values()):
            raise ValueError("preference has no weight above 0; give one event at least, or leave it empty")
        return self

    @property
    def served_preference(self) -> tuple[float, ...]:
        """Weights of `preferences` when serving, which sum to 1."""
        weights = [self.preference.get(name, 0.0 if self.preference else 1.0) for name in self.preferences]
        return tuple(weight / sum(weights) for weight in weights)

    @property
    def masked(self) -> bool:
        """Whether hidden items are predicted instead of next ones."""
        return False

    @property
    def reads_times(self) -> bool:
        """Whether the network is told when things happened."""
        return self.time_features

    @property
    def has_features(self) -> bool:
        """Whether anything but the ID tells items apart."""
        return bool(self.features or self.item_vectors)
