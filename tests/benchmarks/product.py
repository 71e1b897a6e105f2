"""One run of `paretorec run`, as a process of its own: what its folder says, how long it took, how much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

from paretorec.artifact import read_json


@dataclass(frozen=True)
class ProductRun:
    """What a run left behind."""

    front: dict[str, Any]
    pick: dict[str, Any]
    data: dict[str, Any]
    manifest: dict[str, Any]
    minutes: float
    peak_gib: float


def product_run(config: Path, overrides: Iterable[str]) -> ProductRun:
    """Run `config` from nothing in a folder that is thrown away; overrides: ``KEY=VALUE`` as `--set` takes them."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        settings = [f"--set={override}" for override in overrides]
        command = [sys.executable, "-m", "paretorec", "run", str(config), "--out", str(out), "--json", *settings]
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            front = json.loads(process.stdout.read())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        minutes = (time.perf_counter() - start) / 60
        if process.returncode:
            raise SystemExit(f"{config.name} with {settings} ended with exit code {process.returncode}")
        pick, data, manifest = (read_json(out / f"{name}.json") for name in ("pick", "data", "manifest"))
    to_gib = 2**30 if sys.platform == "darwin" else 2**20
    return ProductRun(front, pick, data, manifest, round(minutes, 2), round(usage.ru_maxrss / to_gib, 2))


def told(point: dict[str, Any]) -> dict[str, Any]:
    """A policy on the certify requests: values, changes with their simultaneous bound and a 95 % interval each."""
    away = NormalDist().inv_cdf(0.975)

    def change(values: dict[str, Any]) -> dict[str, Any]:
        interval = None
        if values["change"] is not None and values["error"] is not None:
            interval = [round(values["change"] + side * away * values["error"], 3) for side in (-1, 1)]
        rounded = {
            key: values[key] if values[key] is None else round(values[key], 5) for key in ("value", "change", "low")
        }
        return {**rounded, "interval": interval, "relative": values["relative"]}

    return {"point": point["id"], "certify": {name: change(values) for name, values in point["certify"].items()}}
