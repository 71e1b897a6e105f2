"""Learning to predict the next item: the task that `paretorec.training.fit` works on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import Array, Histories
from paretorec.training import NegativeSampler, length_batches, softmax_loss
from paretorec_plugins.transformer.config import TransformerConfig
from paretorec_plugins.transformer.inputs import START
from paretorec_plugins.transformer.model import Transformer
from paretorec_plugins.transformer.windows import ITEMS_ALONE, Reading, lesson

FULL_LIMIT = 20_000
"""Items up to which `loss = "auto"` means the full softmax."""


class NextItem:
    """Batches of histories, the softmax loss over their next items, and validation."""

    def __init__(
        self,
        model: Transformer,
        histories: Histories,
        index: Array,
        config: TransformerConfig,
        generator: torch.Generator,
        validate: Callable[[], float | None],
        reading: Reading = ITEMS_ALONE,
    ) -> None:
        """histories: none empty.  index: int64, item code -> item of the model.  generator: that of the dropout."""
        self.model = model
        self.validate = validate
        self._reading = reading
        self._histories, self._index, self._config, self._generator = histories, index, config, generator
        self._rng = np.random.default_rng(0)
        self._sampler: NegativeSampler | None = None
        items = len(model.item_vectors)
        if config.loss == "sampled" or (config.loss == "auto" and items > FULL_LIMIT):
            counts = np.bincount(index[histories.items[histories.flat()[1]]], minlength=items)
            self._sampler = NegativeSampler(counts, config.negatives, config.sampling)

    def batches(self, rng: np.random.Generator) -> list[Array]:
        """Rows of histories of similar length; dropout and negatives are seeded for this epoch."""
        self._rng = rng
        self._generator.manual_seed(int(rng.integers(2**62)))
        width = np.minimum(self._histories.length, self._config.length + 1)
        return length_batches(width, self._config.batch_tokens, rng)

    def loss(self, batch: Array) -> Tensor:
        """Mean cross-entropy of the batch's targets."""
        config = self._config
        basket = config.basket_seconds * 1000 if config.target == "basket" else None
        learn = lesson(self._histories.take(batch), self._index, config.length, basket, self._reading)
        device = self._generator.device

        def tensor(values: Array) -> Tensor:
            return torch.from_numpy(values).to(device)

        table = self.model.table()
        hidden = self.model(learn.inputs(device), table).flatten(0, 1)
        queries = hidden.index_select(0, tensor(learn.query))
        row, vectors = tensor(learn.row), table[START + 1 :]
        if self._sampler is None:
            return softmax_loss(queries, vectors, row, tensor(learn.target))
        drawn = self._sampler.draw(learn.target, self._rng)
        candidates = vectors.index_select(0, tensor(drawn.items))
        return softmax_loss(queries, candidates, row, tensor(drawn.column), offset=tensor(drawn.offset))
