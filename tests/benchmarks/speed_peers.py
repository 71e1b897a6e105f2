"""What transformer_speed.py compares with: a plain PyTorch loop, and RecTools in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

CHUNK = 4096
"""Rows of logits at a time."""
BATCH = 128
"""Histories in a batch of RecTools; the plain loop's batches have as many tokens."""


class PlainModel(nn.Module):
    """Item and position vectors, torch's own encoder layers, pre-norm; scores against the item vectors."""

    def __init__(self, items: int, width: int, length: int, blocks: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.items = nn.Embedding(items + 1, width)  # 0: start and padding
        self.positions = nn.Embedding(length + 1, width)
        self.dropout = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, blocks, norm=nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 [B, S] -> float32 [B, S, d]."""
        x = self.dropout(self.items(tokens) + self.positions.weight[: tokens.shape[1]])
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        return self.encoder(x, mask=mask, is_causal=True)  # type: ignore[no-any-return]


class PlainLoop:
    """The loop that one writes first: batches of similar length, cross-entropy in chunks, Adam."""

    def __init__(self, histories: list[Any], items: int, settings: dict[str, Any], tokens: int) -> None:
        """histories: int64 arrays of items, the newest length + 1.  tokens: padded ones in a batch."""
        torch.manual_seed(settings["seed"])
        self.model = PlainModel(
            items, settings["width"], settings["length"], settings["blocks"], settings["heads"], settings["dropout"]
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), settings["learning_rate"])
        ordered = sorted(histories, key=len)
        self.batches: list[list[Any]] = [[]]
        for history in ordered:
            if (len(self.batches[-1]) + 1) * len(history) > tokens:
                self.batches.append([])
            self.batches[-1].append(history)

    def step(self, batch: list[Any]) -> int:
        """Learn from one batch; returns its targets."""
        longest = max(map(len, batch))
        target = torch.zeros(len(batch), longest, dtype=torch.int64)
        for row, history in enumerate(batch):
            target[row, : len(history)] = torch.from_numpy(history) + 1
        tokens = torch.zeros_like(target)
        tokens[:, 1:] = target[:, :-1]
        real = target > 0
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        queries, wanted = self.model(tokens)[real], target[real] - 1
        vectors = self.model.items.weight[1:]
        loss = torch.zeros(())
        for start in range(0, len(wanted), CHUNK):
            part = slice(start, start + CHUNK)
            loss = loss + cross_entropy(queries[part] @ vectors.T, wanted[part], reduction="sum")
        (loss / len(wanted)).backward()
        self.optimizer.step()
        return len(wanted)


class RecTools:
    """rectools_steps.py in another Python, which waits while it is not asked for steps."""

    def __init__(self, python: str, file: Path, settings: dict[str, Any]) -> None:
        script = Path(__file__).with_name("rectools_steps.py")
        command = [python, str(script), str(file), json.dumps(settings | {"batch": BATCH})]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def steps(self, count: int) -> dict[str, Any]:
        """Tokens and seconds of so many steps."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended; run it by hand to see why")
        return json.loads(line)  # type: ignore[no-any-return]

    def close(self) -> None:
        self.process.communicate("\n")


def newest(items: Any, start: Any, end: Any, length: int) -> list[Any]:
    """Each history's newest `length` + 1 items, int64; histories without any are left out."""
    return [
        np.asarray(items[max(first, last - length - 1) : last], np.int64)
        for first, last in zip(start, end, strict=True)
        if last > first
    ]
