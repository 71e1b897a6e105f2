"""A language model of Hugging Face's transformers, from a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
from transformers.utils import logging as _logging

from paretorec.contracts import Array
from paretorec.errors import ConfigError
from paretorec.training import torch_threads
from paretorec_plugins.text.config import Pooling
from paretorec_plugins.text.pooling import Recipe, pool, read_recipe

logging: Any = _logging  # not all of it is typed

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model")
"""Files of which a tokenizer has one."""
UNUSED = "pooler"
"""Part of a network that no pooling reads; checkpoints of bare encoders lack its weights."""
POOLINGS = {"mean": "mean", "cls": "cls", "last": "lasttoken"}
FEW = 512
"""Tokens of a text that count where neither the folder nor the network sets a limit."""


class LanguageModel:
    """Texts to vectors.

    Texts of one length in tokens share a batch, so that nothing is padded and nothing has to be masked. Decoders are
    run as encoders are, without their head; of an encoder with a decoder (T5) the encoder alone.
    """

    def __init__(self, folder: Path, pooling: Pooling, batch_tokens: int, device: str, threads: int) -> None:
        """Raises `ConfigError` for a folder without tokenizer, or that cannot be read as a model."""
        recipe = read_recipe(folder)
        network = folder if recipe is None else recipe.network
        _require(network)
        with _quiet(), _readable(folder):
            config = AutoConfig.from_pretrained(network, local_files_only=True)
            self._tokenizer = AutoTokenizer.from_pretrained(network, local_files_only=True)
            model, told = AutoModel.from_pretrained(network, local_files_only=True, output_loading_info=True)
        absent = sorted(name for name in told["missing_keys"] if UNUSED not in name)
        if absent:
            raise ConfigError(
                f"{folder} lacks weights of its {config.model_type} network ({absent[0]} and {len(absent) - 1} more), "
                "which would be random; copy the model's folder anew"
            )
        self._limit = _limit(self._tokenizer, config, model, recipe)
        self._lower = recipe is not None and recipe.lower
        self._poolings, self._after = _ways(pooling, config, recipe)
        network_alone = model.get_encoder() if config.is_encoder_decoder else model
        self._model = network_alone.float().eval().requires_grad_(False).to(device)
        self._device, self._threads, self._batch_tokens = device, threads, batch_tokens

    def embed(self, texts: Sequence[str], advance: Callable[[int], None]) -> Array:
        """float32 [n, V]; advance: told how many more texts are done."""
        read = [text.lower() for text in texts] if self._lower else list(texts)
        tokens = self._tokenizer(read, truncation=True, max_length=self._limit)["input_ids"]
        length = np.array([len(one) for one in tokens])
        out: list[Array] = [np.zeros(0, np.float32)] * len(texts)
        with torch_threads(self._threads), torch.inference_mode():
            for size in np.unique(length):
                rows = np.flatnonzero(length == size)
                most = max(1, self._batch_tokens // int(size))
                for start in range(0, len(rows), most):
                    some = rows[start : start + most]
                    vectors = self._vectors(torch.tensor([tokens[row] for row in some], device=self._device))
                    for row, vector in zip(some, vectors, strict=True):
                        out[row] = vector
                    advance(len(some))
        return np.stack(out)

    def _vectors(self, tokens: torch.Tensor) -> Array:
        """int64 [B, S] -> float32 [B, V]."""
        hidden = self._model(input_ids=tokens, attention_mask=torch.ones_like(tokens)).last_hidden_state
        vectors = pool(hidden, self._poolings).cpu()
        for step in self._after:
            vectors = step(vectors)
        return vectors.numpy()


def is_decoder(config: Any) -> bool:
    """Whether a network reads from left to right alone, such as GPT, so that its last token knows the whole text."""
    if config.is_encoder_decoder or config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        return bool(getattr(config, "is_decoder", False))
    return config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


def _ways(pooling: Pooling, config: Any, recipe: Recipe | None) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """(poolings, what comes after them): the configuration's word goes before the folder's."""
    after = () if recipe is None else recipe.after
    if pooling != "auto":
        return (POOLINGS[pooling],), after
    if recipe is not None:
        return recipe.poolings, after
    return ("lasttoken" if is_decoder(config) else "mean",), after


def _limit(tokenizer: Any, config: Any, model: Any, recipe: Recipe | None) -> int:
    """Tokens of a text that count, special ones included."""
    limits = [] if recipe is None or recipe.max_tokens is None else [recipe.max_tokens]
    places = getattr(config, "max_position_embeddings", None)
    if places is not None and places > 0:
        table = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
        padding = getattr(table, "padding_idx", None)  # RoBERTa and its kin count places from behind it
        limits.append(places if padding is None else places - padding - 1)
    if tokenizer.model_max_length < 1 << 20:  # else nobody said
        limits.append(tokenizer.model_max_length)
    return int(min(limits, default=FEW))


def _require(network: Path) -> None:
    if not (network / "config.json").is_file():
        raise ConfigError(f"{network} is no model's folder: it has no config.json")
    if not any((network / name).is_file() for name in TOKENIZERS):
        raise ConfigError(
            f"{network} has no tokenizer ({', '.join(TOKENIZERS)}); copy the model's tokenizer files into it"
        )


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # of many kinds, by what is wrong in which library
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ConfigError(f"{folder} cannot be read as a model of transformers: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """The library's own bars and warnings, such as of heads that are not used, stay away."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
