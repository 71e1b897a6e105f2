"""Every component of a run, built and checked against one another before any data is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paretorec.config import RunConfig
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.dataset import Dataset
from paretorec.errors import ArtifactError, ConfigError, PluginError
from paretorec.registry import Built, Registry
from paretorec.registry.explain import nearest
from paretorec.registry.resolve import HOST


@dataclass(frozen=True)
class Components:
    """What a configuration names, by kind and instance name; `indexes` by encoder, `evaluators` by objective."""

    source: Built | None
    splitter: Built
    encoders: Mapping[str, Built]
    indexes: Mapping[str, Built]
    ranker: Built | None
    objectives: Mapping[str, Built]
    evaluators: Mapping[str, Built]
    policy: Built
    rules: Mapping[str, Built]
    optimizer: Built

    @classmethod
    def build(cls, config: RunConfig, registry: Registry) -> Components:
        """Resolve, validate and build. Raises what the registry raises, with the key in the message."""

        def group(kind: str, section: str, refs: Iterable[ComponentRef]) -> dict[str, Built]:
            return {ref.instance: registry.build(kind, ref, f"{section}.{ref.instance}") for ref in refs}

        def single(kind: str, section: str, ref: ComponentRef | None) -> Built | None:
            return registry.build(kind, ref, section) if ref is not None else None

        objectives = group("objective", "objectives", config.objectives)
        encoders = group("encoder", "encoders", config.encoders)
        plain = ComponentRef(use=config.policy.use, params=config.policy.params)
        return cls(
            source=single("source", "source", config.source),
            splitter=registry.build("splitter", config.split, "split"),
            encoders=encoders,
            indexes=indexes(config, encoders, registry),
            ranker=single("ranker", "ranker", config.ranker),
            objectives=objectives,
            evaluators={
                name: registry.build("evaluator", built.component.evaluator, f"objectives.{name}.evaluator")
                for name, built in objectives.items()
            },
            policy=registry.build("policy", plain, "policy"),
            rules=group("rule", "rules", config.rules),
            optimizer=registry.build("optimizer", config.optimizer, "optimizer"),
        )

    def all(self) -> list[tuple[str, Built]]:
        """(instance name, built) of everything, in the order of the flow."""
        singles = [("source", self.source), ("split", self.splitter), ("ranker", self.ranker)]
        last = [("policy", self.policy), ("optimizer", self.optimizer)]
        groups = (self.encoders, self.indexes, self.objectives, self.evaluators, self.rules)
        members = [(name, built) for group in groups for name, built in group.items()]
        return [(name, built) for name, built in (*singles, *members, *last) if built is not None]

    def manifest(self) -> list[dict[str, str]]:
        """Kind, instance, name, distribution, version, module and class of everything: what really ran."""
        return [
            {
                "kind": built.resolved.kind,
                "instance": name,
                "name": built.resolved.spec.name,
                "distribution": built.resolved.provenance.distribution,
                "version": built.resolved.provenance.version,
                "module": built.resolved.provenance.module,
                "class": type(built.component).__qualname__,
            }
            for name, built in self.all()
        ]

    def check_data(self, data: Dataset, config: RunConfig) -> None:
        """Refuse objectives whose events the data lacks, and lists longer than the catalogue."""
        for name, built in self.objectives.items():
            for event in built.component.needs_events:
                if event not in data.labels:
                    have = ", ".join(data.labels)
                    raise ConfigError(
                        f"objective {name!r} needs the event {event!r}, which the data does not have (it has {have}); "
                        f"add [data.events.{event}], set objectives.{name}.params.event, or leave the objective out"
                    )
                if np.isnan(data.labels[event]).all():
                    raise ConfigError(
                        f"objective {name!r} needs the event {event!r}, which no row of the data has a value of; "
                        f"correct [data.events.{event}] or leave the objective out"
                    )
        if config.k > len(data.items):
            raise ConfigError(
                f"k = {config.k} is more than the catalogue has: {len(data.items)} items; set k to at most that"
            )
        proposers = (*self.encoders, *self.objectives)
        for name in config.candidates.shares:
            if name not in proposers:
                raise ConfigError(
                    f"candidates.shares.{name}: there is no encoder or objective of that name{nearest(name, proposers)}"
                )


def indexes(config: RunConfig, encoders: Mapping[str, Built], registry: Registry) -> dict[str, Built]:
    """Encoder with vectors -> an index of its own. Raises `ConfigError` where an index is named for none."""
    ref = config.candidates.index
    if ref is None:
        return {}
    searched = [name for name, built in encoders.items() if "vectors" in built.resolved.spec.capabilities]
    if not searched:
        raise ConfigError(
            f"candidates.index = {ref.use!r} searches vectors, and no encoder of {', '.join(encoders)} has any; "
            "leave it out, or add such an encoder"
        )
    return {name: registry.build("index", ref, "candidates.index") for name in searched}


def pinned(config: RunConfig, manifest: Iterable[Mapping[str, str]], registry: Registry, folder: str) -> RunConfig:
    """`config` with every component qualified by the distribution that the artifact was made with.

    Raises `ArtifactError` when a plugin is absent or of another version.
    """
    origin = {(entry["kind"], entry["instance"]): entry for entry in manifest}
    for entry in origin.values():
        wanted = f"{entry['distribution']} {entry['version']}"
        try:
            found = registry.resolve(entry["kind"], f"{entry['distribution']}/{entry['name']}").provenance
        except PluginError as error:
            if entry["distribution"] == HOST:
                raise ArtifactError(
                    f"{folder} was made with {entry['kind']} {entry['name']!r} of a host application; "
                    f"registry.add({entry['kind']!r}, spec) it and give the registry to load(..., registry=...)"
                ) from error
            raise ArtifactError(
                f"{folder} was made with {entry['kind']} {entry['name']!r} of {wanted}, which is not usable here "
                f"({error}); pip install '{entry['distribution']}=={entry['version']}'"
            ) from error
        if found.version != entry["version"]:
            raise ArtifactError(
                f"{folder} was made with {entry['kind']} {entry['name']!r} of {wanted}, installed is "
                f"{found.version}; pip install '{entry['distribution']}=={entry['version']}' or run again"
            )

    def pin(kind: str, ref: ComponentRef, instance: str) -> Any:
        entry = origin[(kind, instance)]
        return ref.model_copy(update={"use": f"{entry['distribution']}/{entry['name']}", "name": ref.name or instance})

    changes: dict[str, Any] = {
        "encoders": tuple(pin("encoder", ref, ref.instance) for ref in config.encoders),
        "objectives": tuple(pin("objective", ref, ref.instance) for ref in config.objectives),
        "rules": tuple(pin("rule", ref, ref.instance) for ref in config.rules),
        "split": pin("splitter", config.split, "split"),
        "policy": pin("policy", config.policy, "policy"),
        "optimizer": pin("optimizer", config.optimizer, "optimizer"),
    }
    if config.candidates.index is not None:
        encoder = next(instance for kind, instance in origin if kind == "index")
        index = pin("index", config.candidates.index, encoder)
        changes["candidates"] = config.candidates.model_copy(update={"index": index})
    if config.ranker is not None:
        changes["ranker"] = pin("ranker", config.ranker, "ranker")
    return config.model_copy(update=changes)
