"""What each option of the `transformer` is worth on the next item: one change at a time, on validation items alone.

    python tests/benchmarks/transformer_ablation.py [--quick] [--data ml-1m] [--only "NAME;..."] [--epochs 8] [--seed 0]
                                                    [--into FILE] [--json]

PARETOREC_DATA names the folder that holds `ml-1m/` (or `s3rec-beauty/`); what is missing is said in the JSON.

Protocol: that of transformer_quality.py, with the last item but one as the target; the last item is never looked at.
The base is the encoder's defaults at a screening budget: `BASE` below, and as many epochs as --epochs says, of which
one warms up. Each row is the base with the named fields changed; `difference` is its NDCG@10 less the base's, with a
95 % interval paired by user, which knows nothing of how seeds differ. What learns faster need not end higher: a
difference that matters is confirmed at full length. `--into` adds to a file that an earlier run with the same settings
wrote, or begins it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

# Waiting threads sleep instead of spinning: with another program on the same cores, spinning costs a factor of ten.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from transformer_quality import EXAMPLES, QUICK_EPOCHS, gains, load, missing, quick_overrides

from paretorec.artifact import read_json, write_json
from paretorec.contracts import Array, RunContext
from paretorec.prepare import Prepared
from paretorec.record import machine, versions
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig

BASE = {"width": 64, "heads": 1, "warm_up": 1, "patience": 0}
"""A quarter of the default width's work."""
CHANGES: dict[str, dict[str, Any]] = {
    "positions learned": {"positions": "learned"},
    "positions rotary": {"positions": "rotary"},
    "block gelu": {"block": "gelu"},
    "block swiglu": {"block": "swiglu"},
    "attention pointwise": {"attention": "pointwise"},
    "attention pointwise alone": {"attention": "pointwise", "expansion": 0},
    "two heads": {"heads": 2},
    "width 128": {"width": 128},
    "one block": {"layers": 1},
    "three blocks": {"layers": 3},
    "length 50": {"length": 50},
    "length 400": {"length": 400},
    "dropout 0.1": {"dropout": 0.1},
    "dropout 0.4": {"dropout": 0.4},
    "sampled, uniform": {"loss": "sampled"},
    "sampled, in-batch": {"loss": "sampled", "sampling": "in-batch"},
    "sampled, popularity": {"loss": "sampled", "sampling": "popularity"},
    "gbce": {"loss": "gbce"},
    "masked": {"objective": "masked"},
    "label smoothing 0.1": {"label_smoothing": 0.1, "loss": "full"},
    "cosine": {"similarity": "cosine"},
    "cosine, learned temperature": {"similarity": "cosine", "learn_temperature": True},
    "temperature 0.5": {"temperature": 0.5},
    "average of weights": {"ema": 0.5},
    "clipped gradients": {"clip_norm": 1.0},
    "weight decay 0.05": {"weight_decay": 0.05},
    "adam": {"optimizer": "adam"},
    "rmsprop": {"optimizer": "rmsprop"},
    "constant rate": {"schedule": "constant"},
    "batches of 12,800": {"batch_tokens": 12_800},
    "batches of 1,600": {"batch_tokens": 1_600},
    "autocast": {"autocast": True},
    "loss in fp32": {"precision": "fp32"},
}


def trained(prepared: Prepared, fields: dict[str, Any], seed: int) -> tuple[Array, float]:
    """[users] NDCG@10 of the validation items, and minutes."""
    encoder = TransformerEncoder(TransformerConfig(**fields))
    wall = time.perf_counter()
    encoder.fit(prepared.fit_data(), RunContext(seed=seed, threads=1))
    wall = time.perf_counter() - wall
    vectors = encoder.encode_items(prepared.data.items)
    found = gains(lambda histories: encoder.encode_users(histories) @ vectors.T, prepared, prepared.split.validation)
    return found, wall / 60


def row(gain: Array, minutes: float, base: Array | None) -> dict[str, Any]:
    """What the JSON says of one training."""
    found: dict[str, Any] = {"ndcg@10": round(float(gain.mean()), 4), "minutes": round(minutes, 2)}
    if base is not None:
        difference = gain - base
        mean = float(difference.mean())
        away = 1.96 * float(difference.std(ddof=1)) / len(difference) ** 0.5
        found["difference"] = round(mean, 4)
        found["interval"] = [round(mean - away, 4), round(mean + away, 4)]
    return found


def measure(name: str, epochs: int, seed: int, only: list[str], quick: bool, into: Path | None) -> dict[str, Any]:
    """Everything that the JSON says; written into `into` after every training."""
    base = {**BASE, "epochs": epochs}
    figures: dict[str, Any] = {
        "benchmark": "transformer_ablation",
        "machine": machine(),
        "versions": versions(),
        "seeds": [seed],
        "quick": quick,
        "data": name,
        "base": base,
        "changes": len(CHANGES),
    }
    absent = missing(name)
    if absent:
        return figures | {"skipped": absent}
    rows: dict[str, Any] = {}
    gain: list[float] = []
    if into is not None and into.exists():
        earlier = read_json(into)
        if any(earlier[key] != figures[key] for key in ("seeds", "quick", "data", "base")):
            raise SystemExit(f"{into} holds another data set, seed or base; name another file")
        rows, gain = earlier["rows"], earlier["base_gains"]
    with quick_overrides(name, quick) as overrides:
        prepared = load(EXAMPLES / f"{name}.toml", overrides)
        if not rows:
            found, minutes = trained(prepared, base, seed)
            rows["defaults"], gain = row(found, minutes, None), found.round(6).tolist()
        for label in only or CHANGES:
            if label in rows:
                continue
            found, minutes = trained(prepared, base | CHANGES[label], seed)
            rows[label] = row(found, minutes, np.asarray(gain)) | {"changes": CHANGES[label]}
            if into is not None:
                write_json(into, figures | {"rows": rows, "base_gains": gain})
    return figures | {"rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"few users and {QUICK_EPOCHS} epochs")
    parser.add_argument("--data", default="ml-1m", help="default ml-1m")
    parser.add_argument("--epochs", type=int, default=8, help="of every training; default 8")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="changes, with ; between; default all of them")
    parser.add_argument("--into", type=Path, help="file that an earlier run with these settings wrote")
    arguments = parser.parse_args()
    epochs = QUICK_EPOCHS if arguments.quick else arguments.epochs
    only = [label for label in arguments.only.split(";") if label]
    figures = measure(arguments.data, epochs, arguments.seed, only, arguments.quick, arguments.into)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    for label, found in figures.get("rows", {"skipped": figures.get("skipped")}).items():
        print(f"{label}: {found}")


if __name__ == "__main__":
    main()
