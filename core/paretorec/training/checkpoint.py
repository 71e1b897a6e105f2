"""A training run on disk: tensors and JSON in one safetensors file that is replaced as a whole."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from paretorec.contracts import Array, ComponentConfig, RunContext
from paretorec.errors import ArtifactError


def checkpoint_path(run: RunContext, name: str, config: ComponentConfig, data: Iterable[Array]) -> Path | None:
    """Where a training keeps its checkpoint; None where the run has no folder.

    The name tells configuration, seed and data apart, so that no other training goes on from the file.
    """
    if run.folder is None:
        return None
    digest = hashlib.blake2b(config.model_dump_json().encode(), digest_size=8)
    digest.update(f"{run.seed} {run.device}".encode())
    for array in data:
        digest.update(np.ascontiguousarray(array).tobytes())
    return run.folder / f"{name}-{digest.hexdigest()}.safetensors"


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Write atomically; `meta` holds JSON values. The folder is made if it is missing."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".partial")
    os.close(handle)
    try:
        contiguous = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
        save_file(contiguous, name, metadata={"training": json.dumps(meta)})
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """(tensors on the CPU, meta), or None where there is no file.

    Raises `ArtifactError` when the file cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            meta = json.loads(file.metadata()["training"])
            return {key: file.get_tensor(key) for key in file.keys()}, meta  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as cause:
        raise ArtifactError(
            f"{path} is not a readable training checkpoint; delete it to train from the start"
        ) from cause


def differing_weights(saved: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """What keeps `saved` from being a model's weights, such as ``tokens.weight is [11, 8], not [11, 16]``; else empty.

    Names at most three of the tensors that differ.
    """
    out = []
    for name in sorted({*saved, *wanted}):
        if name not in wanted:
            out.append(f"{name} is one too many")
        elif name not in saved:
            out.append(f"{name} is missing")
        elif saved[name].shape != wanted[name].shape:
            out.append(f"{name} is {list(saved[name].shape)}, not {list(wanted[name].shape)}")
    return ", ".join([*out[:3], *(["..."] if len(out) > 3 else [])])
