"""Does a run that is killed at any moment come to the same end, to the bit?

    python tests/benchmarks/resume.py [--quick] [--json]

A run of the simulated store (two learning encoders, a ranker, a search, certificates) is timed once. Then it is started
again and again as a process of its own and ended by SIGKILL at a moment drawn uniformly from that time; every other
one is killed a second time while it resumes. What `--resume` comes to is compared with the unbroken run byte for byte:
front, certificates, pick, examples, fitted states, and every policy that was judged.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.artifact import partial
from paretorec.record import machine, versions
from paretorec.search.archive import Archive

CONFIG = Path(__file__).parents[2] / "docs" / "examples" / "simulated-store.toml"
SETTINGS = {
    "threads": "1",
    "source.params": "{users=300,weeks=20,items=150}",
    "encoders": "[{use='popularity'},{use='repeat'},{use='item-knn'},"
    "{use='transformer',params={width=32,layers=1,length=20,epochs=3}}]",
    "ranker": "{use='mlp',params={hidden=[64,32],epochs=3,events=['click','sales']}}",
    "certify.resamples": "500",
}
TIMED = {"manifest.json", "search.json", "report.html"}
"""What says when a run began and how long it took."""


def start(out: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """`paretorec run`, with `--resume` where there is something to go on with."""
    sets = [f"--set={key}={value}" for key, value in settings.items()]
    again = ["--resume"] if partial(out).exists() else []
    command = [sys.executable, "-m", "paretorec", "run", str(CONFIG), "--out", str(out), *again, *sets]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.Popen(
        command, env={**os.environ, **one_thread}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def killed(out: Path, settings: dict[str, str], after: float) -> str:
    """Kill the run so many seconds after its start; how far it had come."""
    process = start(out, settings)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    else:
        return "done"
    folder = partial(out)
    if out.exists():
        return "done"
    archives = sorted(folder.glob("archive-*.safetensors"))
    if archives:
        judged = sum(len(Archive.load(path)) for path in archives)
        frozen = (folder / "frozen.json").exists()
        return f"{judged} policies judged{', front frozen' if frozen else ''}"
    states = len(list((folder / "states").glob("*.safetensors"))) if folder.exists() else 0
    return f"{states} components fitted" if states else "before the first component was fitted"


def contents(out: Path) -> dict[str, bytes]:
    """Everything that has to be the same."""
    paths = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in TIMED]
    archives = sorted(out.glob("archive-*.safetensors"))
    found = {str(path.relative_to(out)): path.read_bytes() for path in paths if path not in archives}
    for path in archives:
        archive = Archive.load(path)  # its seconds differ
        for key in ("x", "values", "errors", "feasible", "generation", "hypervolume", "reference"):
            found[f"{path.name}: {key}"] = getattr(archive, key).tobytes()
    return found


def measure(count: int, settings: dict[str, str], seed: int = 0) -> dict[str, Any]:
    """Everything that the JSON says."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        begun = time.perf_counter()
        if start(whole, settings).wait():
            raise SystemExit("the unbroken run failed")
        seconds = time.perf_counter() - begun
        wanted = contents(whole)
        for number in range(count):
            out = Path(folder) / f"run-{number}"
            moments, reached = [], []
            while len(moments) < 1 + number % 2:
                moment = round(float(rng.uniform(0, seconds)), 3)
                came_to = killed(out, settings, moment)
                if came_to == "done" and not moments:  # it ended before it was to be killed: another moment
                    shutil.rmtree(out)
                    continue
                moments.append(moment)
                reached.append(came_to)
            code = 0 if out.exists() else start(out, settings).wait()
            found = contents(out) if code == 0 else {}
            differs = sorted(key for key in wanted if found.get(key) != wanted[key])
            rows.append({"killed_after": moments, "reached": reached, "equal": not differs, "differs": differs})
    return {
        "benchmark": "resume",
        "machine": {"processor": machine()["processor"], "cores": os.cpu_count(), "system": platform.platform()},
        "versions": versions(),
        "seeds": [seed],
        "sizes": {"seconds": round(seconds, 2), "compared": len(wanted), "settings": settings},
        "runs": count,
        "equal": sum(row["equal"] for row in rows),
        "results": rows,
    }


def table(figures: dict[str, Any]) -> str:
    rows = (
        f"{', '.join(f'{moment:.2f}' for moment in row['killed_after']):<14} "
        f"{'equal' if row['equal'] else 'DIFFERS'}  {'; '.join(row['reached'])}"
        for row in figures["results"]
    )
    head = f"of {figures['sizes']['seconds']} seconds, killed after"
    return "\n".join((head, *rows, f"{figures['equal']} of {figures['runs']} runs came to the same end, to the bit"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="three runs instead of twenty, of fewer policies")
    arguments = parser.parse_args()
    settings = {**SETTINGS, "search.evaluations": "300"} if arguments.quick else SETTINGS
    figures = measure(3 if arguments.quick else 20, settings)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
