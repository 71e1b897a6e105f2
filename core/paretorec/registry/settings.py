"""`registry.toml`: defaults, trust, choices and the lock, layer over layer.

The packaged file < the file that the host names < objects that the host passes. The current directory is never
searched: a file that lies in a workspace must not decide which code is loaded.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from paretorec.contracts.component import KINDS
from paretorec.errors import ConfigError
from paretorec.registry.discovery import canonical
from paretorec.registry.explain import explain, nearest

SCHEMA: Final = 1
"""The version of the file's shape that this package reads."""

VARIABLE: Final = "PARETOREC_REGISTRY"
"""Environment variable with the path of the host's file; several are parted as in PATH, the later over the earlier."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trust(_Table):
    """`[trust]`: which distributions may be used. It limits what is imported; pip limits what is installed."""

    mode: Literal["any", "listed", "builtin"] = Field(
        default="any", description="Every distribution; the built-ins and those in `allow`; the built-ins alone."
    )
    allow: dict[str, str] = Field(
        default_factory=dict, description='Distribution -> versions (PEP 440, "" = all), for mode "listed".'
    )
    deny: dict[str, str] = Field(
        default_factory=dict, description="Distribution -> why it may never be used; users see the reason."
    )

    @field_validator("allow")
    @classmethod
    def _specifiers(cls, allow: dict[str, str]) -> dict[str, str]:
        for distribution, versions in allow.items():
            try:
                SpecifierSet(versions)
            except InvalidSpecifier:
                raise ValueError(f'{distribution} = "{versions}" is no version specifier such as ">=1.2,<2"') from None
        return {canonical(distribution): versions for distribution, versions in allow.items()}

    @field_validator("deny")
    @classmethod
    def _canonical(cls, deny: dict[str, str]) -> dict[str, str]:
        return {canonical(distribution): reason for distribution, reason in deny.items()}


class Locked(_Table):
    """`[lock.DISTRIBUTION]`: exactly what has to be installed; `paretorec plugins lock` writes it."""

    version: str = Field(min_length=1, description="The only version that may be used.")
    record: str = Field(
        default="",
        pattern="^([0-9a-f]{64})?$",
        description="SHA-256 of what the distribution's RECORD says of its files; empty: the version alone counts.",
    )


class RegistrySettings(_Table):
    """One layer, or all of them merged."""

    defaults: dict[str, str] = Field(default_factory=dict, description="Kind -> the component used when none is named.")
    trust: Trust = Field(default_factory=Trust, description="Which distributions may be used.")
    choose: dict[str, str] = Field(
        default_factory=dict, description="KIND.NAME -> the distribution whose component that name means."
    )
    lock: dict[str, Locked] = Field(
        default_factory=dict,
        description="Distribution -> what has to be installed; with any, a distribution that is not named is not used.",
    )

    @field_validator("defaults")
    @classmethod
    def _kinds(cls, defaults: dict[str, str]) -> dict[str, str]:
        for kind in defaults:
            _check_kind(kind, kind)
        return defaults

    @field_validator("choose")
    @classmethod
    def _kind_dot_name(cls, choose: dict[str, str]) -> dict[str, str]:
        for key in choose:
            kind, dot, name = key.partition(".")
            if not dot or not name:
                raise ValueError(f'"{key}" is not KIND.NAME, such as "encoder.transformer"')
            _check_kind(kind, key)
        return choose

    @field_validator("lock")
    @classmethod
    def _canonical(cls, lock: dict[str, Locked]) -> dict[str, Locked]:
        return {canonical(distribution): locked for distribution, locked in lock.items()}

    def over(self, lower: RegistrySettings) -> RegistrySettings:
        """This layer upon `lower`: defaults by kind, `deny` as a union, everything else whole or not at all."""
        given = self.trust.model_fields_set
        return RegistrySettings(
            defaults=lower.defaults | self.defaults,
            trust=Trust(
                mode=self.trust.mode if "mode" in given else lower.trust.mode,
                allow=self.trust.allow if "allow" in given else lower.trust.allow,
                deny=lower.trust.deny | self.trust.deny,
            ),
            choose=self.choose if "choose" in self.model_fields_set else lower.choose,
            lock=self.lock if "lock" in self.model_fields_set else lower.lock,
        )


def _check_kind(kind: str, key: str) -> None:
    if kind not in KINDS:
        raise ValueError(f'"{key}" names no kind of component{nearest(kind, KINDS)}')


def packaged_file() -> Path:
    """The file that ships with this package. An editable installation reads the repository's own."""
    packaged = Path(__file__).with_name("registry.toml")
    if packaged.is_file():
        return packaged
    core = Path(__file__).parents[2]
    repository = core.parent / "registry.toml"
    if core.name == "core" and repository.is_file():
        return repository
    raise ConfigError(f"{packaged} is missing, so this installation is damaged: reinstall paretorec")


def named_files() -> tuple[Path, ...]:
    """The files that the environment variable PARETOREC_REGISTRY names, if it does."""
    return tuple(Path(path) for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path)


def read_settings(path: Path) -> RegistrySettings:
    """Read one file. Raises `ConfigError` naming the file, the key and the fix."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"registry file {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"registry file {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"registry file {path} is not TOML: {error}") from error
    schema = values.pop("schema", SCHEMA)
    if schema != SCHEMA:
        raise ConfigError(f"registry file {path} has schema {schema!r}, and this paretorec reads {SCHEMA}: upgrade it")
    return _validated(values, path)


def _validated(values: Mapping[str, Any], path: Path) -> RegistrySettings:
    try:
        return RegistrySettings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"registry file {path}: {explain(error, RegistrySettings, values)}") from error


def merge(layers: Iterable[RegistrySettings]) -> RegistrySettings:
    """All layers as one; later ones are more specific."""
    merged = RegistrySettings()
    for layer in layers:
        merged = layer.over(merged)
    return merged
