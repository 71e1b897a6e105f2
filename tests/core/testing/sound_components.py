"""The smallest component of each kind that keeps to its contract: what broken twins are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field

from paretorec.contracts import (
    Box,
    ComponentConfig,
    ComponentRef,
    Gain,
    Split,
    State,
    hookimpl,
)
from paretorec.data.requests import requests_at
from paretorec.errors import DataError
from paretorec.judge import rank_weighted
from paretorec.search.sampling import first_points
from paretorec.testing.world import tiny_tables


class Config(ComponentConfig):
    """Something to configure."""

    width: int = Field(default=4, ge=1, description="A number.")


class Component:
    def __init__(self, config):
        self.config = config


class Source(Component):
    def load(self):
        return tiny_tables()


class Splitter(Component):
    """Halves of the log's time; the second in three parts, one request a user and part."""

    def split(self, data, seed):
        cuts = np.linspace(data.time[0], data.time[-1] + 1, 9).astype(np.int64)[4:]
        user = np.arange(len(data.user_ids), dtype=np.int32)
        names = ("validation", "rank", "select", "certify")
        parts = {}
        for name, begin, end in zip(names, cuts[:-1], cuts[1:], strict=True):
            requests = requests_at(data, user, np.full(len(user), begin), int(end - begin))
            parts[name] = requests.take(np.flatnonzero(np.diff(requests.offsets)))
        fit = data.time < cuts[0]
        if not fit.any() or not len(parts["select"]):
            raise DataError("no row is left to learn from, or no request to select on; give a longer log")
        return Split(fit=fit, fit_end=int(cuts[0]), counts={"fit_rows": int(fit.sum())}, **parts)


class Encoder(Component):
    """How often an item was taken by all, and by the user."""

    counts = np.zeros(0)

    def fit(self, data, run):
        row, position = data.histories.flat()
        del row
        self.counts = np.bincount(data.histories.items[position], minlength=len(data.items)).astype(np.float32)

    def score(self, histories, items):
        every = self.counts + own_counts(histories, len(self.counts))
        if items is None:
            return every
        return np.take_along_axis(every, np.maximum(items, 0), axis=1)

    def state(self):
        return State({"counts": self.counts})

    def restore(self, state, items):
        self.counts = np.zeros(len(items), np.float32)
        self.counts[: len(state.arrays["counts"])] = state.arrays["counts"]


def own_counts(histories, items):
    row, position = histories.flat()
    counts = np.bincount(row * items + histories.items[position], minlength=len(histories) * items)
    return counts.reshape(len(histories), items).astype(np.float32)


class VectorEncoder(Encoder):
    """Capability ``vectors``."""

    def encode_users(self, histories):
        return np.stack([np.ones(len(histories)), np.log1p(histories.length)], axis=1).astype(np.float32)

    def encode_items(self, items):
        return np.stack([self.counts, self.counts], axis=1)


class RandomEncoder(Encoder):
    """Capability ``random``."""

    def fit(self, data, run):
        super().fit(data, run)
        self.counts = self.counts + run.rng("encoder").random(len(self.counts)).astype(np.float32)


class Index(Component):
    """Every inner product, sorted."""

    vectors = np.zeros((0, 0))

    def build(self, vectors, run):
        self.vectors = vectors

    def search(self, queries, k, allowed):
        scores = np.einsum("bd,nd->bn", queries, self.vectors)
        scores = scores if allowed is None else np.where(allowed, scores, -np.inf)
        scores = np.pad(scores, ((0, 0), (0, k)), constant_values=-np.inf)
        codes = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        scores = np.take_along_axis(scores, codes, axis=1).astype(np.float32)
        return np.where(np.isfinite(scores), codes, -1).astype(np.int32), scores

    def state(self):
        return State()

    def restore(self, state, vectors):
        self.vectors = vectors


class Ranker(Component):
    """The share of clicks, more for what the encoders score highly."""

    heads = ()
    share = np.zeros(1)

    def fit(self, examples, run):
        labels = [block.labels["click"][~block.held_out] for block in examples.blocks()]
        known = np.concatenate([part[~np.isnan(part)] for part in labels])
        if not len(known):
            raise DataError("there is no training request")
        self.share = known.mean(keepdims=True)
        self.heads = ("click",)

    def predict(self, view):
        score = sum(view.scores.values())
        return {"click": (self.share / (1 + np.exp(-score))).astype(np.float32)}

    def state(self):
        return State({"share": self.share})

    def restore(self, state):
        self.share = state.arrays["share"]
        self.heads = ("click",)


class Evaluator(Component):
    """Clicks a slot; the first slot counts twice."""

    direction = "max"
    unit = ""

    def metric(self, truth, k):
        hit = np.nan_to_num(truth.requests.target_labels["click"]).astype(np.float64)
        discount = np.ones(k)
        discount[0] = 2.0
        return Gain(target=hit, z=np.full(len(truth.requests), float(k)), discount=discount)


class ReducingEvaluator(Evaluator):
    """Whether anything in the list was clicked."""

    def metric(self, truth, k):
        return replace(super().metric(truth, k), discount=None, reduce=self.reduce)

    def reduce(self, gains, z):
        return (gains > 0).any(axis=-1).astype(np.float64)


class Objective(Component):
    """Cheap items."""

    label = "cheap items"
    needs_events = ()
    evaluator = ComponentRef(use="ndcg")

    def signal(self, view):
        price = view.table.numbers.get("list_price")
        return None if price is None else -price[np.maximum(view.items, 0)]

    def item_signal(self, items):
        return np.log1p(items.counts).astype(np.float32)


class Policy(Component):
    """Weighted sum."""

    linear = True

    def space(self, signals):
        return Box(np.zeros(len(signals)), np.ones(len(signals)), signals, np.eye(len(signals)))

    def sample(self, box, count, seed):
        return np.random.default_rng(seed).random((count, len(box.names)))

    def prepare(self, values):
        return values

    def weights(self, theta):
        return theta.astype(np.float32)

    def rank(self, batch, theta, depth):
        return rank_weighted(batch.values, batch.mask, self.weights(theta), depth)


class SettledConfig(Config):
    share: float = Field(default=0.0, description="Counted.")


class SettledPolicy(Policy):
    """A kind of which the data decides a part."""

    def settle(self, requests, items):
        return self.config.model_copy(update={"share": float(len(requests))})


class Rule(Component):
    """No tea for those who have a history, and every other item of the catalogue is kept in lists."""

    depth = 2

    def mask(self, view):
        known = view.table.categories.get("category")
        tea = np.zeros(len(view.table), bool) if known is None else known.codes == 1
        return view.mask & ~(tea[np.maximum(view.items, 0)] & (view.histories.length > 0)[:, None])

    def shape(self, items, table):
        return (items >= 0) & (np.maximum(items, 0) % 2 == 0)


class Optimizer(Component):
    """Random search. Capability ``random``."""

    def setup(self, problem, seed):
        self.problem, self.seed, self.generation = problem, seed, 0

    def ask(self):
        rng = np.random.default_rng([self.seed, self.generation])
        problem = self.problem if self.generation == 0 else replace(self.problem, first=self.problem.first[:0])
        return first_points(problem, 20, rng)

    def tell(self, x, result):
        self.generation += 1


class Observer(Component):
    """Counts generations."""

    generations = 0

    @hookimpl
    def paretorec_generation_finished(self, event):
        self.generations += 1

    @hookimpl
    def paretorec_run_finished(self, event):
        self.generations = 0


CLASSES = {
    "source": Source,
    "splitter": Splitter,
    "encoder": Encoder,
    "index": Index,
    "ranker": Ranker,
    "evaluator": Evaluator,
    "objective": Objective,
    "policy": Policy,
    "rule": Rule,
    "optimizer": Optimizer,
    "observer": Observer,
}
CAPABILITIES = {Optimizer: {"random"}, RandomEncoder: {"random"}, VectorEncoder: {"vectors"}}
EXTRA = {
    "vectors": ("encoder", VectorEncoder),
    "random": ("encoder", RandomEncoder),
    "reducing": ("evaluator", ReducingEvaluator),
    "settled": ("policy", SettledPolicy),
}
