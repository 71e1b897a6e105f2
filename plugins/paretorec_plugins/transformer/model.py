"""The network: pre-norm causal Transformer (SASRec's idea, Kang and McAuley 2018, with a GPT-2 block)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from paretorec.training import SeededDropout
from paretorec_plugins.transformer.config import TransformerConfig

START = 0
"""Token before the first item: what a user without a history is represented by. Item i is token i + 1."""


class Attention(nn.Module):
    """Causal multi-head self-attention, [B, S, d] -> [B, S, d]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # [B, S, d] -> [B, heads, S, d / heads]

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self._split(part) for part in self.inputs(x).chunk(3, dim=-1))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def at(self, x: Tensor, position: Tensor) -> Tensor:
        """As `forward`, at one position of each row only. position: int64 [B]. Returns [B, 1, d]."""
        width = x.shape[-1]
        weight, bias = self.inputs.weight, self.inputs.bias
        rows = torch.arange(len(x), device=x.device)
        q = nn.functional.linear(x[rows, position][:, None], weight[:width], bias[:width])
        k, v = nn.functional.linear(x, weight[width:], bias[width:]).chunk(2, dim=-1)
        visible = torch.arange(x.shape[1], device=x.device) <= position[:, None]  # [B, S]
        mixed = nn.functional.scaled_dot_product_attention(
            self._split(q), self._split(k), self._split(v), attn_mask=visible[:, None, None]
        )
        return self.output(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Block(nn.Module):
    """x + attention(norm(x)), then x + dense(norm(x))."""

    def __init__(self, config: TransformerConfig, generator: torch.Generator) -> None:
        super().__init__()
        width, hidden = config.width, config.width * config.expansion
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, config.heads)
        self.dense_norm = nn.LayerNorm(width)
        self.dense = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = SeededDropout(config.dropout, generator)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x)))
        return x + self.dropout(self.dense(self.dense_norm(x)))  # type: ignore[no-any-return]

    def at(self, x: Tensor, position: Tensor) -> Tensor:
        """As `forward` without dropout, at one position of each row only. Returns [B, 1, d]."""
        rows = torch.arange(len(x), device=x.device)
        y = x[rows, position][:, None] + self.attention.at(self.attention_norm(x), position)
        return y + self.dense(self.dense_norm(y))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """Item vectors, positions, blocks. A history's representation and an item's vector meet in a dot product."""

    def __init__(self, items: int, config: TransformerConfig, generator: torch.Generator) -> None:
        """`generator` draws the first weights now and the dropout later."""
        super().__init__()
        width = config.width
        with torch.device("meta"):  # torch's own initialisation would draw from the global generator
            self.tokens = nn.Embedding(items + 1, width)
            self.positions = nn.Embedding(config.length + 1, width)
            self.blocks = nn.ModuleList(Block(config, generator) for _ in range(config.layers))
            self.norm = nn.LayerNorm(width)
        self.dropout = SeededDropout(config.dropout, generator)
        self.to_empty(device=generator.device)
        self._initialise(generator)

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator) -> None:
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_(0, 0.02, generator=generator)
            elif isinstance(module, nn.Linear):
                module.weight.normal_(0, module.in_features**-0.5, generator=generator)
                module.bias.zero_()
            elif isinstance(module, nn.LayerNorm):
                module.weight.fill_(1)
                module.bias.zero_()

    @property
    def item_vectors(self) -> Tensor:
        """[N, d]."""
        return self.tokens.weight[START + 1 :]

    def _embed(self, vectors: Tensor) -> Tensor:
        """Token vectors [B, S, d] -> the first block's input; scaled as in Vaswani et al. 2017."""
        scaled = vectors * math.sqrt(vectors.shape[-1]) + self.positions.weight[: vectors.shape[1]]
        return self.dropout(scaled)  # type: ignore[no-any-return]

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 [B, S], `START` first, padding on the right -> [B, S, d], each position from itself and the left."""
        x = self._embed(self.tokens(tokens))
        for block in self.blocks:
            x = block(x)
        return self.norm(x)  # type: ignore[no-any-return]

    def at(self, vectors: Tensor, position: Tensor) -> Tensor:
        """Token vectors [B, S, d], position int64 [B] -> [B, d]; the last block works on that position alone."""
        x = self._embed(vectors)
        for block in self.blocks[:-1]:
            x = block(x)
        return self.norm(self.blocks[-1].at(x, position))[:, 0]  # type: ignore[no-any-return, operator]
