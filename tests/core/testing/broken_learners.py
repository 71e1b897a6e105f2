"""Encoders and rankers that are broken in one way each."""

from __future__ import annotations

import numpy as np
from broken_twins import spoiled, twin
from sound_components import Encoder, Ranker

from paretorec.contracts import State


class ForgetfulEncoder(Encoder):
    """adds noise from numpy's global generator while it fits"""

    def fit(self, data, run):
        super().fit(data, run)
        self.counts += np.random.random(len(self.counts)).astype(np.float32)


class SeededEncoder(Encoder):
    """starts from random numbers and does not declare `random`"""

    def fit(self, data, run):
        super().fit(data, run)
        self.counts = self.counts + run.rng("start").random(len(self.counts)).astype(np.float32)


class SortingEncoder(Encoder):
    """sorts the histories' times in place"""

    def fit(self, data, run):
        super().fit(data, run)
        data.histories.times[:] = np.sort(data.histories.times)[::-1]


class WideEncoder(Encoder):
    """returns float64"""

    def score(self, histories, items):
        return super().score(histories, items).astype(np.float64)


class SummingEncoder(Encoder):
    """sums labels that were not observed"""

    def score(self, histories, items):
        row, position = histories.flat()
        dwell = np.bincount(row, weights=histories.labels["dwell"][position], minlength=len(histories))
        return super().score(histories, items) + dwell[:, None].astype(np.float32)


class StandardisingEncoder(Encoder):
    """standardises scores over the batch"""

    def score(self, histories, items):
        scores = super().score(histories, items)
        return scores - scores.mean(axis=0, keepdims=True, dtype=np.float32) if len(scores) else scores


class HalfSavedEncoder(Encoder):
    """forgets in its state what its scores are divided by"""

    scale = np.float32(1)

    def fit(self, data, run):
        super().fit(data, run)
        self.scale = np.float32(max(self.counts.max(initial=0), 1))

    def score(self, histories, items):
        return super().score(histories, items) / self.scale


class ScoresOnlyEncoder(Encoder):
    """declares `vectors` and has none"""


class ShiftedEncoder(Encoder):
    """counts candidates from 1"""

    def score(self, histories, items):
        if items is None:
            return super().score(histories, None)
        return super().score(histories, (items + 1) % len(self.counts))


class FixedSizeEncoder(Encoder):
    """keeps the size of the catalogue that it was fitted with"""

    def restore(self, state, items):
        self.counts = state.arrays["counts"]


class CodesEncoder(Encoder):
    """goes on from earlier counts by item code"""

    before = 0

    def warm_start(self, state, items):
        self.before = state.arrays["counts"]

    def fit(self, data, run):
        super().fit(data, run)
        self.counts = self.counts + self.before


class DividingEncoder(Encoder):
    """divides by the largest count, which is 0 where nobody took anything"""

    def fit(self, data, run):
        super().fit(data, run)
        with np.errstate(all="ignore"):
            self.counts /= self.counts.max()


class ForgetfulRanker(Ranker):
    """draws its start from numpy's global generator"""

    def fit(self, examples, run):
        super().fit(examples, run)
        self.share = self.share * np.random.random()


class SeededRanker(Ranker):
    """starts from random numbers and does not declare `random`"""

    def fit(self, examples, run):
        super().fit(examples, run)
        self.share = self.share * run.rng("start").random()


class MaskingRanker(Ranker):
    """writes 0 into the table's unknown counts"""

    def fit(self, examples, run):
        super().fit(examples, run)
        for block in examples.blocks():
            block.view.table.counts[:] = 0


class WideRanker(Ranker):
    """returns float64"""

    def predict(self, view):
        return {name: head.astype(np.float64) for name, head in super().predict(view).items()}


class SummingRanker(Ranker):
    """adds amounts that were not observed to its score"""

    def predict(self, view):
        row, position = view.histories.flat()
        spent = np.bincount(row, weights=view.histories.labels["sales"][position], minlength=len(view.histories))
        return {"click": super().predict(view)["click"] + spent[:, None].astype(np.float32)}


class SoftmaxRanker(Ranker):
    """divides by the sum over the batch"""

    def predict(self, view):
        head = super().predict(view)["click"]
        return {"click": (head / max(head.sum(), 1e-6)).astype(np.float32)}


class HalfSavedRanker(Ranker):
    """forgets in its state what it is calibrated by"""

    factor = 1.0

    def fit(self, examples, run):
        super().fit(examples, run)
        self.factor = 2.0

    def predict(self, view):
        return {"click": (self.factor * super().predict(view)["click"]).astype(np.float32)}


class WordlessRanker:
    """has no state and no restore"""

    heads = ()

    def __init__(self, config):
        self.config = config

    def fit(self, examples, run):
        self.heads = ("click",)

    def predict(self, view):
        return {"click": np.zeros(view.items.shape, np.float32)}


class HeadlessRanker(Ranker):
    """knows its heads after fit, and not after restore"""

    def restore(self, state):
        self.share = state.arrays["share"]


class FixedSizeRanker(Ranker):
    """has a number for each item of its fit"""

    def fit(self, examples, run):
        super().fit(examples, run)
        self.items = np.ones(len(next(iter(examples.blocks())).view.table), np.float32)

    def predict(self, view):
        return {"click": self.items[np.maximum(view.items, 0)] * super().predict(view)["click"]}

    def state(self):
        return State({"share": self.share, "items": self.items})

    def restore(self, state):
        super().restore(state)
        self.items = state.arrays["items"]


class ColumnRanker(Ranker):
    """takes it for granted that requests have a device"""

    def fit(self, examples, run):
        super().fit(examples, run)
        for block in examples.blocks():
            block.view.histories.context["device"].tolist()


class UntaughtRanker(Ranker):
    """takes the largest of no training labels"""

    def fit(self, examples, run):
        labels = [block.labels["click"][~block.held_out] for block in examples.blocks()]
        np.concatenate(labels).max()
        super().fit(examples, run)


def shows_five_steps(self, original, data, run):
    with run.progress.bar("fit", 5) as bar:
        for _ in range(5):
            bar.advance()
    return original(data, run)


STAYING = "goes through all five steps of its fit, whatever it is asked"

TWINS = [
    twin("encoder.stops", spoiled("encoder", "Staying", "fit", shows_five_steps), STAYING),
    twin("ranker.stops", spoiled("ranker", "Staying", "fit", shows_five_steps), STAYING),
    twin("index.stops", spoiled("index", "Staying", "build", shows_five_steps), STAYING),
    twin("encoder.same-seed", ForgetfulEncoder),
    twin("encoder.other-seed", SeededEncoder),
    twin("encoder.inputs", SortingEncoder),
    twin("encoder.shapes", WideEncoder),
    twin("encoder.finite", SummingEncoder),
    twin("encoder.rows", StandardisingEncoder),
    twin("encoder.round-trip", HalfSavedEncoder),
    twin("encoder.protocol", ScoresOnlyEncoder, capabilities=frozenset({"vectors"})),
    twin("encoder.candidates", ShiftedEncoder),
    twin("encoder.new-items", FixedSizeEncoder),
    twin("encoder.warm-start", CodesEncoder),
    twin("encoder.little-data", DividingEncoder),
    twin("ranker.same-seed", ForgetfulRanker),
    twin("ranker.other-seed", SeededRanker),
    twin("ranker.inputs", MaskingRanker),
    twin("ranker.shapes", WideRanker),
    twin("ranker.finite", SummingRanker),
    twin("ranker.rows", SoftmaxRanker),
    twin("ranker.round-trip", HalfSavedRanker),
    twin("ranker.protocol", WordlessRanker),
    twin("ranker.heads", HeadlessRanker),
    twin("ranker.new-items", FixedSizeRanker),
    twin("ranker.bare-view", ColumnRanker),
    twin("ranker.nothing-to-learn", UntaughtRanker),
]
