"""The encoder with its catalogue as one ONNX graph: history in, the best items out."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paretorec.errors import ConfigError, MissingDependency
from paretorec_plugins.sequence.config import SequenceConfig
from paretorec_plugins.sequence.families import GruConfig
from paretorec_plugins.sequence.inputs import START, Inputs
from paretorec_plugins.sequence.network import Network

HISTORY, ITEMS, SCORES = "history", "items", "scores"
"""Names of the graph's input and outputs."""


class Serving(nn.Module):
    """What `SequenceEncoder` does between a history's item codes and its best items."""

    vectors: Tensor
    catalogue: Tensor
    preference: Tensor | None

    def __init__(
        self, model: Network, vectors: Tensor, catalogue: Tensor, preference: tuple[float, ...], k: int
    ) -> None:
        """vectors: float32 [T, d] by token, the last one for every item without one.  catalogue: float32 [N, d].
        preference: what events count, where the network is told."""
        super().__init__()
        self.model, self.k, self.length = model, k, model.config.length
        self.register_buffer("vectors", vectors)
        self.register_buffer("catalogue", catalogue)
        self.register_buffer("preference", torch.tensor([preference]) if preference else None)

    def forward(self, history: Tensor) -> tuple[Tensor, Tensor]:
        """int64 [B, L], oldest first, -1 = no item, wherever it stands -> (int64 [B, k], float32 [B, k])."""
        real = history >= 0
        count = real.sum(1)
        size = count.clamp(max=self.length)
        width = history.shape[1]
        place = real.long().cumsum(1) - 1 - (count - size)[:, None]  # older ones than the newest `length`: below 0
        column = torch.where(real & (place >= 0), place, width)
        token = (history + 1).clamp(max=self.vectors.shape[0] - 1)
        tokens = torch.full_like(history[:, :1], START).expand(-1, width + 1).scatter(1, column, token)
        tokens = tokens[:, : torch.sym_min(width, self.length)]  # type: ignore[no-untyped-call]
        hidden = torch.full_like(tokens[:, :1], START)
        causal = self.model.causal
        tokens = torch.cat([hidden, tokens] if causal else [tokens, hidden], dim=1)
        read = Inputs(tokens, preference=self.preference, lengths=None if causal else size + 1)
        vector = self.model.at(read, size, self.vectors)
        scores, items = (self.model.similarity.vectors(vector) @ self.catalogue.T).topk(self.k, dim=1)
        return items, scores


def write_onnx(
    path: Path, config: SequenceConfig, model: Network, vectors: Tensor, catalogue: Tensor, k: int
) -> dict[str, Any]:
    """Write the graph; returns what its user must know of inputs and outputs.

    Raises `ConfigError` for a `gru`, and where the configuration wants to know more of a history than its items, and
    `MissingDependency` without onnx and onnxscript (extra ``export``).
    """
    wanted = [field for field in ("time_bias", "time_features", "events") if getattr(config, field, False)]
    if wanted:
        raise ConfigError(
            f"encoder {config.encoder}: {wanted[0]} = true cannot be exported, since a file's input is item codes "
            f"alone; fit one with {wanted[0]} = false"
        )
    if isinstance(config, GruConfig):
        raise ConfigError(
            "encoder gru cannot be exported, since torch's exporter writes its steps out for histories of one length "
            "alone; export a transformer or a cnn"
        )
    try:
        import onnxscript  # noqa: F401 - torch's exporter needs it
    except ImportError as error:
        raise MissingDependency("exporting to ONNX needs onnx: pip install 'paretorec[export]'") from error
    serving = Serving(model, vectors, catalogue, config.served_preference, k).eval()
    anything = torch.export.Dim.DYNAMIC
    example = torch.tensor([[0, -1, 0], [0, 0, 0]])  # two and three: export takes 0 and 1 for constants
    with torch.inference_mode(False), torch.no_grad(), _quiet():
        program = torch.export.export(serving, (example,), dynamic_shapes={HISTORY: {0: anything, 1: anything}})
        torch.onnx.export(
            program,
            (),
            path,
            input_names=[HISTORY],
            output_names=[ITEMS, SCORES],
            external_data=False,
            verbose=False,
        )
    return {
        "inputs": {HISTORY: "int64 [batch, length]: item codes, oldest first; -1 = no item, in every place"},
        "outputs": {
            ITEMS: f"int64 [batch, {k}]: codes of the best items, the best first",
            SCORES: f"float32 [batch, {k}]",
        },
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on libraries that nothing here uses."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
