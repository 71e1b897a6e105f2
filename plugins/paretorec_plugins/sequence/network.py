"""The network: vectors of what happened, blocks over them, a norm; what comes out meets the items' vectors."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from paretorec.training import SeededDropout, Similarity
from paretorec_plugins.sequence.blocks import Block
from paretorec_plugins.sequence.config import SequenceConfig
from paretorec_plugins.sequence.convolution import ConvolutionBlock
from paretorec_plugins.sequence.embedding import (
    EventVectors,
    FeatureTable,
    PreferenceVectors,
    TimeVectors,
    TokenTable,
)
from paretorec_plugins.sequence.families import CnnConfig, GruConfig, TransformerConfig
from paretorec_plugins.sequence.features import Described
from paretorec_plugins.sequence.inputs import START, Inputs
from paretorec_plugins.sequence.positions import Pairs, pairs
from paretorec_plugins.sequence.recurrence import GruBlock

COSINE_TEMPERATURE = 0.05
"""Cosines differ by too little to be logits as they are."""


def blocks_of(config: SequenceConfig, generator: torch.Generator, causal: bool) -> list[nn.Module]:
    """The family's: attention as SASRec stacks it (Kang and McAuley 2018), GRU4Rec's units (Hidasi et al. 2016), or
    NextItNet's convolutions (Yuan et al. 2019)."""
    match config:
        case TransformerConfig():
            return [Block(config, generator, causal) for _ in range(config.layers)]
        case GruConfig():
            return [GruBlock(config, generator) for _ in range(config.layers)]
        case CnnConfig():
            return [ConvolutionBlock(config, generator, dilation) for dilation in config.dilations]
    raise TypeError(f"{type(config).__name__} is no family of networks")


class Network(nn.Module):
    """Item vectors, positions, blocks. A history's representation and an item's vector meet in
    `similarity`."""

    def __init__(
        self,
        items: int,
        config: SequenceConfig,
        generator: torch.Generator,
        causal: bool = True,
        events: int = 0,
        features: Described | None = None,
    ) -> None:
        """`generator` draws the first weights now and the dropout later.

        causal: a position sees itself and what stands before it; False: it sees all of its row but padding.
        events: how many `Inputs.events` tell of.  features: of the items, where they count beside own vectors.
        """
        super().__init__()
        self.config, self.causal = config, causal
        width = config.width
        learned = isinstance(config, TransformerConfig) and config.positions == "learned"
        with torch.device("meta"):  # torch's own initialisation would draw from the global generator
            self.tokens = TokenTable(items, config, generator, features)
            # Counted from the oldest token, so that a position says how many tokens it sees, when learning as when
            # asked; counted from the newest, it would say in training how many are still to come.
            self.positions = nn.Embedding(config.length + 1, width) if learned else None
            self.blocks = nn.ModuleList(blocks_of(config, generator, causal))
            self.norm = nn.LayerNorm(width)
            self.events = EventVectors(events, width) if events else None
            self.clock = TimeVectors(width) if config.time_features else None
            self.wishes = PreferenceVectors(len(config.preferences), width) if config.preferences else None
        self.dropout = SeededDropout(config.dropout, generator)
        self.to_empty(device=generator.device)
        self._initialise(generator, features)
        default = 1.0 if config.similarity == "dot" else COSINE_TEMPERATURE
        self.similarity = Similarity(config.similarity, config.temperature or default, config.learn_temperature)
        self.similarity.to(generator.device)

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator, features: Described | None) -> None:
        for module in self.modules():
            if isinstance(module, FeatureTable):
                module.weight.normal_(0, module.embedding_dim**-0.5, generator=generator)
            elif isinstance(module, nn.Embedding):
                module.weight.normal_(0, 0.02, generator=generator)
            elif isinstance(module, nn.Linear):
                module.weight.normal_(0, module.in_features**-0.5, generator=generator)
                module.bias.zero_()
            elif isinstance(module, nn.GRU):
                for weight in module.parameters():
                    weight.uniform_(-(module.hidden_size**-0.5), module.hidden_size**-0.5, generator=generator)
            elif isinstance(module, nn.LayerNorm):
                module.weight.fill_(1)
                module.bias.zero_()
        if features is not None and self.tokens.features is not None and self.tokens.features.dense is not None:
            self.tokens.features.dense.project(features.dense)

    def table(self) -> Tensor:
        """[1 + N, d]: vectors by token, of `START` and of all learned items."""
        return self.tokens.table()

    @property
    def item_vectors(self) -> Tensor:
        """[N, d]."""
        return self.table()[START + 1 :]

    def _embed(self, inputs: Inputs, table: Tensor | None) -> Tensor:
        """The first block's input [B, S, d]: token vectors, scaled as in Vaswani et al. 2017, and positions."""
        vectors = nn.functional.embedding(inputs.tokens, self.table() if table is None else table)
        x = vectors * math.sqrt(vectors.shape[-1])
        if self.positions is not None:
            x = x + self.positions.weight[: vectors.shape[1]]
        if self.events is not None and inputs.events is not None:
            x = x + self.events(inputs.events)
        if self.clock is not None:
            x = x + self.clock(inputs)
        if self.wishes is not None:
            if inputs.preference is None:
                raise ValueError("preferences need Inputs.preference")
            x = x + self.wishes(inputs.preference)
        return self.dropout(x)  # type: ignore[no-any-return]

    def forward(self, inputs: Inputs, table: Tensor | None = None) -> Tensor:
        """[B, S, d], each position from those that it sees.

        table: float [T, d], vectors by token in place of the learned ones, such as those of new items.
        """
        x, between = self._embed(inputs, table), self._pairs(inputs)
        for block in self.blocks:
            x = block(x, between)
        return self.norm(x)  # type: ignore[no-any-return]

    def at(self, inputs: Inputs, position: Tensor, table: Tensor | None = None) -> Tensor:
        """As `forward` at one position of each row, int64 [B] -> [B, d]; the last block works on that one alone."""
        x = self._embed(inputs, table)
        if len(self.blocks) > 1:
            between = self._pairs(inputs)
            for block in self.blocks[:-1]:
                x = block(x, between)
        x = self.blocks[-1](x, self._pairs(inputs, position), position)
        return self.norm(x)[:, 0]  # type: ignore[no-any-return]

    def _pairs(self, inputs: Inputs, position: Tensor | None = None) -> Pairs | None:
        """What attention needs to know; None: other blocks."""
        config = self.config
        return pairs(inputs, config, self.causal, position) if isinstance(config, TransformerConfig) else None
