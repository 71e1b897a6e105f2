"""Learning to predict next or hidden items: the task that `paretorec.training.fit` works on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import Array, Histories
from paretorec.training import CatalogueLoss, LossName, length_batches, to_device, uses_bf16
from paretorec_plugins.sequence.cloze import cloze_lesson
from paretorec_plugins.sequence.config import SequenceConfig
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.inputs import START
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.windows import ITEMS_ALONE, Lesson, Reading, lesson

FULL_LIMIT = 20_000
"""Items up to which `loss = "auto"` means the full softmax."""
SMALL_BATCH = 256
"""Items that a batch may always hold: below, a step costs as much as one of them."""


class NextItem:
    """Batches of histories, the loss over their next items or their hidden ones, and validation."""

    def __init__(
        self,
        model: Network,
        histories: Histories,
        index: Array,
        config: SequenceConfig,
        generator: torch.Generator,
        validate: Callable[[], float | None],
        reading: Reading = ITEMS_ALONE,
    ) -> None:
        """histories: none empty.  index: int64 [N + 1], item code -> item of the model; the last entry is how many it
        has.  generator: that of the dropout."""
        self.model = model
        self.validate = validate
        self._reading = reading
        self._histories, self._index, self._config, self._generator = histories, index, config, generator
        self._rng = np.random.default_rng(0)
        items = int(index[-1])
        self._compare = CatalogueLoss(
            np.bincount(index[histories.items[histories.flat()[1]]], minlength=items),
            loss_of(config, items),
            similarity=model.similarity,
            sampling=config.sampling,
            negatives=config.negatives,
            calibration=config.calibration,
            smoothing=config.label_smoothing,
            bf16=uses_bf16(config.precision, generator.device),
        )

    def batches(self, rng: np.random.Generator) -> list[Array]:
        """Rows of histories of similar length; dropout and negatives are seeded for this epoch."""
        self.reseed(rng)
        width = np.minimum(self._histories.length, self._config.length + 1)
        tokens = max(int(width.sum()) // self._config.min_batches, SMALL_BATCH)
        return length_batches(width, min(tokens, self._config.batch_tokens), rng)

    def reseed(self, rng: np.random.Generator) -> None:
        """From here on dropout, negatives and hidden items come from `rng`."""
        self._rng = rng
        self._generator.manual_seed(int(rng.integers(2**62)))

    def loss(self, batch: Array) -> Tensor:
        """Mean loss of the batch's targets."""
        learn = self._lesson(self._histories.take(batch))
        device = self._generator.device
        table = self.model.table()
        hidden = self.model(learn.inputs(device), table).flatten(0, 1)
        queries = hidden.index_select(0, to_device(learn.query, device))
        return self._compare(queries, table, learn.row, learn.target, self._rng, learn.weight, first=START + 1)

    def _lesson(self, histories: Histories) -> Lesson:
        config, index, reading = self._config, self._index, self._reading
        if isinstance(config, TransformerConfig) and config.masked:
            return cloze_lesson(histories, index, config.length, config.mask_share, self._rng, reading)
        preference = None
        if reading.preferences:
            alike = np.ones(len(reading.preferences))
            preference = self._rng.dirichlet(alike, len(histories)).astype(np.float32)
        basket = config.basket_seconds * 1000 if config.target == "basket" else None
        return lesson(histories, index, config.length, basket, reading, preference)


def loss_of(config: SequenceConfig, items: int) -> LossName:
    """What ``auto`` means for so many items."""
    if config.loss == "auto":
        return "full" if items <= FULL_LIMIT else "sampled"
    return config.loss
