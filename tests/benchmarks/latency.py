"""How long one user waits: from item ids to the ids of the ten best, in process, and what eight bits cost.

    python tests/benchmarks/latency.py [--quick] [--json]

Shape of MovieLens-1M: 3,416 items, vectors of length 64, two blocks, histories of the newest 200 items. Interactions
are made up and the network is hardly trained, since only the shape decides how long it takes. Each request is a history
of somebody never seen, answered by each way in turn, on one thread:

- `encoder` (`p50_ms`, `p99_ms`): ids -> codes -> `encode_users` -> exact top ten (`paretorec.topk`) -> ids;
- `onnxruntime`, `onnxruntime_int8`: ids -> codes -> the exported graph -> ids;
- `recommend`: `Recommender.recommend` of a saved run: candidates, normalised signals, the policy, a DataFrame.

`cpu_ms` is the mean time on the processor, which other programs on a busy machine do not lengthen as they do the rest.
`short` is the same for histories of 20 items. `equal`: on every request the graph's items are the encoder's, and its
scores the same within 1e-4.

`int8`: NDCG@10 of the last item of every user (leave-one-out; all items ranked, seen ones removed) by the encoder, the
graph and the graph of eight bits, the network trained for some minutes on MovieLens-1M's file (PARETOREC_DATA) or,
quickly or without it, on walks made up; `data` says which. `change` is paired by user, in percent of the encoder's,
with its 95 % interval.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy and torch are imported
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import numpy as np
import pandas as pd
from transformer_quality import load, ranks

from paretorec import Engine
from paretorec.contracts import Array, ComponentRef, Histories, RunContext, Tables
from paretorec.export import quantise
from paretorec.loops import available_cores
from paretorec.prepare import Prepared
from paretorec.record import machine, versions
from paretorec.registry import Registry
from paretorec.topk import top_k

ITEMS, LENGTH, SHORT, K = 3416, 200, 20, 10
PLAIN = {"width": 64, "heads": 1, "block": "gelu", "positions": "learned", "dropout": 0.2}
"""As SASRec."""
FULL = {"requests": 2000, "minutes": 5.0}
QUICK = {"requests": 100, "minutes": 0.1}
ML_1M = Path(__file__).parents[2] / "docs" / "examples" / "ml-1m.toml"
BATCH = 64


def walks(users: int, items: int, length: int, seed: int) -> pd.DataFrame:
    """Everybody goes from item to item, mostly to the next one or the one after it."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([1, 2, 0], (users, length), p=[0.5, 0.3, 0.2])
    jumps = np.where(steps == 0, rng.integers(0, items, steps.shape), steps)
    taken = (rng.integers(0, items, (users, 1)) + jumps.cumsum(axis=1)) % items
    user = np.repeat(np.arange(users), length)
    return pd.DataFrame({"user_id": user, "item_id": taken.ravel(), "time": np.tile(np.arange(length), users) * 86_400})


def shop(minutes: float) -> Engine:
    """A run of nothing but the network, hardly trained."""
    log = walks(150, ITEMS, 220, 0)
    all_items = pd.DataFrame({"user_id": np.arange(ITEMS) // 200, "item_id": np.arange(ITEMS), "time": 0})
    engine = Engine(
        {
            "threads": 1,
            "split": {"use": "leave-one-out"},
            "encoders": [{"use": "transformer", "params": {"length": LENGTH, "epochs": 1, "minutes": minutes}}],
            "objectives": [{"use": "relevance"}],
            "optimizer": {"use": "random"},
            "search": {"evaluations": 10},
            "certify": {"resamples": 200},
        }
    )
    engine.run(pd.concat([all_items, log]))
    return engine


def by_graph(session: Any, ids: Array, codes: dict[str, int]) -> Callable[[list[str]], tuple[list[str], Array]]:
    """An exported graph as a function from ids to (ids, scores)."""

    def answer(history: list[str]) -> tuple[list[str], Array]:
        asked = np.array([[codes[item] for item in history]], np.int64)
        items, scores = session.run(["items", "scores"], {"history": asked})
        return ids[items[0]].tolist(), scores[0]

    return answer


def sessions(engine: Engine, folder: Path) -> dict[str, Any]:
    """The exported graph, as it is and of eight bits, on one thread."""
    import onnxruntime

    described = json.loads(engine.export(folder, k=K, int8=True).read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    names = {"onnxruntime": described["file"], "onnxruntime_int8": described["int8"]}
    return {name: onnxruntime.InferenceSession(folder / file, options) for name, file in names.items()}


def ways(engine: Engine, folder: Path) -> dict[str, Callable[[list[str]], tuple[list[str], Array]]]:
    """Way -> (ids of a history -> (ids of the best, scores))."""
    recommender = engine.serve(engine.front.points[0])
    encoder = engine.fitted.bundle.encoders["transformer"]
    ids, codes = engine.fitted.data.items.ids, dict(recommender.item_codes)
    assert encoder.item_vectors is not None

    def encode(history: list[str]) -> tuple[list[str], Array]:
        asked = recommender.history.external([np.array([codes[item] for item in history])], recommender.end)
        items, scores = top_k(encoder.users(asked), encoder.item_vectors, K)
        return ids[items[0]].tolist(), scores[0]

    def recommend(history: list[str]) -> tuple[list[str], Array]:
        rows = recommender.recommend(histories={"guest": history}, k=K)
        return rows["item_id"].tolist(), rows["score"].to_numpy()

    graphs = {name: by_graph(session, ids, codes) for name, session in sessions(engine, folder).items()}
    return {"encoder": encode, **graphs, "recommend": recommend}


def waits(found: dict[str, Any], requests: list[list[str]]) -> tuple[dict[str, dict[str, float]], bool]:
    """(way -> milliseconds, whether encoder and graph agree on every request)."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
    equal = True
    for way in found.values():
        for history in requests[:5]:
            way(history)  # warm
    for history in requests:
        answers = {}
        for name, way in found.items():
            start, busy = time.perf_counter(), time.process_time()
            answers[name] = way(history)
            times[name].append((1000 * (time.perf_counter() - start), 1000 * (time.process_time() - busy)))
        (mine, my_scores), (theirs, their_scores) = answers["encoder"], answers["onnxruntime"]
        close = np.abs(my_scores - their_scores) <= 1e-4
        same = (one == other or tied(my_scores, at) for at, (one, other) in enumerate(zip(mine, theirs, strict=True)))
        equal &= bool(close.all()) and all(same)
    return {name: spread(values) for name, values in times.items()}, equal


def tied(scores: Array, at: int) -> bool:
    """Whether a place's score is its neighbour's, to rounding; the last one's neighbour may be the next item."""
    gaps = np.abs(np.diff(scores))
    return at == len(scores) - 1 or bool(gaps[at] < 1e-5 or (at > 0 and gaps[at - 1] < 1e-5))


def spread(values: list[tuple[float, float]]) -> dict[str, float]:
    wall, busy = np.array(values).T
    return {
        "p50_ms": round(float(np.median(wall)), 2),
        "p99_ms": round(float(np.quantile(wall, 0.99)), 2),
        "cpu_ms": round(float(busy.mean()), 2),
    }


def taught(minutes: float, quick: bool) -> tuple[Any, Prepared, str]:
    """(a trained transformer, the data, its name)."""
    from paretorec.components import Components
    from paretorec.config import RunConfig
    from paretorec.prepare import prepare

    file = Path(os.path.expandvars("${PARETOREC_DATA}/ml-1m/ml-1m.txt.gz"))
    if file.is_file() and not quick:
        prepared, name = load(ML_1M, []), "MovieLens-1M"
    else:
        config = RunConfig(split=ComponentRef(use="leave-one-out", params={"rank_share": 0}))
        tables = Tables(walks(300, 300, 40, 1), None, None, origin="walks")
        prepared, name = prepare(tables, config, Components.build(config, Registry())), "walks made up"
    params = {"length": LENGTH, "minutes": minutes}
    encoder = Registry().build("encoder", ComponentRef(use="transformer", params=params)).component
    encoder.fit(prepared.fit_data(), RunContext(threads=available_cores()))
    return encoder, prepared, name


def eight_bits(minutes: float, quick: bool, folder: Path) -> dict[str, Any]:
    """What quantising costs in NDCG@10."""
    import onnxruntime

    encoder, prepared, name = taught(minutes, quick)
    items, requests = prepared.data.items, prepared.split.certify
    encoder.export(folder / "all.onnx", "onnx", items, len(items))
    quantise(folder / "all.onnx", folder / "all.int8.onnx")
    vectors = encoder.encode_items(items)
    whole = onnxruntime.InferenceSession(folder / "all.onnx")
    small = onnxruntime.InferenceSession(folder / "all.int8.onnx")

    def by(session: Any) -> Callable[[Histories], Array]:
        def score(histories: Histories) -> Array:
            codes = histories.last(LENGTH).astype(np.int64)
            order, found = session.run(["items", "scores"], {"history": codes})
            scores = np.empty_like(found)
            np.put_along_axis(scores, order, found, axis=1)
            return scores

        return score

    scored = {
        "encoder": lambda histories: encoder.encode_users(histories) @ vectors.T,
        "onnxruntime": by(whole),
        "int8": by(small),
    }
    gains: dict[str, Array] = {}
    for which, score in scored.items():
        found = []
        for start in range(0, len(requests), BATCH):
            some = requests.take(slice(start, start + BATCH))
            histories = prepared.history.at(some.user, some.time)
            found.append(ranks(np.array(score(histories)), histories, some.target_items))
        rank = np.concatenate(found)
        gains[which] = np.where(rank <= K, 1 / np.log2(rank + 1), 0.0)
    base = float(gains["encoder"].mean())
    lost = 100 * (gains["int8"] - gains["encoder"]) / max(base, 1e-12)
    away = 1.96 * float(lost.std(ddof=1)) / np.sqrt(len(lost))
    return {
        "data": name,
        "minutes": minutes,
        "users": len(requests),
        "ndcg@10": {which: round(float(gain.mean()), 4) for which, gain in gains.items()},
        "change": round(float(lost.mean()), 2),
        "interval": [round(float(lost.mean()) - away, 2), round(float(lost.mean()) + away, 2)],
        "mib": round((folder / "all.onnx").stat().st_size / 2**20, 2),
        "mib_int8": round((folder / "all.int8.onnx").stat().st_size / 2**20, 2),
    }


def measure(sizes: dict[str, Any], quick: bool) -> dict[str, Any]:
    if find_spec("onnxruntime") is None or find_spec("onnxscript") is None:
        return {"benchmark": "latency", "skipped": "onnxruntime is not installed: pip install 'paretorec[export]'"}
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        engine = shop(0.05)
        found = ways(engine, Path(name))
        ids = engine.fitted.data.items.ids

        def some(length: int) -> list[list[str]]:
            return [ids[rng.integers(0, ITEMS, length)].tolist() for _ in range(sizes["requests"])]

        long, equal = waits(found, some(LENGTH))
        short, equal_too = waits(found, some(SHORT))
        bits = eight_bits(sizes["minutes"], quick, Path(name))
    return {
        "benchmark": "latency",
        "machine": {"processor": machine()["processor"], "cores": available_cores(), "system": platform.platform()},
        "versions": versions() | {name: version_of(name) for name in ("onnx", "onnxruntime")},
        "seeds": [0],
        "sizes": {**sizes, "items": ITEMS, "length": LENGTH, "short": SHORT, "width": 64, "blocks": 2, "k": K},
        "data": "interactions made up in the shape of MovieLens-1M, a network that is hardly trained",
        **long["encoder"],
        "equal": equal and equal_too,
        "long": long,
        "short": short,
        "int8": bits,
    }


def version_of(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def told(figures: dict[str, Any]) -> str:
    if "skipped" in figures:
        return f"skipped: {figures['skipped']}"
    peer, bits = figures["long"]["onnxruntime"], figures["int8"]
    return (
        f"{figures['p50_ms']} ms (p99 {figures['p99_ms']}), onnxruntime {peer['p50_ms']} ({peer['p99_ms']}), "
        f"{'equal' if figures['equal'] else 'NOT EQUAL'}; int8 changes NDCG@10 by {bits['change']} % {bits['interval']}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer requests, and walks instead of MovieLens-1M")
    arguments = parser.parse_args()
    figures = measure(QUICK if arguments.quick else FULL, arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else told(figures))


if __name__ == "__main__":
    main()
