"""What a run says of itself: components, versions, times, fingerprints, and what the report shows beside the front."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from paretorec import processes
from paretorec.artifact import digest, read_json
from paretorec.asking import RequestShape
from paretorec.config import RunConfig
from paretorec.contracts.run import RunContext
from paretorec.prepare import Prepared, hash_dataset, hash_requests

T = TypeVar("T")

PACKAGES = ("paretorec", "numpy", "pandas", "torch", "pymoo", "cma", "optuna", "pluggy", "pydantic", "numba")


@dataclass
class Record:
    """Filled while the run goes on; everything in it is JSON."""

    components: Sequence[Mapping[str, str]]
    config: RunConfig
    seconds: dict[str, float] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    """Dataset report, split counts, candidate recall: ``data.json``."""
    search: dict[str, Any] = field(default_factory=dict)
    """Hypervolume logs: ``search.json``."""
    requests: dict[str, Any] = field(default_factory=dict)
    """Numbers of requests and users of the select and certify parts."""
    spans: dict[str, int] = field(default_factory=dict)
    """Milliseconds of the horizon and of the rank part, for refitting."""
    shape: RequestShape = field(default_factory=RequestShape)
    """What requests carry beside user and time, for serving."""
    pick: dict[str, Any] = field(default_factory=dict)
    protocol_fields: dict[str, Any] = field(default_factory=dict)
    """What decides whether two fronts may be compared."""
    run_fields: dict[str, Any] = field(default_factory=dict)
    """What decides whether a run may be resumed."""
    warm_start: dict[str, Any] = field(default_factory=dict)
    """The run that this one went on from, if any: its folder, its bundle, the encoders that did."""
    manifest: Mapping[str, Any] | None = None
    """Of a loaded run."""

    def timed(self, stage: str, work: Callable[[], T]) -> T:
        """Do `work` and note its seconds."""
        start = time.perf_counter()
        result = work()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
        return result

    def describe(self, prepared: Prepared, run: RunContext) -> None:
        """Note the data and both fingerprints' fields."""
        data, split, config = prepared.data, prepared.split, self.config
        self.data = {"report": dict(data.report), "split": dict(split.counts)}
        span = int(np.ptp(split.rank.time)) + split.horizon if len(split.rank) else 0
        self.spans = {"horizon": split.horizon, "rank": span}
        self.shape = RequestShape.of(split.certify if len(split.certify) else split.select)
        self.requests = {
            "select": len(split.select),
            "certify": len(split.certify),
            "users": {"select": len(set(split.select.user)), "certify": len(set(split.certify.user))},
        }
        of_kind = {
            kind: [
                {key: entry[key] for key in ("instance", "name", "distribution", "version")}
                for entry in self.components
                if entry["kind"] == kind
            ]
            for kind in ("evaluator", "rule")
        }
        self.protocol_fields = {
            "targets": [hash_requests(split.select, data), hash_requests(split.certify, data)],
            "split": config.split.model_dump(mode="json"),
            "k": config.k,
            "rules": [rule.model_dump(mode="json") for rule in config.rules],
            "candidates": config.candidates.mode,
            "order": "signal sum, hashed id",
            "objectives": [objective.model_dump(mode="json") for objective in config.objectives],
            "evaluators": of_kind["evaluator"],
            "rule versions": of_kind["rule"],
        }
        self.run_fields = {
            "config": config.model_dump(mode="json", exclude={"threads", "memory", "tune", "observers"}),
            "data": hash_dataset(data),
            "components": [dict(entry) for entry in self.components],
            "protocol": self.protocol_fields,
            "threads": run.threads,
            "versions": versions(),
        }
        if self.warm_start:
            self.run_fields["warm start"] = {key: self.warm_start[key] for key in ("bundle", "encoders")}
        if processes.count() > 1:
            self.run_fields["processes"] = processes.count()

    @property
    def protocol(self) -> str:
        return digest(self.protocol_fields)

    @property
    def fingerprint(self) -> str:
        """Of everything that decides whether a run may be resumed; of a loaded run as it was saved."""
        return str(self.manifest["fingerprints"]["run"]) if self.manifest else digest(self.run_fields)

    def to_manifest(self, bundle: str) -> dict[str, Any]:
        """The manifest, without the files' checksums."""
        return {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "bundle": bundle,
            "spans": self.spans,
            "shape": self.shape.to_json(),
            "seed": self.config.seed,
            "components": [dict(entry) for entry in self.components],
            "fingerprints": {"protocol": self.protocol, "run": digest(self.run_fields)},
            "protocol": self.protocol_fields,
            "versions": versions(),
            "machine": machine(),
            "threads": self.run_fields.get("threads"),
            "processes": self.run_fields.get("processes", 1),
            **({"warm_start": self.warm_start} if self.warm_start else {}),
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }

    @classmethod
    def load(cls, folder: Path, manifest: Mapping[str, Any], config: RunConfig) -> Record:
        """The record of a saved run."""
        return cls(
            components=manifest["components"],
            config=config,
            seconds=dict(manifest["seconds"]),
            data=read_json(folder / "data.json"),
            search=read_json(folder / "search.json"),
            requests=read_json(folder / "front.json")["requests"],
            spans=manifest["spans"],
            shape=RequestShape(**manifest.get("shape", {})),
            pick=read_json(folder / "pick.json"),
            protocol_fields=manifest["protocol"],
            run_fields=read_json(folder / "run.json"),
            warm_start=manifest.get("warm_start", {}),
            manifest=manifest,
        )


def versions() -> dict[str, str]:
    """Python's version and those of the packages that figures depend on."""
    out = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            out[package] = "not installed"
    return out


def machine() -> dict[str, Any]:
    """Processor, cores and system."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        processor = models[0] if models else processor
    return {"processor": processor, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}
