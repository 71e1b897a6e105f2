"""Whether one Transformer that is told how events weigh spans their trade-off as well as several that are not.

    python tests/benchmarks/preference.py [--quick] [--data simulated-store,kuairand] [--seeds 0,1,2] [--json]

PARETOREC_DATA names the folder that holds `kuairand/`; what is missing is said in the JSON.

Two goals, each the share of a list's items on which an event happened: clicks and purchases in the simulated store
(ten of the whole catalogue), long views and likes of KuaiRand (three of what was shown). Three ways to serve weights
from all on the one to all on the other, with as many epochs of training in all:

* `conditioned`: one network with `preferences`, asked with eleven of them.
* `fixed`: three networks with `event_weights` of 1 : 0, 1 : 2 and 0 : 1, a third of the epochs each.
* `fused`: two networks, one an event, half of the epochs each; eleven sums of their scores, standardised by request.

Lists are judged on the certify requests, which nothing here has seen or chosen by. `hypervolume` is that of a way's
lists, in units of the box between the worst and the best value that any way has in each goal (of a seed; the reference
point is the worst); `difference` is the conditioned one's less that of another way, with a 95 % interval over 500
bootstrap samples of users, the box kept.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Waiting threads sleep instead of spinning: with another program on the same cores, spinning costs a factor of ten.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from transformer_quality import load

from paretorec.contracts import Array, Requests, RunContext
from paretorec.prepare import Prepared
from paretorec.record import machine, versions
from paretorec.search.pareto import hypervolume
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TASKS: dict[str, dict[str, Any]] = {
    "simulated-store": {"events": ("click", "purchase"), "k": 10, "shown": False, "epochs": 30},
    "kuairand": {"events": ("long_view", "like"), "k": 3, "shown": True, "epochs": 12},
}
NETWORK = {"width": 64, "length": 50, "warm_up": 0.5, "patience": 0}
SHARES = np.linspace(0, 1, 11)
"""What the first event counts."""
SAMPLES, BLOCK = 500, 256
STORE = 7
"""Seed of the store: the network's parts were tried on the one that stands in the example."""
Score = Callable[[Any], Array]
"""Histories -> [B, N]."""


def scorer(encoder: TransformerEncoder, prepared: Prepared) -> Score:
    vectors = encoder.encode_items(prepared.data.items)
    return lambda histories: encoder.encode_users(histories) @ vectors.T


def fitted(prepared: Prepared, seed: int, **fields: Any) -> TransformerEncoder:
    encoder = TransformerEncoder(TransformerConfig(**NETWORK, **fields))
    encoder.fit(prepared.fit_data(), RunContext(seed=seed, threads=1))
    return encoder


def conditioned(prepared: Prepared, events: tuple[str, str], epochs: int, seed: int) -> list[Score]:
    encoder = fitted(prepared, seed, preferences=events, epochs=epochs)
    wishes = [dict(zip(events, (share, 1 - share), strict=True)) for share in SHARES]
    return [scorer(encoder.preferring(wish), prepared) for wish in wishes]


def fixed(prepared: Prepared, events: tuple[str, str], epochs: int, seed: int) -> list[Score]:
    weights = [dict(zip(events, pair, strict=True)) for pair in ((1.0, 0.0), (0.5, 1.0), (0.0, 1.0))]
    return [
        scorer(fitted(prepared, seed, event_weights=weight, epochs=max(1, epochs // 3)), prepared) for weight in weights
    ]


def fused(prepared: Prepared, events: tuple[str, str], epochs: int, seed: int) -> list[Score]:
    first, second = (
        scorer(fitted(prepared, seed, event_weights={event: 1.0}, epochs=max(1, epochs // 2)), prepared)
        for event in events
    )

    def mixed(share: float) -> Score:
        return lambda histories: share * _standard(first(histories)) + (1 - share) * _standard(second(histories))

    return [mixed(float(share)) for share in SHARES]


def _standard(scores: Array) -> Array:
    out: Array = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
    return out


WAYS = {"conditioned": conditioned, "fixed": fixed, "fused": fused}


def happened(requests: Requests, event: str, items: int) -> Array:
    """float64 [B, N]: on which items; NaN where nothing was logged."""
    out = np.full((len(requests), items), np.nan)
    out[requests.target_rows, requests.target_items] = np.nan_to_num(requests.target_labels[event]) > 0
    return out


def judged(scores: list[Score], prepared: Prepared, task: dict[str, Any]) -> Array:
    """[requests, lists, 2]: shares of the listed items on which each event happened."""
    requests, k = prepared.split.certify, task["k"]
    out = np.zeros((len(requests), len(scores), 2))
    for start in range(0, len(requests), BLOCK):
        rows = slice(start, min(start + BLOCK, len(requests)))
        some = requests.take(rows)
        histories = prepared.history.at(some.user, some.time)
        truth = np.stack([happened(some, event, len(prepared.data.items)) for event in task["events"]], axis=2)
        for number, score in enumerate(scores):
            found = score(histories).astype(np.float64)
            if task["shown"]:
                found[np.isnan(truth[:, :, 0])] = -np.inf
            best = np.argsort(-found, axis=1, kind="stable")[:, :k]
            out[rows, number] = np.nan_to_num(np.take_along_axis(truth, best[:, :, None], axis=1)).mean(axis=1)
    return out


def compared(gains: dict[str, Array], user: Array, seed: int) -> dict[str, Any]:
    """Hypervolumes and their paired differences; gains: way -> [requests, lists, 2]."""
    means = np.concatenate([gain.mean(axis=0) for gain in gains.values()])
    worst, best = means.min(axis=0), means.max(axis=0)

    def volume(gain: Array, weight: Array) -> float:
        values = (np.tensordot(weight, gain, axes=1) / weight.sum() - worst) / np.maximum(best - worst, 1e-12)
        return float(hypervolume(-values, np.zeros(2)))  # which asks for costs

    _, member = np.unique(user, return_inverse=True)
    draws = np.random.default_rng(seed).multinomial(
        member.max() + 1, np.full(member.max() + 1, 1 / (member.max() + 1)), SAMPLES
    )
    sampled = {way: np.array([volume(gain, draw[member]) for draw in draws]) for way, gain in gains.items()}
    alike = np.ones(len(user))
    found: dict[str, Any] = {"box": {"worst": worst.round(5).tolist(), "best": best.round(5).tolist()}, "ways": {}}
    for way, gain in gains.items():
        row: dict[str, Any] = {
            "points": gain.mean(axis=0).round(5).tolist(),
            "hypervolume": round(volume(gain, alike), 4),
        }
        if way != "conditioned":
            difference = sampled["conditioned"] - sampled[way]
            row["difference"] = round(volume(gains["conditioned"], alike) - volume(gain, alike), 4)
            row["interval"] = np.quantile(difference, (0.025, 0.975)).round(4).tolist()
        found["ways"][way] = row
    return found


def of_data(name: str, seeds: list[int], quick: bool) -> dict[str, Any]:
    """Everything about one data set."""
    folder = Path(os.environ.get("PARETOREC_DATA", "")) / "kuairand"
    if name == "kuairand" and not folder.is_dir():
        return {"skipped": "PARETOREC_DATA names no folder with kuairand"}
    task = TASKS[name]
    overrides = [f"source.params.seed={STORE}"] if name == "simulated-store" else []
    prepared = load(EXAMPLES / f"{name}.toml", overrides)
    epochs = 3 if quick else task["epochs"]
    runs = []
    for seed in seeds:
        gains, minutes = {}, {}
        for way, serve in WAYS.items():
            wall = time.perf_counter()
            scores = serve(prepared, task["events"], epochs, seed)
            minutes[way] = round((time.perf_counter() - wall) / 60, 2)
            gains[way] = judged(scores, prepared, task)
        run = compared(gains, prepared.split.certify.user, seed)
        for way, spent in minutes.items():
            run["ways"][way]["minutes"] = spent
        runs.append({"seed": seed, **run})
    certify = prepared.split.certify
    return {
        "events": task["events"],
        "k": task["k"],
        "epochs": epochs,
        "requests": len(certify),
        "users": len(np.unique(certify.user)),
        "runs": runs,
    }


def measure(names: list[str], seeds: list[int], quick: bool) -> dict[str, Any]:
    """Everything that the JSON says."""
    return {
        "benchmark": "preference",
        "machine": machine(),
        "versions": versions(),
        "seeds": seeds,
        "quick": quick,
        "network": NETWORK,
        "data": {name: of_data(name, seeds, quick) for name in names},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="few users and epochs")
    parser.add_argument("--data", default=",".join(TASKS), help=f"comma-separated; default {','.join(TASKS)}")
    parser.add_argument("--seeds", default="0,1,2", help="comma-separated; default 0,1,2")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    figures = measure(arguments.data.split(","), seeds, arguments.quick)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    for name, data in figures["data"].items():
        print(name, data.get("skipped", ""))
        for run in data.get("runs", []):
            for way, row in run["ways"].items():
                print(f"  seed {run['seed']} {way}: {row}")


if __name__ == "__main__":
    main()
