"""From a TOML file and `--set` overrides to a validated `RunConfig`; every error is one sentence with its key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paretorec.config import RunConfig
from paretorec.errors import ConfigError
from paretorec.registry.explain import explain

NAMED_LISTS = ("encoders", "objectives", "rules", "observers")
"""Lists whose members are addressed by instance name, in overrides as in error messages."""


def load_config(path: Path, overrides: Iterable[str] = ()) -> RunConfig:
    """Read and validate. Raises `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"configuration file {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration file {path} cannot be read: {error}") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"configuration file {path} is not TOML: {error}") from error
    for override in overrides:
        apply_override(values, override)
    return parse_config(values, str(path))


def parse_config(values: Mapping[str, Any], origin: str) -> RunConfig:
    """Validate a configuration given as nested mappings. Raises `ConfigError`."""
    try:
        config = RunConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{origin}: {_by_name(explain(error, RunConfig, values), values)}") from error
    for section in NAMED_LISTS:
        names = [ref.instance for ref in getattr(config, section)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ConfigError(
                f"{origin}: two members of {section} are called {twice!r}; give one of them a `name` of its own"
            )
    return config


def apply_override(values: dict[str, Any], override: str) -> None:
    """Set one key in place: ``encoders.transformer.params.width=128``; the value is TOML, or else text."""
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError(f"--set {override!r} is not KEY=VALUE, such as encoders.transformer.params.width=128")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    set_key(values, key.strip(), value, f"--set {override!r}")


def set_key(values: dict[str, Any], key: str, value: Any, origin: str) -> None:
    """Set one key such as ``encoders.transformer.params.width`` in place; `origin` begins an error's sentence."""
    parts = key.split(".")
    here: Any = values
    for depth, part in enumerate(parts[:-1]):
        if depth == 1 and parts[0] in NAMED_LISTS:
            here = _member(here, parts[0], part, origin)
        else:
            here = here.setdefault(part, [] if depth == 0 and part in NAMED_LISTS else {})
        if not isinstance(here, dict | list):
            raise ConfigError(f"{origin}: {'.'.join(parts[: depth + 1])} is a value, not a table")
    if isinstance(here, list):
        raise ConfigError(f"{origin}: name a member and its key, such as {parts[0]}.NAME.use")
    here[parts[-1]] = value


def _member(members: list[dict[str, Any]], section: str, name: str, origin: str) -> dict[str, Any]:
    for member in members:
        if name in (member.get("name"), str(member.get("use", "")).rsplit("/", 1)[-1]):
            return member
    have = ", ".join(str(member.get("name") or member.get("use")) for member in members) or "none"
    raise ConfigError(f"{origin}: {section} has no member {name!r}; it has {have}")


def _by_name(message: str, values: Mapping[str, Any]) -> str:
    """Members of lists by name instead of by number."""

    def name(match: re.Match[str]) -> str:
        member = values[match[1]][int(match[2])]
        called = member.get("name") or member.get("use") if isinstance(member, Mapping) else None
        return f"{match[1]}.{called or match[2]}"

    return re.sub(rf"\b({'|'.join(NAMED_LISTS)})\.(\d+)", name, message)
