"""A finished run whose fitted components a new run goes on from, on more days, with nothing leaked by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.artifact import read_json, read_state, unseal
from paretorec.components import Components
from paretorec.configfile import parse_config
from paretorec.contracts.dataset import Dataset
from paretorec.contracts.run import Array
from paretorec.data.hashing import hash_ids
from paretorec.data.saved import load_dataset
from paretorec.errors import ConfigError, DataError
from paretorec.prepare import Prepared
from paretorec.refit import AFTER_REFIT
from paretorec.registry import Registry


@dataclass(frozen=True)
class WarmStart:
    """Encoders with a method ``warm_start`` go on from what those of the same instance name learned."""

    folder: Path
    bundle: str
    """Fingerprint of everything fitted in that run."""
    origin: dict[str, str]
    """Encoder instance -> ``distribution/name`` of its component."""
    data: Dataset
    learned: Array
    """bool [n]: rows of `data` that its encoders learned from."""

    @classmethod
    def load(cls, folder: Path, registry: Registry) -> WarmStart:
        """Raises `ArtifactError` where `folder` is no finished run, and what the registry raises for its splitter."""
        manifest = unseal(folder)
        config = parse_config(read_json(folder / "config.json"), str(folder / "config.json"))
        data = load_dataset(folder / "data")
        if read_json(folder / "front.json")["uncertified"] == AFTER_REFIT:
            learned = np.ones(len(data), bool)
        else:
            # Splitters give the same for the same data and seed, so what was learned from need not be kept.
            learned = registry.build("splitter", config.split, "split").component.split(data, config.seed).fit
        origin = {
            entry["instance"]: f"{entry['distribution']}/{entry['name']}"
            for entry in manifest["components"]
            if entry["kind"] == "encoder"
        }
        return cls(folder, manifest["bundle"], origin, data, learned)

    def takers(self, components: Components) -> tuple[str, ...]:
        """Encoder instances that go on from this run. Raises `ConfigError` where there is none, or where one is
        another component now."""
        able = {name: built for name, built in components.encoders.items() if hasattr(built.component, "warm_start")}
        for name, built in able.items():
            now = f"{built.resolved.provenance.distribution}/{built.resolved.spec.name}"
            if self.origin.get(name, now) != now:
                raise ConfigError(
                    f"encoder {name!r} is {now}, in {self.folder} it is {self.origin[name]}, so it cannot go on from "
                    "there; give it another name, or run without --from"
                )
        both = tuple(name for name in able if name in self.origin)
        if not both:
            have = ", ".join(self.origin)
            raise ConfigError(
                f"no encoder of this configuration can go on from {self.folder}, which has {have}: encoders that can, "
                "such as transformer, must have the same name in both; run without --from"
            )
        return both

    def check(self, prepared: Prepared) -> None:
        """Raises `DataError` where that run learned from a row that is not in this run's fit part: its certificate
        would be about days that the models knew."""
        mine = prepared.data
        judged = np.isin(_keys(mine)[~prepared.split.fit], _keys(self.data)[self.learned])
        if judged.any():
            raise DataError(
                f"{self.folder} learned from {int(judged.sum())} interactions on which this run would judge, such as "
                f"one of {np.datetime64(int(mine.time[~prepared.split.fit][judged][0]), 'ms')}; give more days, so "
                "that the fit part holds all of them, or go on from an earlier run that was not refitted"
            )

    def before(self, instance: str, component: Any, fit: Callable[[], None]) -> Callable[[], None]:
        """`fit`, after the component was given the state to go on from."""

        def warm() -> None:
            component.warm_start(read_state(self.folder / "states", f"encoder-{instance}"), self.data.items)
            fit()

        return warm

    def describe(self, takers: tuple[str, ...]) -> dict[str, Any]:
        """For the manifest."""
        return {"run": str(self.folder), "bundle": self.bundle, "encoders": list(takers)}


def _keys(data: Dataset) -> Array:
    """uint64 [n]: equal for the same user, item and time in any log; for others with probability 2**-64."""
    item = hash_ids(data.items.ids, 1)[data.item]
    time = data.time.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # odd: no two times meet
    return np.asarray(hash_ids(data.user_ids, 0)[data.user] ^ item ^ time)
