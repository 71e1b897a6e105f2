"""Encoder ``transformer``: from histories to vectors."""

from __future__ import annotations

import numpy as np
import torch

from paretorec.contracts import Array, FitData, Histories, ItemTable, RunContext, State
from paretorec.errors import ArtifactError, DataError
from paretorec.training import Plan, checkpoint_path, fit, torch_threads
from paretorec_plugins.transformer.cloze import cloze_window
from paretorec_plugins.transformer.config import TransformerConfig
from paretorec_plugins.transformer.model import Transformer
from paretorec_plugins.transformer.task import NextItem
from paretorec_plugins.transformer.validation import Validation, positive_targets, repeats
from paretorec_plugins.transformer.windows import window

GROUP = 8
"""Histories that are encoded at once, always: rounding depends on the shape of a matrix product."""
WIDTHS = (17, 33, 65, 129, 257, 513)
"""Widths that windows are padded to, by their own length alone."""
REPEATS = 0.01
"""Share of repeated events from which validation counts items that the user had."""
SHAPE = (
    *("width", "layers", "heads", "expansion", "attention", "block", "positions", "time_bias", "length"),
    *("objective", "similarity", "learn_temperature"),
)
"""Fields that saved weights depend on; one that a state lacks came later and had its default."""


class TransformerEncoder:
    """Causal self-attention over the newest `length` items.

    Learns a vector for every item that occurs in the fit part. An item without one (new, or never in a history)
    has the mean of all learned vectors, as candidate and in histories: it scores like the average item. A user
    without a history is represented by what the network predicts for somebody's first item.

    Fits on `RunContext.device`; encodes on the CPU, on one thread, a row independent of all others.
    """

    def __init__(self, config: TransformerConfig) -> None:
        self.config = config
        self._model: Transformer | None = None
        self._known = np.zeros(0, np.int64)
        """int64 [K] ascending: codes of the items with a learned vector."""
        self._index = np.zeros(1, np.int64)
        """int64 [N + 1]: item code -> row among the learned vectors; K: none, also for all codes from N on."""
        self._vectors = torch.zeros(0, config.width)
        """float32 [K + 2, d] by token: start, learned items, their mean."""

    def fit(self, data: FitData, run: RunContext) -> None:
        """Train. Raises `DataError` where no history has an event."""
        histories = data.histories.take(data.histories.length > 0)
        if not len(histories):
            raise DataError("encoder transformer: the fit part has no history event to learn from")
        self._learn_codes(np.unique(histories.items[histories.flat()[1]]), len(data.items))
        generator = torch.Generator(run.device)
        generator.manual_seed(int(run.rng("transformer/weights").integers(2**62)))
        self._model = self._network(generator)
        validation = self._validation(data, run)

        def validate() -> float | None:
            self._refresh()
            return validation.ndcg(self._encode, self.encode_items(data.items)) if len(validation) else None

        task = NextItem(self._model, histories, self._index, self.config, generator, validate)
        data_read = (histories.items, histories.times, histories.start, histories.end)
        checkpoint = checkpoint_path(run, "transformer", self.config, data_read)
        fit(task, self._plan(), run, "transformer", checkpoint)
        self._model.cpu()
        self._refresh()

    def encode_users(self, histories: Histories) -> Array:
        """float32 [B, d]."""
        with torch_threads(1):
            return self._encode(histories)

    def encode_items(self, items: ItemTable) -> Array:
        """float32 [N, d]: the learned vector, or the mean of all learned ones."""
        codes = np.minimum(np.arange(len(items)), len(self._index) - 1)
        return self._fitted().similarity.vectors(self._vectors).numpy()[self._index[codes] + 1]

    def state(self) -> State:
        model = self._fitted()
        arrays = {key: value.numpy().copy() for key, value in model.state_dict().items()}
        return State(arrays | {"known": self._known}, {field: getattr(self.config, field) for field in SHAPE})

    def restore(self, state: State, items: ItemTable) -> None:
        """Raises `ArtifactError` where the state is of another shape of network or of more items than `items`."""
        for field in SHAPE:
            saved = state.meta.get(field, TransformerConfig.model_fields[field].default)
            mine = getattr(self.config, field)
            if saved != mine:
                raise ArtifactError(
                    f"encoder transformer was fitted with {field} = {saved}, the configuration has {mine}"
                )
        arrays = dict(state.arrays)
        known = np.asarray(arrays.pop("known", np.zeros(0)), np.int64)
        if known.max(initial=-1) >= len(items):
            raise ArtifactError(
                f"encoder transformer learned item code {known.max()}, but the item table has {len(items)} rows"
            )
        self._learn_codes(known, len(items))
        model = self._network(torch.Generator())
        try:
            model.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in arrays.items()})
        except RuntimeError as cause:
            raise ArtifactError("encoder transformer: the saved weights are incomplete; run again") from cause
        self._model = model.eval()
        self._refresh()

    def _fitted(self) -> Transformer:
        if self._model is None:
            raise ArtifactError("encoder transformer is not fitted; call fit or restore first")
        return self._model

    def _network(self, generator: torch.Generator) -> Transformer:
        return Transformer(len(self._known), self.config, generator, causal=self.config.objective == "causal")

    def _learn_codes(self, known: Array, items: int) -> None:
        self._known = known.astype(np.int64)
        self._index = np.full(items + 1, len(known), np.int64)
        self._index[self._known] = np.arange(len(known))

    def _plan(self) -> Plan:
        config = self.config
        return Plan(
            epochs=config.epochs,
            learning_rate=config.learning_rate,
            final_learning_rate=config.final_learning_rate,
            warm_up=config.warm_up,
            schedule=config.schedule,
            optimizer=config.optimizer,
            weight_decay=config.weight_decay,
            patience=config.patience,
            minutes=config.minutes,
        )

    def _validation(self, data: FitData, run: RunContext) -> Validation:
        requests, limit = data.validation, self.config.validation_requests
        rows = np.arange(len(requests))
        if len(rows) > limit:
            rows = np.sort(run.rng("transformer/validation").choice(rows, limit, replace=False))
        requests = requests.take(rows)
        exclude = self.config.exclude_seen
        if exclude is None:
            exclude = repeats(data.histories) < REPEATS
        relevant = positive_targets(requests, data.events)
        return Validation(requests, data.validation_histories.take(rows), relevant, exclude)

    @torch.no_grad()
    def _refresh(self) -> None:
        """Keep token vectors for encoding: start, learned items, their mean."""
        tokens = self._fitted().tokens.weight.detach().cpu()
        self._vectors = torch.cat([tokens, tokens[1:].mean(0, keepdim=True)])

    @torch.inference_mode()
    def _encode(self, histories: Histories) -> Array:
        model = self._fitted()
        length = self.config.length
        device = model.tokens.weight.device
        vectors = self._vectors.to(device)
        look = cloze_window if self.config.objective == "masked" else window
        out = np.zeros((len(histories), self.config.width), np.float32)
        widths = np.array(sorted({min(width, length + 1) for width in WIDTHS} | {length + 1}))
        bucket = np.searchsorted(widths, np.minimum(histories.length, length) + 1)
        for choice in np.unique(bucket):
            rows = np.flatnonzero(bucket == choice)
            for start in range(0, len(rows), GROUP):
                group = rows[start : start + GROUP]
                padded = np.resize(group, GROUP)
                seen = look(histories.take(padded), self._index, length, int(widths[choice]))
                hidden = model.at(seen.inputs(device), torch.from_numpy(seen.last).to(device), vectors)
                out[group] = model.similarity.vectors(hidden)[: len(group)].cpu().numpy()
        return out
