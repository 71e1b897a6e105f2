"""How well the next item is predicted, by the `transformer` alone and by the policy that weighs it: leave-one-out.

    python tests/benchmarks/transformer_quality.py [--quick] [--data ml-1m,beauty] [--seeds 0,1,2] [--encoders NAMES]
                                                   [--set KEY=VALUE ...] [--threads N] [--into FILE] [--json]

PARETOREC_DATA names the folder that holds `ml-1m/` and `s3rec-beauty/`; what is missing is said in the JSON.

Protocol: the files that papers use, in their own order; a user's last item is the target, the last but one stops the
training and chooses the policy, the network never learns from either; all items are ranked, those that the user had
are removed. One target a user, so NDCG@10 = 1 / log2(rank + 1) and hit rate = recall. `targets` is a hash of the
target items in user order: equal hashes, comparable figures.

Each seed is a run of docs/examples/DATA.toml, as `paretorec run` would: of the encoders there, each alone, and of the
policy that weighs them best on the last items but one. `change` is that policy's paired difference to the transformer
alone in percent of it, with a 95 % interval by user; `weights` are those of the policy. `--set` changes the
configuration, for trying things; such figures are labelled. `--threads` gives all runs so many (0: all cores). `--into`
adds the seeds that a file of an earlier run lacks, and writes it after each of them.

Beside it, on the same targets and by another way of ranking (a tie counts as behind): popularity (how often an item
occurs), first-order Markov counts (how often it came next to the user's newest item), and the encoders named by
--encoders with their defaults. Nothing here decides anything in the code; defaults were chosen on validation items.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Waiting threads sleep instead of spinning: with another program on the same cores, spinning costs a factor of ten.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from product import product_run, told

from paretorec.artifact import read_json, write_json
from paretorec.components import Components
from paretorec.configfile import load_config
from paretorec.contracts import Array, ComponentRef, Histories, Requests, RunContext
from paretorec.fitting import fitted
from paretorec.prepare import Prepared, prepare
from paretorec.record import machine, versions
from paretorec.registry import Registry

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
GATES = {
    "ml-1m": {
        "transformer": {"ndcg@10": 0.188, "hit_rate@10": 0.325},
        "policy": {"ndcg@10": 0.205, "hit_rate@10": 0.345},
    },
    "beauty": {
        "transformer": {"ndcg@10": 0.055, "hit_rate@10": 0.095},
        "policy": {"ndcg@10": 0.062, "hit_rate@10": 0.105},
    },
}
"""What is aimed at, mean over the seeds."""
QUICK_USERS, QUICK_EPOCHS = 600, 4
BLOCK = 512


def load(config_file: Path, overrides: list[str]) -> Prepared:
    """The example's data and split, through the product's own way in."""
    config = load_config(config_file, overrides)
    components = Components.build(config, Registry())
    assert components.source is not None
    return prepare(components.source.component.load(), config, components)


def ranks(scores: Array, histories: Histories, target: Array) -> Array:
    """1-based rank of each row's target among all items that its history lacks; a tie counts as behind.

    scores: float [B, N], changed in place.
    """
    rows = np.arange(len(target))
    mine = scores[rows, target].copy()
    row, position = histories.flat()
    scores[row, histories.items[position]] = -np.inf
    scores[rows, target] = mine
    return (scores >= mine[:, None]).sum(1)


def gains(score: Any, prepared: Prepared, requests: Requests) -> Array:
    """[requests] NDCG@10 of one target each.  score: histories -> [B, N]."""
    found = []
    for start in range(0, len(requests), BLOCK):
        some = requests.take(slice(start, start + BLOCK))
        histories = prepared.history.at(some.user, some.time)
        rank = ranks(score(histories), histories, some.target_items)
        found.append(np.where(rank <= 10, 1 / np.log2(rank + 1), 0))
    return np.concatenate(found)


def quality(score: Any, prepared: Prepared, requests: Requests) -> dict[str, float]:
    """score: histories -> [B, N]."""
    gain = gains(score, prepared, requests)
    return {
        "ndcg@10": round(float(gain.mean()), 4),
        "standard_error": round(float(gain.std(ddof=1) / np.sqrt(len(gain))), 4),
        "hit_rate@10": round(float((gain > 0).mean()), 4),
    }


def popularity(prepared: Prepared) -> Any:
    counts = np.bincount(prepared.data.item[prepared.split.fit], minlength=len(prepared.data.items)).astype(np.float64)
    return lambda histories: np.tile(counts, (len(histories), 1))


def markov(prepared: Prepared) -> Any:
    """How often an item came next after the newest one; equal counts by popularity."""
    histories = prepared.fit_data().histories
    size = len(prepared.data.items)
    row, position = histories.flat()
    items = histories.items[position]
    follows = row[1:] == row[:-1]
    pairs = np.zeros((size, size))
    np.add.at(pairs, (items[:-1][follows], items[1:][follows]), 1)
    pairs += np.bincount(items, minlength=size) * 1e-9
    return lambda histories: pairs[histories.last(1)[:, 0]]


def beside(prepared: Prepared, name: str) -> dict[str, Any]:
    """Fit an encoder with its defaults, and judge."""
    built = Registry().build("encoder", ComponentRef(use=name))
    encoder = built.component
    wall = time.perf_counter()
    encoder.fit(prepared.fit_data(), RunContext(threads=os.cpu_count() or 1))
    wall = time.perf_counter() - wall
    bundled = fitted(encoder, built.resolved.spec.capabilities, prepared.data.items)
    validation, test = (
        quality(lambda histories: bundled.score(histories)[0].copy(), prepared, requests)
        for requests in (prepared.split.validation, prepared.split.certify)
    )
    return {**test, "validation_ndcg@10": validation["ndcg@10"], "minutes": round(wall / 60, 2)}


def engine(name: str, seed: int, overrides: list[str]) -> dict[str, Any]:
    """A run of the example: encoders alone and the best policy on the certify requests, which are the last items."""
    found = product_run(EXAMPLES / f"{name}.toml", [*overrides, f"seed={seed}"])
    best = max(found.front["points"], key=lambda point: point["select"]["relevance"])

    def judged(point: dict[str, Any]) -> dict[str, Any]:
        values = told(point)["certify"]
        return {
            "ndcg@10": round(values["relevance"]["value"], 4),
            "hit_rate@10": round(values["precision"]["value"] * 10, 4),
            "validation_ndcg@10": round(point["select"]["relevance"], 4),
        }

    change = told(best)["certify"]["relevance"]
    return {
        "seed": seed,
        "signals": {point["id"]: judged(point) for point in found.front["baselines"]},
        "policy": judged(best)
        | {
            "weights": {key: round(value, 4) for key, value in best["policy"]["parameters"].items()},
            "change": change["change"],
            "interval": change["interval"],
        },
        "minutes": found.minutes,
        "fit_minutes": {
            key.removeprefix("fit "): round(value / 60, 2)
            for key, value in found.manifest["seconds"].items()
            if key.startswith("fit ")
        },
        "peak_gib": found.peak_gib,
    }


def shortened(source: Path, folder: Path) -> Path:
    """The first users' rows of a gzipped table."""
    out = folder / source.name
    with gzip.open(source, "rt") as rows, gzip.open(out, "wt") as kept:
        users: set[str] = set()
        for row in rows:
            users.add(row.replace(",", " ").split(" ")[0])
            if len(users) > QUICK_USERS:
                break
            kept.write(row)
    return out


def gates(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean over the seeds against what is aimed at."""
    found = {}
    for what, least in GATES[name].items():
        rows = [run["policy"] if what == "policy" else run["signals"]["encoder.transformer"] for run in runs]
        for metric, gate in least.items():
            values = [row[metric] for row in rows]
            found[f"{what} {metric}"] = {
                "mean": round(float(np.mean(values)), 4),
                "deviation": round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else None,
                "gate": gate,
                "passed": bool(np.mean(values) >= gate),
            }
    return found


def data_file(name: str) -> Path:
    """Where the example's interactions should lie."""
    return Path(os.path.expandvars(load_config(EXAMPLES / f"{name}.toml").source.params["interactions"]))


def missing(name: str) -> str | None:
    """Why the data set cannot be read, or None."""
    file = data_file(name)
    return None if file.is_file() else f"PARETOREC_DATA names no folder with {'/'.join(file.parts[-2:])}"


@contextmanager
def quick_overrides(name: str, quick: bool) -> Iterator[list[str]]:
    """Settings that make a run small, where that is wanted."""
    with tempfile.TemporaryDirectory() as folder:
        if not quick:
            yield []
            return
        yield [
            f"source.params.interactions={shortened(data_file(name), Path(folder))}",
            f"encoders.transformer.params.epochs={QUICK_EPOCHS}",
            "encoders.transformer.params.warm_up=1",
            "search.evaluations=200",
            "certify.resamples=200",
        ]


def of_data(
    name: str, seeds: list[int], encoders: list[str], settings: list[str], quick: bool, earlier: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Everything about one data set, again after each seed; earlier: what is known already."""
    absent = missing(name)
    if absent:
        yield {"skipped": absent}
        return
    with quick_overrides(name, quick) as smaller:
        overrides = [*settings, *smaller]
        prepared = load(EXAMPLES / f"{name}.toml", overrides)
        test = prepared.split.certify
        by_user = test.target_items[np.argsort(test.user, kind="stable")]
        ids = " ".join(prepared.data.items.ids[by_user].tolist())
        known = earlier.get("encoders", {})
        figures = {
            "sizes": {"interactions": len(prepared.data), "users": len(test), "items": len(prepared.data.items)},
            "targets": hashlib.sha256(ids.encode()).hexdigest()[:16],
            "popularity": quality(popularity(prepared), prepared, test),
            "markov": quality(markov(prepared), prepared, test),
            "encoders": {encoder: known.get(encoder) or beside(prepared, encoder) for encoder in encoders},
        }
        runs = list(earlier.get("runs", []))
        yield figures | {"runs": runs, "gates": {}}
        for seed in seeds:
            if seed not in (run["seed"] for run in runs):
                runs = sorted([*runs, engine(name, seed, overrides)], key=lambda run: run["seed"])
                aims = gates(name, runs) if all("threads=" in setting for setting in overrides) else {}
                yield figures | {"runs": runs, "gates": aims}


def measure(
    names: list[str], seeds: list[int], encoders: list[str], settings: list[str], quick: bool, into: Path | None
) -> dict[str, Any]:
    """Everything that the JSON says; written to `into` after every run."""
    figures: dict[str, Any] = {
        "benchmark": "transformer_quality",
        "machine": machine(),
        "versions": versions(),
        "seeds": seeds,
        "quick": quick,
        "set": settings,
        "protocol": "leave-one-out, whole catalogue, seen items removed",
        "data": {},
    }
    if into is not None and into.exists():
        earlier = read_json(into)
        if any(earlier[key] != figures[key] for key in ("quick", "set", "protocol")):
            raise SystemExit(f"{into} was measured with other settings; name another file")
        figures["data"] = earlier["data"]
    for name in names:
        for data in of_data(name, seeds, encoders, settings, quick, figures["data"].get(name, {})):
            figures["data"][name] = data
            if into is not None:
                write_json(into, figures)
    return figures


def table(figures: dict[str, Any]) -> str:
    """For people."""
    lines = []
    for name, data in figures["data"].items():
        if "skipped" in data:
            lines.append(f"{name}: skipped: {data['skipped']}")
            continue
        rows = [("popularity", data["popularity"]), ("first-order Markov", data["markov"]), *data["encoders"].items()]
        for run in data["runs"]:
            rows += [(f"{signal}, seed {run['seed']}", row) for signal, row in run["signals"].items()]
            rows.append((f"policy, seed {run['seed']}: {run['policy']['weights']}", run["policy"]))
        lines.append(f"{name}: {data['sizes']}, targets {data['targets']}")
        lines += [f"  {row['ndcg@10']:.4f}  {row['hit_rate@10']:.4f}  {label}" for label, row in rows]
        lines += [f"  {label}: {gate}" for label, gate in data["gates"].items()]
        lines += [f"  minutes {run['minutes']} {run['fit_minutes']}, {run['peak_gib']} GiB" for run in data["runs"]]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_USERS} users and {QUICK_EPOCHS} epochs")
    parser.add_argument("--data", default="ml-1m,beauty", help="comma-separated; default ml-1m,beauty")
    parser.add_argument("--seeds", default="0", help="comma-separated; default 0")
    parser.add_argument("--encoders", default="", help="comma-separated encoders beside; default none")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of a run; default 0, all")
    parser.add_argument("--into", type=Path, help="file of an earlier run with these settings, or a new one")
    parser.add_argument("--remark", default="", help="one sentence for the page, such as what else ran beside it")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the configuration")
    arguments = parser.parse_args()
    names, encoders = ([part for part in text.split(",") if part] for text in (arguments.data, arguments.encoders))
    seeds = [int(seed) for seed in arguments.seeds.split(",") if seed]
    settings = [*arguments.set, *([f"threads={arguments.threads}"] if arguments.threads else [])]
    figures = measure(names, seeds, encoders, settings, arguments.quick, arguments.into)
    if arguments.remark:
        figures["remark"] = arguments.remark
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
