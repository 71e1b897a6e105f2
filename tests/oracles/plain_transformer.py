"""The network from its weights alone: the default one operator by operator, which holds its bits, and all of them by
definition, which holds what they mean."""

import math

import numpy as np
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


class ByDefinition:
    """Any network, one history and one pair of tokens at a time, in float64."""

    def __init__(self, weights, fields, causal):
        """weights: a state dict of numpy arrays.  fields: `TransformerConfig` as a dict."""
        self.weights = {name: np.asarray(weight, np.float64) for name, weight in weights.items()}
        self.fields, self.causal = fields, causal
        self.size = fields["width"] // fields["heads"]

    def __call__(self, tokens, times, asked):
        """[S] each, without padding -> [S, d]."""
        fields = self.fields
        x = self.weights["tokens.weight"][tokens] * fields["width"] ** 0.5
        if fields["positions"] == "learned":
            x = x + self.weights["positions.weight"][: len(tokens)]
        for layer in range(fields["layers"]):
            name = f"blocks.{layer}"
            part = self.attention(self.norm(x, f"{name}.attention_norm"), f"{name}.attention", times, asked)
            x = x + self.gate(x, f"{name}.attention_gate") * part
            if fields["expansion"]:
                part = self.dense_part(self.norm(x, f"{name}.dense_norm"), f"{name}.dense")
                x = x + self.gate(x, f"{name}.dense_gate") * part
        return self.norm(x, "norm")

    def norm(self, x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return x * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def dense(self, x, name):
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def gate(self, x, name):
        return 1 / (1 + np.exp(-self.dense(x, name))) if self.fields["block"] == "ligr" else 1.0

    def dense_part(self, x, name):
        if self.fields["block"] == "gelu":
            hidden = self.dense(x, f"{name}.0")
            return self.dense(hidden / 2 * (1 + np.vectorize(math.erf)(hidden / 2**0.5)), f"{name}.2")
        gate, value = np.split(self.dense(x, f"{name}.inputs"), 2, axis=-1)
        return self.dense(silu(gate) * value, f"{name}.output")

    def attention(self, x, name, times, asked):
        pointwise = self.fields["attention"] == "pointwise"
        projected = self.dense(x, f"{name}.inputs")
        if pointwise:
            queries, gates, keys, values = np.split(silu(projected), 4, axis=-1)
        else:
            queries, keys, values = np.split(projected, 3, axis=-1)
        out = np.zeros_like(x)
        for i in range(len(x)):
            seen = range(i + 1) if self.causal else range(len(x))
            for head in range(self.fields["heads"]):
                part = slice(head * self.size, (head + 1) * self.size)
                score = np.array([self.product(queries[i, part], keys[j, part], i, j) for j in seen])
                score += [self.bias(name, head, i, j, int(asked[i]) - int(times[j])) for j in seen]
                share = silu(score) if pointwise else np.exp(score) / np.exp(score).sum()
                out[i, part] = share @ values[: len(seen), part]
        if pointwise:
            out = self.norm(out, f"{name}.norm") * gates
        return self.dense(out, f"{name}.output")

    def product(self, query, key, i, j):
        if self.fields["positions"] == "rotary":
            query, key = self.turned(query, i), self.turned(key, j)
        return query @ key / self.size**0.5

    def turned(self, vector, position):
        half = self.size // 2
        angle = position * 10_000.0 ** (-2 * np.arange(half) / self.size)
        turned = (vector[:half] + 1j * vector[half:]) * np.exp(1j * angle)
        return np.concatenate([turned.real, turned.imag])

    def bias(self, name, head, i, j, gap):
        total = 0.0
        if self.fields["positions"] == "relative":
            bucket = distance_bucket(abs(i - j)) + (48 if j > i else 0)
            total += self.weights[f"{name}.bias.distance.weight"][bucket, head]
        if self.fields["time_bias"]:
            bucket = gap_bucket(max(gap, 0)) if self.causal else gap_bucket(abs(gap)) + (64 if gap < 0 else 0)
            total += self.weights[f"{name}.bias.gap.weight"][bucket, head]
        return total


def distance_bucket(distance):
    """Each below 16; then an octave in four equal parts."""
    if distance < 16:
        return distance
    octave = distance.bit_length() - 5
    return min(16 + 4 * octave + (distance * 4 // 16 // 2**octave - 4), 47)


def gap_bucket(milliseconds):
    """Of seconds + 1, an octave in two equal parts."""
    seconds = milliseconds / 1000 + 1
    octave = math.floor(math.log2(seconds))
    return min(2 * octave + (seconds / 2**octave >= 1.5), 63)


def silu(x):
    return x / (1 + np.exp(-x))
