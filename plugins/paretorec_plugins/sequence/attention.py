"""Self-attention over a history: of a softmax, or pointwise."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import linear, scaled_dot_product_attention, silu

from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.positions import PairBias, Pairs
from paretorec_plugins.sequence.rows import by_row, pick


class _Attention(nn.Module):
    """Projections and heads."""

    def __init__(self, config: TransformerConfig, causal: bool, asking: int) -> None:
        """asking: vectors that only the asking position needs, beside key and value that every seen one has."""
        super().__init__()
        width = config.width
        self.heads = config.heads
        self._split = asking * width
        self.inputs = nn.Linear(width, self._split + 2 * width)
        self.output = nn.Linear(width, width)
        self.bias = PairBias(config, causal)

    def _project(self, x: Tensor, position: Tensor | None) -> tuple[Tensor, Tensor]:
        """[B, Q, asking x d] of all positions or of one, and keys and values [B, S, 2 d] of all."""
        if position is None:
            asking, seen = self.inputs(x).split([self._split, 2 * x.shape[-1]], dim=-1)
            return asking, seen
        weight, bias = self.inputs.weight, self.inputs.bias
        asking = linear(pick(x, position), weight[: self._split], bias[: self._split])
        return asking, linear(x, weight[self._split :], bias[self._split :])

    def _by_head(self, queries: Tensor, seen: Tensor, between: Pairs) -> tuple[Tensor, Tensor, Tensor]:
        """[B, Q, d], [B, S, 2 d] -> queries, keys and values [B, heads, P, d / heads], turned where positions turn."""
        q, k, v = (x.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for x in (queries, *seen.chunk(2, dim=-1)))
        if between.asking is not None and between.seen is not None:
            q, k = between.asking(q), between.seen(k)
        return q, k, v


def _scores(q: Tensor, k: Tensor, bias: Tensor | None) -> Tensor:
    """[B, heads, Q, S]."""
    scores: Tensor = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    return scores if bias is None else scores.add_(bias)


class SoftmaxAttention(_Attention):
    """Multi-head attention (Vaswani et al. 2017)."""

    def __init__(self, config: TransformerConfig, causal: bool) -> None:
        super().__init__(config, causal, asking=1)

    def forward(self, x: Tensor, between: Pairs, position: Tensor | None = None) -> Tensor:
        """[B, S, d] -> [B, S, d]; with `position`, int64 [B], at that position of each row alone -> [B, 1, d]."""
        q, k, v = self._by_head(*self._project(x, position), between)
        bias = self.bias(between)
        if bias is not None:  # no kernel has a gradient for it on a CPU, and torch's way round takes longer
            mixed = _scores(q, k, bias).softmax(-1) @ v
        else:
            mask = None if between.triangular else between.visible
            mixed = scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=between.triangular)
        return self.output(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class PointwiseAttention(_Attention):
    """HSTU's attention (Zhai et al. 2024): a pair's weight is silu(score), not a share of one, and what is gathered
    is normalised and gated by the asking position.

    The paper divides the weights by the longest length, which the norm undoes; here scores are divided by the root
    of a head's width as in a softmax, so that first ones are of the order of one.
    """

    def __init__(self, config: TransformerConfig, causal: bool) -> None:
        super().__init__(config, causal, asking=2)
        self.norm = nn.LayerNorm(config.width)

    def forward(self, x: Tensor, between: Pairs, position: Tensor | None = None) -> Tensor:
        """As `SoftmaxAttention.forward`."""
        asking, seen = (by_row(silu, part) for part in self._project(x, position))
        queries, gate = asking.chunk(2, dim=-1)
        q, k, v = self._by_head(queries, seen, between)
        bias = self.bias(between)
        weights = by_row(silu, _scores(q, k, bias))
        if bias is None:
            weights = weights.masked_fill(~between.visible, 0)
        mixed = weights @ v
        return self.output(self.norm(mixed.transpose(1, 2).flatten(2)) * gate)  # type: ignore[no-any-return]


ATTENTION = {"softmax": SoftmaxAttention, "pointwise": PointwiseAttention}
"""By `TransformerConfig.attention`."""
