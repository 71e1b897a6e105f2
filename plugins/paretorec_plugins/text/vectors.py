"""Texts to vectors: those that are kept from earlier, and the rest by the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from paretorec.artifact import digest
from paretorec.contracts import Array, RunContext
from paretorec.errors import DataError
from paretorec_plugins.text.cache import VectorCache, cache_folder, text_key
from paretorec_plugins.text.config import TextConfig
from paretorec_plugins.text.folder import ModelFolder, find_model

CHUNK = 8192
"""Texts between two times that new vectors are kept, and a stop is looked for."""
FORMAT = 1
"""Raised when the same text and model give other vectors than before."""


class Model(Protocol):
    """Any model of texts."""

    def embed(self, texts: Sequence[str], advance: Callable[[int], None]) -> Array:
        """float32 [n, V]."""


class TextVectors:
    """What a configured model makes of texts. The model is loaded when a text is not in the cache."""

    def __init__(self, config: TextConfig) -> None:
        self._config = config

    @cached_property
    def _folder(self) -> ModelFolder:
        return find_model(self._config.model, self._config.online)

    @cached_property
    def identity(self) -> str:
        """Hash of the model and of how it pools; vectors of one identity can be compared."""
        return digest([FORMAT, self._folder.digest(), self._config.pooling])

    def of(self, texts: Array, run: RunContext) -> Array:
        """float32 [n, V], a row of NaN for an empty text; texts: object [n] of str, one of them not empty.

        Equal texts are read once. Raises `ConfigError` for a model that cannot be used, `DataError` where it gives
        numbers that are not finite.
        """
        cut = [text.strip()[: self._config.max_characters] for text in texts]
        distinct = [text for text in dict.fromkeys(cut) if text]
        vectors = self._distinct(distinct, run)
        place = {text: row for row, text in enumerate(distinct)}
        rows = np.array([place.get(text, len(distinct)) for text in cut], np.int64)
        none = np.full((1, vectors.shape[1]), np.nan, np.float32)
        return np.concatenate([vectors, none])[rows]

    def _distinct(self, texts: list[str], run: RunContext) -> Array:
        """float32 [n, V]."""
        folder = cache_folder(self._config.cache)
        cache = None if folder is None else VectorCache(folder / self.identity)
        keys = [text_key(text) for text in texts]
        found, at = (np.zeros((0, 0), np.float32), np.zeros(0, np.int64)) if cache is None else cache.find(keys)
        parts, places = [found] if len(found) else [], [at]
        if len(at) < len(texts):
            new = np.setdiff1d(np.arange(len(texts)), at)
            for some, vectors in self._read(texts, keys, new, cache, run):
                parts.append(vectors)
                places.append(some)
        out = np.empty((len(texts), parts[-1].shape[1]), np.float32)
        out[np.concatenate(places)] = np.concatenate(parts)
        return out

    def _read(
        self, texts: list[str], keys: list[bytes], new: Array, cache: VectorCache | None, run: RunContext
    ) -> Iterator[tuple[Array, Array]]:
        """(which texts, their vectors) in chunks of those numbered `new`: ascending by length, so that a chunk's have
        about as many tokens, and the same ones share a batch whatever their order was."""
        model = self._loaded(run)
        new = np.array(sorted(new, key=lambda number: (len(texts[number]), texts[number])), np.int64)
        with run.progress.bar(f"texts through {self._config.model}", len(new)) as bar:
            for start in range(0, len(new), CHUNK):
                run.check_stop()
                some = new[start : start + CHUNK]
                vectors = model.embed([texts[number] for number in some], bar.advance)
                self._require_finite(vectors)
                if cache is not None:
                    cache.add([keys[number] for number in some], vectors)
                yield some, vectors

    def _loaded(self, run: RunContext) -> Model:
        config, folder = self._config, self._folder
        if folder.packaged:
            from paretorec_plugins.text.sentence import SentenceEncoder

            return SentenceEncoder(run.threads)
        from paretorec_plugins.text.language_model import LanguageModel

        return LanguageModel(folder.path, config.pooling, config.batch_tokens, run.device, run.threads)

    def _require_finite(self, vectors: Array) -> None:
        wrong = int((~np.isfinite(vectors)).any(1).sum())
        if wrong:
            raise DataError(
                f"encoder text: model {self._config.model} gives numbers that are not finite for {wrong} texts; use "
                "another model"
            )
