"""The space of configurations: every key of `[tune.space]` with the values that it may have."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paretorec.config import AxisConfig, RunConfig
from paretorec.configfile import parse_config, set_key
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.run import Array
from paretorec.errors import ConfigError
from paretorec.registry import Registry
from paretorec.tuning.fields import FieldType, find_field

Assignment = Mapping[str, Any]
"""Key -> value: one configuration, as it differs from the one that is written."""


@dataclass(frozen=True)
class Axis:
    """One key: either `values`, or a range."""

    key: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    integer: bool = False
    steps: int | None = None

    def at(self, share: float) -> Any:
        """The value at `share` in [0, 1]: every choice, and every integer of a linear range, has an equal part."""
        if self.values:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        # Integers own the half unit around them, also at the ends.
        margin = 0.5 if self.integer else 0.0
        low, high = self.low - margin, self.high + margin
        if self.log:
            value = low * (high / low) ** share
        else:
            value = low + share * (high - low)
        value = min(max(round(value) if self.integer else value, self.low), self.high)
        return int(value) if self.integer else float(value)

    @property
    def size(self) -> float:
        """How many values there are."""
        if self.values:
            return len(self.values)
        return self.high - self.low + 1 if self.integer else math.inf

    def grid(self) -> list[Any]:
        """Every choice, or `steps` values of a range with both ends, each once. Raises `ConfigError` without steps."""
        if self.values:
            return list(self.values)
        if self.steps is None:
            raise ConfigError(f"tune.space.{self.key}: a grid needs `steps` for a range, or a list of values")
        shares = [step / (self.steps - 1) for step in range(self.steps)]
        if self.log:
            spread = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            spread = [self.low + share * (self.high - self.low) for share in shares]
        inside = [min(max(value, self.low), self.high) for value in spread]
        return list(dict.fromkeys(round(v) if self.integer else v for v in inside))


@dataclass(frozen=True)
class Space:
    """D axes over a written configuration."""

    axes: tuple[Axis, ...]
    config: RunConfig

    @classmethod
    def of(cls, config: RunConfig, registry: Registry) -> Space:
        """From `[tune.space]`; every value and every end of a range is checked by its field's own model.

        Raises `ConfigError` for a key that is unknown or fixed, a value of another type than the field's, and bounds
        outside the field's.
        """
        if config.tune is None or not config.tune.space:
            raise ConfigError(
                "there is no space to search: add [tune.space] with keys as --set takes them, such as "
                '"encoders.transformer.params.width" = [32, 64]'
            )
        named = {key: (axis, find_field(key, config, registry)) for key, axis in config.tune.space.items()}
        space = cls(tuple(_axis(key, axis, field) for key, (axis, field) in named.items()), config)
        for axis in space.axes:
            for value in axis.values or (axis.at(0.0), axis.at(1.0)):
                check(space.configured({axis.key: value}), registry)
        return space

    def at(self, point: Array) -> dict[str, Any]:
        """The assignment at `point` [D] of the unit box."""
        return {axis.key: axis.at(float(share)) for axis, share in zip(self.axes, point, strict=True)}

    @property
    def size(self) -> float:
        """How many configurations there are; infinite where a range is continuous."""
        return math.prod(axis.size for axis in self.axes)

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination, the last axis changing fastest."""
        keys = [axis.key for axis in self.axes]
        for values in itertools.product(*(axis.grid() for axis in self.axes)):
            yield dict(zip(keys, values, strict=True))

    def values(self, assignment: Assignment) -> dict[str, Any]:
        """What to write down for the configuration with `assignment`: all that was given, without `tune`."""
        values = self.config.model_dump(mode="json", exclude_unset=True, exclude={"tune"})
        for key, value in assignment.items():
            section = key.partition(".")[0]
            if section not in values:  # a default of the whole configuration
                values |= self.config.model_dump(mode="json", exclude_defaults=False, include={section})
            set_key(values, key, copy.deepcopy(value), "tune.space")
        return values

    def configured(self, assignment: Assignment) -> RunConfig:
        """The configuration with `assignment`. Raises `ConfigError`."""
        return parse_config(self.values(assignment), "tune.space")


def check(config: RunConfig, registry: Registry) -> None:
    """Validate every component that an assignment may have changed. Raises `ConfigError` with the key."""
    refs: list[tuple[str, ComponentRef, str]] = [("encoder", e, f"encoders.{e.instance}") for e in config.encoders]
    refs.append(("policy", ComponentRef(use=config.policy.use, params=config.policy.params), "policy"))
    refs.append(("optimizer", config.optimizer, "optimizer"))
    if config.candidates.index is not None:
        refs.append(("index", config.candidates.index, "candidates.index"))
    if config.ranker is not None:
        refs.append(("ranker", config.ranker, "ranker"))
    for kind, ref, where in refs:
        try:
            registry.validate(kind, ref, where)
        except ConfigError as error:
            raise ConfigError(f"tune.space: {error}") from error


def _axis(key: str, given: AxisConfig, field: FieldType) -> Axis:
    where = f"tune.space.{key}"
    ranged = given.low is not None or given.high is not None or given.log or given.steps is not None
    if given.values:
        if ranged:
            raise ConfigError(f"{where}: give a list of values or a range, not both")
        return Axis(key, given.values)
    if field.choices and not ranged:
        return Axis(key, field.choices)
    if field.kind not in ("integer", "number"):
        raise ConfigError(f"{where}: the field is no number, so it has no range; give a list of values")
    low = field.low if given.low is None else given.low
    high = field.high if given.high is None else given.high
    if low is None or high is None:
        missing = "low" if low is None else "high"
        raise ConfigError(f"{where}: the field has no bound of its own there; give {missing}, or a list of values")
    if low >= high:
        raise ConfigError(f"{where}: low = {low:g} must be less than high = {high:g}")
    if given.log and low <= 0:
        raise ConfigError(f"{where}: log = true needs low above 0, not {low:g}")
    integer = field.kind == "integer"
    if integer and (low % 1 or high % 1):
        raise ConfigError(f"{where}: the field is a whole number, so low = {low:g} and high = {high:g} must be, too")
    return Axis(key, (), float(low), float(high), given.log, integer, given.steps)
