"""What 200 more installed plugins cost those who do not use them.

    python tests/benchmarks/listing.py [--quick] [--json]

Distributions are generated as pip leaves them: METADATA of 7 kB, entry points of three components each, and a module
that leaves a mark when it is imported. `plugin_imports` counts the marks after `paretorec plugins list --json`.

`ratio_scan` is the registry's scan divided by one `importlib.metadata.entry_points()` call, each in new processes, by
turns; of each the least time counts, since the machine may be shared. `list_seconds` and `bare_seconds` are whole
processes: `paretorec plugins list --json`, and `python -c "import importlib.metadata"`. `select_nanoseconds` is one
`Registry.resolve` after the first.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from paretorec.record import machine

DISTRIBUTIONS = 200
KINDS = ("encoders", "objectives", "optimizers")

TIMED = """
import sys, time
from importlib.metadata import entry_points
import paretorec.registry.discovery as discovery
start = time.perf_counter()
{call}
print(time.perf_counter() - start)
"""
SCAN = TIMED.format(call="found = discovery.scan()")
ENTRY_POINTS = TIMED.format(call="found = entry_points()")

SELECT = """
import timeit
from paretorec import Registry
registry = Registry(files=())
registry.resolve("encoder", "popularity")
print(min(timeit.repeat(lambda: registry.resolve("encoder", "popularity"), number=20000, repeat=5)) / 20000)
"""


def generate(site: Path, marks: Path) -> None:
    """Write the distributions into `site`."""
    for number in range(DISTRIBUTIONS):
        name = f"many_plugins_{number:03}"
        (site / f"{name}.py").write_text(f"open({str(marks / name)!r}, 'w').close()\n")
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n\n"
        (info / "METADATA").write_text(metadata + "What it is good for.\n" * 330)
        points = [f"[paretorec.{kind}]\ncomponent-{number:03} = {name}\n" for kind in KINDS]
        (info / "entry_points.txt").write_text("\n".join(points))


def python(site: Path, *arguments: str) -> tuple[str, float]:
    """(stdout, wall seconds) of a new process that sees the distributions."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, time.perf_counter() - start


def figures(site: Path, marks: Path, rounds: int) -> dict[str, Any]:
    listing = ("-m", "paretorec", "plugins", "list", "--json")
    entries = json.loads(python(site, *listing)[0])  # also writes the byte code that the timed processes read
    scan, points, listed, bare = [], [], [], []
    for _ in range(rounds):
        scan.append(float(python(site, "-c", SCAN)[0]))
        points.append(float(python(site, "-c", ENTRY_POINTS)[0]))
        listed.append(python(site, *listing)[1])
        bare.append(python(site, "-c", "import importlib.metadata")[1])
    return {
        "distributions": DISTRIBUTIONS,
        "components": len(entries),
        "plugin_imports": len(list(marks.iterdir())),
        "ratio_scan": round(min(scan) / min(points), 3),
        "scan_milliseconds": round(min(scan) * 1e3, 3),
        "entry_points_milliseconds": round(min(points) * 1e3, 3),
        "list_seconds": round(min(listed), 4),
        "bare_seconds": round(min(bare), 4),
        "select_nanoseconds": round(float(python(site, "-c", SELECT)[0]) * 1e9, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    chosen = parser.parse_args()
    rounds = 3 if chosen.quick else 15
    with tempfile.TemporaryDirectory() as folder:
        site, marks = Path(folder) / "site", Path(folder) / "marks"
        site.mkdir()
        marks.mkdir()
        generate(site, marks)
        found = figures(site, marks, rounds)
    document = {
        "benchmark": "listing",
        "quick": chosen.quick,
        "rounds": rounds,
        "seeds": [],
        "machine": machine(),
        "versions": {"python": platform.python_version(), "paretorec": version("paretorec")},
        **found,
    }
    if chosen.json:
        print(json.dumps(document, indent=1))
    else:
        for key, value in found.items():
            print(f"{key:>28}  {value}")


if __name__ == "__main__":
    main()
