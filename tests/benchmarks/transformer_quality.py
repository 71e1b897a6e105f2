"""How well the `transformer` with its default configuration predicts the next item: MovieLens-1M, leave-one-out.

    python tests/benchmarks/transformer_quality.py [--quick] [--seeds 0,1,2] [--encoders markov,ease] [--threads N]
                                                   [--json]

PARETOREC_DATA names the folder that holds `ml-1m/`; without it the JSON says so, and nothing is measured.

Protocol: the file with items of fewer than five ratings dropped, in its own order; a user's last item is the target,
the last but one stops the training, the network never learns from either; all items are ranked, those that the user
had are removed. One target a user, so NDCG@10 = 1 / log2(rank + 1) and hit rate = recall. Beside it, on the same
targets: popularity (how often an item occurs), first-order Markov counts (how often it came next to the user's
newest item), and the encoders named by --encoders with their defaults. `--seeds ""` leaves the network out.
Figures never decide anything in the code; the default configurations were chosen on validation items.
`targets` is a hash of the target items in user order: equal hashes, comparable figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Waiting threads sleep instead of spinning: with another program on the same cores, spinning costs a factor of ten.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

from paretorec.components import Components
from paretorec.configfile import load_config
from paretorec.contracts import Array, ComponentRef, Histories, Requests, RunContext
from paretorec.fitting import fitted
from paretorec.prepare import Prepared, prepare
from paretorec.record import machine
from paretorec.registry import Registry
from paretorec_plugins.transformer.config import TransformerConfig
from paretorec_plugins.transformer.encoder import TransformerEncoder

CONFIG = Path(__file__).parents[2] / "docs" / "examples" / "ml-1m.toml"
GATE = 0.170
"""Least test NDCG@10 of the default configuration."""
QUICK_USERS, QUICK_EPOCHS = 600, 4
BLOCK = 512


def load(quick: bool) -> Prepared:
    """The example's data and split, through the product's own way in; quick: the first users only."""
    config = load_config(CONFIG)
    components = Components.build(config, Registry())
    assert components.source is not None
    tables = components.source.component.load()
    if quick:
        first = tables.interactions["user"].drop_duplicates().head(QUICK_USERS)
        some = tables.interactions[tables.interactions["user"].isin(first)]
        tables = type(tables)(some.reset_index(drop=True), tables.items, tables.users, tables.origin)
    return prepare(tables, config, components)


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


def quality(score: Any, prepared: Prepared, requests: Requests) -> dict[str, float]:
    """score: histories -> [B, N]."""
    found = []
    for start in range(0, len(requests), BLOCK):
        some = requests.take(slice(start, start + BLOCK))
        histories = prepared.history.at(some.user, some.time)
        found.append(ranks(score(histories), histories, some.target_items))
    rank = np.concatenate(found)
    gain = np.where(rank <= 10, 1 / np.log2(rank + 1), 0)
    return {
        "ndcg@10": round(float(gain.mean()), 4),
        "standard_error": round(float(gain.std(ddof=1) / np.sqrt(len(gain))), 4),
        "hit_rate@10": round(float((rank <= 10).mean()), 4),
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


def scoring(prepared: Prepared, name: str, threads: int) -> dict[str, Any]:
    """Fit an encoder with its defaults, and judge."""
    built = Registry().build("encoder", ComponentRef(use=name))
    encoder = built.component
    wall = time.perf_counter()
    encoder.fit(prepared.fit_data(), RunContext(threads=threads))
    wall = time.perf_counter() - wall
    bundled = fitted(encoder, built.resolved.spec.capabilities, prepared.data.items)
    validation, test = (
        quality(lambda histories: bundled.score(histories)[0].copy(), prepared, requests)
        for requests in (prepared.split.validation, prepared.split.certify)
    )
    return {**test, "validation_ndcg@10": validation["ndcg@10"], "minutes": round(wall / 60, 2)}


def transformer(prepared: Prepared, seed: int, threads: int, quick: bool) -> dict[str, Any]:
    """Fit with the defaults (quick: fewer epochs) and judge."""
    epochs: dict[str, Any] = {"epochs": QUICK_EPOCHS, "warm_up": 1} if quick else {}
    encoder = TransformerEncoder(TransformerConfig(**epochs))
    data = prepared.fit_data()
    wall, processor = time.perf_counter(), time.process_time()
    encoder.fit(data, RunContext(seed=seed, threads=threads))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    vectors = encoder.encode_items(data.items)

    def score(histories: Histories) -> Array:
        return encoder.encode_users(histories) @ vectors.T

    validation = quality(score, prepared, prepared.split.validation)
    return {
        "seed": seed,
        **quality(score, prepared, prepared.split.certify),
        "validation_ndcg@10": validation["ndcg@10"],
        "minutes": round(wall / 60, 2),
        "cpu_minutes": round(processor / 60, 2),
    }


def measure(seeds: list[int], encoders: list[str], threads: int, quick: bool) -> dict[str, Any]:
    """Everything that the JSON says; the data's figures are None where it is missing."""
    figures: dict[str, Any] = {
        "benchmark": "transformer_quality",
        "machine": {"processor": machine()["processor"], "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("paretorec", "numpy", "torch")},
        },
        "seeds": seeds,
        "threads": threads,
        "quick": quick,
        "protocol": "leave-one-out, whole catalogue, seen items removed",
        "sizes": None,
        "targets": None,
        "transformer": [],
        "popularity": None,
        "markov": None,
        "encoders": {},
        "gate": GATE,
        "gate_passed": None,
    }
    folder = os.environ.get("PARETOREC_DATA", "")
    if not folder or not (Path(folder) / "ml-1m" / "ml-1m.txt.gz").is_file():
        return figures | {"skipped": "PARETOREC_DATA names no folder with ml-1m/ml-1m.txt.gz"}
    prepared = load(quick)
    test = prepared.split.certify
    by_user = test.target_items[np.argsort(test.user, kind="stable")]
    ids = " ".join(prepared.data.items.ids[by_user].tolist())
    runs = [transformer(prepared, seed, threads, quick) for seed in seeds]
    return figures | {
        "sizes": {"interactions": len(prepared.data), "users": len(test), "items": len(prepared.data.items)},
        "targets": hashlib.sha256(ids.encode()).hexdigest()[:16],
        "transformer": runs,
        "popularity": quality(popularity(prepared), prepared, test),
        "markov": quality(markov(prepared), prepared, test),
        "encoders": {name: scoring(prepared, name, threads) for name in encoders},
        "gate_passed": None if quick or not runs else all(run["ndcg@10"] >= GATE for run in runs),
    }


def table(figures: dict[str, Any]) -> str:
    if "skipped" in figures:
        return f"skipped: {figures['skipped']}"
    rows = [("popularity", figures["popularity"]), ("first-order Markov", figures["markov"])]
    rows += figures["encoders"].items()
    rows += [(f"transformer, seed {run['seed']}", run) for run in figures["transformer"]]
    lines = [
        f"{name:<22} {row['ndcg@10']:.4f}  {row['hit_rate@10']:.4f}  {row.get('minutes', '')}" for name, row in rows
    ]
    return "\n".join([f"{'':<22} NDCG@10 HR@10   minutes", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_USERS} users and {QUICK_EPOCHS} epochs")
    parser.add_argument("--seeds", default="0", help="comma-separated; default 0")
    parser.add_argument("--encoders", default="markov,ease", help="comma-separated; default markov,ease")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",") if seed]
    encoders = [name for name in arguments.encoders.split(",") if name]
    figures = measure(seeds, encoders, arguments.threads, arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
