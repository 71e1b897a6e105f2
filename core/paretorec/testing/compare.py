"""Whether two values are the same to the bit, and whether one has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

from paretorec.contracts import Array


def fingerprint(value: Any) -> str:
    """Of arrays, tables, dataclasses, mappings and sequences of them: equal for what is equal to the bit."""
    out = hashlib.sha256()
    for part in _parts(value):
        out.update(part)
    return out.hexdigest()


def _parts(value: Any) -> Iterable[bytes]:
    yield type(value).__name__.encode()
    if isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}".encode()
        yield repr(value.tolist()).encode() if value.dtype == object else np.ascontiguousarray(value).tobytes()
    elif isinstance(value, pd.DataFrame):
        for name in value.columns:
            yield repr(name).encode()
            yield from _parts(value[name].to_numpy())
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield field.name.encode()
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key in value:
            yield repr(key).encode()
            yield from _parts(value[key])
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _parts(member)
    elif callable(value):
        yield b"callable"
    else:
        yield repr(value).encode()


def differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """The names under which `a` and `b` do not hold the same."""
    return [name for name in dict.fromkeys([*a, *b]) if fingerprint(a.get(name)) != fingerprint(b.get(name))]


def not_finite(answers: Mapping[str, Array]) -> list[str]:
    """The names of arrays of numbers with NaN or an infinity in them."""
    return [name for name, values in answers.items() if values.dtype.kind == "f" and not np.isfinite(values).all()]
