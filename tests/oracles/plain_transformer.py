"""The default network from its weights alone, operator by operator: what a refactoring must not change by a bit."""

import torch
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention


def forward(weights, tokens, layers, heads):
    """weights: a state dict.  tokens: int64 [B, S].  Returns [B, S, d], without dropout."""

    def norm(x, name):
        return layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"])

    def dense(x, name):
        return linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def by_head(x):
        return x.view(*x.shape[:2], heads, -1).transpose(1, 2)

    x = weights["tokens.weight"][tokens]
    x = x * x.shape[-1] ** 0.5 + weights["positions.weight"][: tokens.shape[1]]
    for layer in range(layers):
        name = f"blocks.{layer}"
        q, k, v = map(by_head, dense(norm(x, f"{name}.attention_norm"), f"{name}.attention.inputs").chunk(3, -1))
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + dense(mixed, f"{name}.attention.output")
        x = x + dense(gelu(dense(norm(x, f"{name}.dense_norm"), f"{name}.dense.0")), f"{name}.dense.2")
    return norm(x, "norm")


def first_weights(items, width, length, layers, expansion, generator):
    """All first weights by name, drawn in the order of the network's parts."""

    def normal(rows, columns, deviation):
        return torch.empty(rows, columns).normal_(0, deviation, generator=generator)

    drawn = {"tokens.weight": normal(items + 1, width, 0.02), "positions.weight": normal(length + 1, width, 0.02)}
    for layer in range(layers):
        for name, rows, columns in (
            ("attention.inputs", 3 * width, width),
            ("attention.output", width, width),
            ("dense.0", expansion * width, width),
            ("dense.2", width, expansion * width),
        ):
            drawn[f"blocks.{layer}.{name}.weight"] = normal(rows, columns, columns**-0.5)
    return drawn
