"""From the vectors of a text's tokens to one: poolings, and what sentence-transformers folders say comes after them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from paretorec.errors import ConfigError


def weighted_mean(hidden: Tensor) -> Tensor:
    """Token t weighs t, from 1 on (SGPT, Muennighoff 2022)."""
    weights = torch.arange(1, hidden.shape[1] + 1, dtype=hidden.dtype, device=hidden.device)
    return torch.einsum("bsd,s->bd", hidden, weights / weights.sum())


MODULES = "modules.json"
POOLINGS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda hidden: hidden.mean(1),
    "cls": lambda hidden: hidden[:, 0],
    "lasttoken": lambda hidden: hidden[:, -1],
    "max": lambda hidden: hidden.amax(1),
    "mean_sqrt_len_tokens": lambda hidden: hidden.sum(1) / hidden.shape[1] ** 0.5,
    "weightedmean": weighted_mean,
}
"""sentence-transformers' name -> [B, S, d] without padding -> [B, d]."""
OLD = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Older folders have a key for each pooling; of several the vectors come one after the other, in this order."""
DEFAULT: tuple[str, ...] = ("mean",)
"""Where a folder names none."""
ACTIVATIONS = {"Identity": nn.Identity, "Tanh": nn.Tanh, "ReLU": nn.ReLU, "GELU": nn.GELU}


@dataclass(frozen=True)
class Recipe:
    """What a sentence-transformers folder says beside its network."""

    network: Path
    """Folder of the network and its tokenizer."""
    max_tokens: int | None
    """Tokens of a text that count, special ones included."""
    lower: bool
    """Whether texts are put into lower case first."""
    poolings: tuple[str, ...]
    after: tuple[Callable[[Tensor], Tensor], ...]


def pool(hidden: Tensor, poolings: Sequence[str]) -> Tensor:
    """[B, S, d] of texts of S tokens each -> [B, d x poolings]."""
    return torch.cat([POOLINGS[name](hidden) for name in poolings], dim=1)


def read_recipe(folder: Path) -> Recipe | None:
    """None: it is no sentence-transformers folder. Raises `ConfigError` for one with modules not known here."""
    if not (folder / MODULES).is_file():
        return None
    network, poolings = folder, DEFAULT
    after: list[Callable[[Tensor], Tensor]] = []
    for module in _json(folder / MODULES):
        path, kind = folder / module["path"], module["type"].rsplit(".", 1)[-1]
        if kind == "Transformer":
            network = path
        elif kind == "Pooling":
            poolings = _poolings(path)
        elif kind == "Normalize":
            after.append(nn.functional.normalize)
        elif kind == "Dense":
            after.append(_dense(path))
        elif kind != "Dropout":
            raise ConfigError(f"{folder / MODULES} has a module {module['type']!r}, which encoder text cannot run")
    own = network / "sentence_bert_config.json"
    told = _json(own) if own.is_file() else {}
    return Recipe(network, told.get("max_seq_length"), bool(told.get("do_lower_case")), poolings, tuple(after))


def _poolings(path: Path) -> tuple[str, ...]:
    told = _json(path / "config.json")
    wanted = told.get("pooling_mode") or [name for key, name in OLD.items() if told.get(key)]
    names = tuple([wanted] if isinstance(wanted, str) else wanted) or DEFAULT
    for name in names:
        if name not in POOLINGS:
            raise ConfigError(f"{path / 'config.json'} has a pooling {name!r}, which encoder text does not know")
    return names


def _dense(path: Path) -> Callable[[Tensor], Tensor]:
    told = _json(path / "config.json")
    name = str(told.get("activation_function", "Tanh")).rsplit(".", 1)[-1]
    if name not in ACTIVATIONS or told.get("use_residual"):
        raise ConfigError(f"{path / 'config.json'} has a dense layer with {name} that encoder text cannot run")
    layer = nn.Linear(told["in_features"], told["out_features"], bias=told.get("bias", True))
    if (path / "model.safetensors").is_file():
        from safetensors.torch import load_file

        weights: dict[str, Any] = load_file(path / "model.safetensors")
    else:
        weights = torch.load(path / "pytorch_model.bin", weights_only=True, map_location="cpu")
    layer.load_state_dict({key.removeprefix("linear."): value.float() for key, value in weights.items()})
    return nn.Sequential(layer.requires_grad_(False), ACTIVATIONS[name]())


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); copy the model's folder anew") from error
