"""Encoders ``transformer``, ``gru`` and ``cnn``: from histories to vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from paretorec.contracts import Array, FitData, Histories, ItemTable, RunContext, State
from paretorec.errors import ArtifactError, DataError
from paretorec.training import Plan, checkpoint_path, fit, torch_threads
from paretorec_plugins.sequence.catalogue import Catalogue
from paretorec_plugins.sequence.cloze import cloze_window
from paretorec_plugins.sequence.config import SequenceConfig
from paretorec_plugins.sequence.features import ItemFeatures
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.reading import check_targets, check_times, labels_read, make_reading
from paretorec_plugins.sequence.task import NextItem
from paretorec_plugins.sequence.validation import Validation, positive_targets, repeats
from paretorec_plugins.sequence.warm import Before
from paretorec_plugins.sequence.windows import window

GROUP, WIDE_GROUP = 8, 4
"""Histories that are encoded at once, always, and of long ones, so that one user does not wait for seven others:
rounding depends on the shape of a matrix product."""
WIDE = 129
"""Width from which on a window is a long one."""
WIDTHS = (17, 33, 65, 129, 257, 513)
"""Widths that windows are padded to, by their own length alone."""
REPEATS = 0.01
"""Share of repeated events from which validation counts items that the user had."""
FEATURES = "features/"
"""What a state says of item features stands behind it."""


class SequenceEncoder:
    """A network over the newest `length` items: which one, its configuration says.

    Learns a vector for every item that occurs in the fit part. An item without one (new, or never in a history)
    has the mean of all learned vectors, as candidate and in histories: it scores like the average item; where
    `features` or `item_vectors` tell something of it, the vector that they make. A user without a history is
    represented by what the network predicts for somebody's first item.

    Fits on `RunContext.device`; encodes on the CPU, on one thread, a row independent of all others.
    """

    formats = ("onnx",)

    def __init__(self, config: SequenceConfig) -> None:
        self.config = config
        self._model: Network | None = None
        self._catalogue: Catalogue | None = None
        self._events: tuple[str, ...] = ()
        """The data's, when it was fitted."""
        self._vectors = torch.zeros(0, config.width)
        """float32 [N + 2, d] by token: start, items, what stands for any other item."""
        self._before: Before | None = None

    def warm_start(self, state: State, items: ItemTable) -> None:
        """The next `fit` begins with these weights; `items`: the table that they were fitted with.

        Items are known again by their ids; a new one begins with the mean vector. Raises `ArtifactError` where the
        state is of another shape of network.
        """
        self._check_shape(state)
        self._before = Before.of(state, items)

    def fit(self, data: FitData, run: RunContext) -> None:
        """Train. Raises `DataError` where no history has an event."""
        name = self.config.encoder
        histories = data.histories.take(data.histories.length > 0)
        if not len(histories):
            raise DataError(f"encoder {self.config.encoder}: the fit part has no history event to learn from")
        position = histories.flat()[1]
        check_times(self.config, data, position)
        check_targets(self.config, data, position)
        self._events = tuple(event.name for event in data.events)
        known = np.unique(histories.items[position]).astype(np.int64)
        self._catalogue = Catalogue.of(known, data.items, self._measured(data.items, known))
        generator = torch.Generator(run.device)
        generator.manual_seed(int(run.rng(f"{name}/weights").integers(2**62)))
        self._model = self._network(generator, self._catalogue)
        if self._before is not None:
            self._before.give(self._model, data.items.ids[known], self._meta(self._catalogue))
        validation = self._validation(data, run)

        def validate() -> float | None:
            self._refresh()
            return validation.ndcg(self._encode, self.encode_items(data.items)) if len(validation) else None

        reading = make_reading(self.config, self._events)
        task = NextItem(self._model, histories, self._catalogue.index, self.config, generator, validate, reading)
        data_read = [histories.items, histories.times, histories.start, histories.end]
        data_read += labels_read(reading, histories)
        if self._catalogue.described is not None:
            data_read += self._catalogue.described.arrays()
        if self._before is not None:
            data_read += self._before.state.arrays.values()
        checkpoint = checkpoint_path(run, name, self.config, data_read)
        fit(task, self._plan(), run, name, checkpoint)
        self._model.cpu()
        self._refresh()

    def encode_users(self, histories: Histories) -> Array:
        """float32 [B, d]."""
        with torch_threads(1):
            return self._encode(histories)

    def preferring(self, preference: Mapping[str, float]) -> Self:
        """The same network, asked with other weights of its `preferences`; item vectors are the same for all."""
        model, catalogue = self._fitted()
        settings = self.config.model_dump() | {"preference": dict(preference)}
        other = type(self)(type(self.config)(**settings))
        other._model, other._catalogue, other._events, other._vectors = model, catalogue, self._events, self._vectors
        return other

    def encode_items(self, items: ItemTable) -> Array:
        """float32 [N, d]: the learned vector; of an item without one that of its features, or the mean of all learned
        ones."""
        model, catalogue = self._fitted()
        return model.similarity.vectors(catalogue.with_new(self._vectors, model, items)).numpy()

    def state(self) -> State:
        model, catalogue = self._fitted()
        arrays = {key: value.numpy().copy() for key, value in model.state_dict().items()} | {"known": catalogue.known}
        if catalogue.features is not None:
            told = catalogue.features.state()
            arrays |= {f"{FEATURES}{key}": value for key, value in told.arrays.items()}
        return State(arrays, self._meta(catalogue))

    def _meta(self, catalogue: Catalogue) -> dict[str, Any]:
        meta = {field: getattr(self.config, field) for field in self.config.shape} | {"event_names": list(self._events)}
        if catalogue.features is not None:
            meta |= {f"{FEATURES}{key}": value for key, value in catalogue.features.state().meta.items()}
        return meta

    def restore(self, state: State, items: ItemTable) -> None:
        """Raises `ArtifactError` where the state is of another shape of network or of more items than `items`."""
        self._check_shape(state)
        arrays = {key: value for key, value in state.arrays.items() if not key.startswith(FEATURES)}
        known = np.asarray(arrays.pop("known", np.zeros(0)), np.int64)
        if known.max(initial=-1) >= len(items):
            raise ArtifactError(
                f"encoder {self.config.encoder} learned item code {known.max()}, but the item table has {len(items)} "
                "rows"
            )
        self._events = tuple(state.meta.get("event_names", ()))
        self._catalogue = Catalogue.of(known, items, _features(self.config, state))
        model = self._network(torch.Generator(), self._catalogue)
        try:
            model.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in arrays.items()})
        except RuntimeError as cause:
            raise ArtifactError(
                f"encoder {self.config.encoder}: the saved weights are incomplete; run again"
            ) from cause
        self._model = model.eval()
        self._refresh()

    def export(self, path: Path, form: str, items: ItemTable, k: int) -> dict[str, Any]:
        """One ONNX graph (`paretorec_plugins.sequence.onnx_model`): what the encoder answers, but for rounding."""
        from paretorec_plugins.sequence.onnx_model import write_onnx

        model, _ = self._fitted()
        return write_onnx(path, self.config, model, self._vectors, torch.from_numpy(self.encode_items(items)), k)

    def _check_shape(self, state: State) -> None:
        differing = []
        for field in self.config.shape:
            saved = state.meta.get(field, type(self.config).model_fields[field].default)
            saved = tuple(saved) if isinstance(saved, list) else saved
            mine = getattr(self.config, field)
            if saved != mine:
                differing.append(f"{field} = {saved}, the configuration has {mine}")
        if differing:
            raise ArtifactError(f"encoder {self.config.encoder} was fitted with {'; '.join(differing)}")

    def _fitted(self) -> tuple[Network, Catalogue]:
        if self._model is None or self._catalogue is None:
            raise ArtifactError(f"encoder {self.config.encoder} is not fitted; call fit or restore first")
        return self._model, self._catalogue

    def _measured(self, items: ItemTable, known: Array) -> ItemFeatures | None:
        if not self.config.has_features:
            return None
        return ItemFeatures.measure(self.config, items, known)

    def _network(self, generator: torch.Generator, catalogue: Catalogue) -> Network:
        return Network(
            len(catalogue.known),
            self.config,
            generator,
            causal=not self.config.masked,
            events=len(self._events) if self.config.events else 0,
            features=catalogue.learned,
        )

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
            clip_norm=config.clip_norm,
            ema=config.ema,
            accumulate=config.accumulate,
            autocast=config.autocast,
            compile=config.compile,
            memory_keys=(f"batch_tokens = {config.batch_tokens}", f"negatives = {config.negatives}"),
        )

    def _validation(self, data: FitData, run: RunContext) -> Validation:
        requests, limit = data.validation, self.config.validation_requests
        rows = np.arange(len(requests))
        if len(rows) > limit:
            rows = np.sort(run.rng(f"{self.config.encoder}/validation").choice(rows, limit, replace=False))
        requests = requests.take(rows)
        exclude = self.config.exclude_seen
        if exclude is None:
            exclude = repeats(data.histories) < REPEATS
        served = dict(zip(self.config.preferences, self.config.served_preference, strict=True))
        weights = served or self.config.event_weights
        wanted = [replace(event, history=True) for event in data.events if weights.get(event.name)]
        relevant = positive_targets(requests, tuple(wanted) if weights else data.events)
        return Validation(requests, data.validation_histories.take(rows), relevant, exclude)

    def _refresh(self) -> None:
        """Keep the vectors by which all items are served."""
        model, catalogue = self._fitted()
        self._vectors = catalogue.vectors(model)

    @torch.inference_mode()
    def _encode(self, histories: Histories) -> Array:
        model, catalogue = self._fitted()
        length = self.config.length
        device = model.tokens.weight.device
        vectors = self._vectors.to(device)
        look = cloze_window if self.config.masked else window
        codes = np.arange(catalogue.size + 1)
        reading = make_reading(self.config, self._events)
        asked, alike = _distinct(histories)
        out = np.zeros((len(asked), self.config.width), np.float32)
        widths = np.array(sorted({min(width, length + 1) for width in WIDTHS} | {length + 1}))
        bucket = np.searchsorted(widths, np.minimum(asked.length, length) + 1)
        for choice in np.unique(bucket):
            rows = np.flatnonzero(bucket == choice)
            size = WIDE_GROUP if widths[choice] >= WIDE else GROUP
            for start in range(0, len(rows), size):
                group = rows[start : start + size]
                padded = np.resize(group, size)
                seen = look(asked.take(padded), codes, length, int(widths[choice]), reading)
                hidden = model.at(seen.inputs(device), torch.from_numpy(seen.last).to(device), vectors)
                out[group] = model.similarity.vectors(hidden)[: len(group)].cpu().numpy()
        return out[alike]


def _distinct(histories: Histories) -> tuple[Histories, Array]:
    """(histories that differ in what is read of them, int64 [B]: which of these each one is): a request that is asked
    for alone comes with 31 repeats of it."""
    keys = np.stack([histories.start, histories.end, histories.now], axis=1)
    _, first, alike = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return histories.take(first), alike.ravel()


def _features(config: SequenceConfig, state: State) -> ItemFeatures | None:
    """As they were measured, by a state."""
    arrays = {key.removeprefix(FEATURES): value for key, value in state.arrays.items() if key.startswith(FEATURES)}
    meta = {key.removeprefix(FEATURES): value for key, value in state.meta.items() if key.startswith(FEATURES)}
    given = bool(meta.get("vectors"))
    if given != bool(config.item_vectors):
        fitted, now = ("with", "none") if given else ("without", repr(config.item_vectors))
        raise ArtifactError(f"encoder {config.encoder} was fitted {fitted} item_vectors, the configuration has {now}")
    return ItemFeatures.restored(config, State(arrays, meta)) if meta else None


class TransformerEncoder(SequenceEncoder):
    """Attention over the newest `length` items (`TransformerConfig`)."""


class GruEncoder(SequenceEncoder):
    """Gated recurrent units over them (`GruConfig`)."""


class CnnEncoder(SequenceEncoder):
    """Dilated causal convolutions over them (`CnnConfig`)."""
