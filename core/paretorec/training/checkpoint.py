"""A training run on disk: tensors and JSON in one safetensors file that is replaced as a whole."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from paretorec.errors import ArtifactError


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
