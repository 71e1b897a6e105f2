"""Vectors of texts by a plain loop over Hugging Face's transformers: one text at a time, no batches, nothing kept."""

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer


def vectors(folder, texts, pooling, limit, part=lambda model: model):
    """[n, d]; pooling: [S, d] -> [d]; part: of the network, such as the encoder of an encoder with a decoder."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = part(AutoModel.from_pretrained(folder, local_files_only=True).eval())
    out = []
    for text in texts:
        tokens = tokenizer(text, truncation=True, max_length=limit, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            out.append(pooling(model(input_ids=tokens).last_hidden_state[0]).numpy())
    return np.stack(out)


def mean(hidden):
    return hidden.mean(0)


def first(hidden):
    return hidden[0]


def last(hidden):
    return hidden[-1]


def weighted_mean(hidden):
    total = torch.zeros(hidden.shape[1])
    for place, token in enumerate(hidden, start=1):
        total += place * token
    return total / sum(range(1, len(hidden) + 1))


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
