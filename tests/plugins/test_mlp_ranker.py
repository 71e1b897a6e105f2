"""The `mlp` ranker on a world with a known truth."""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mlp_world import EVENTS, ITEMS, log_loss, make_world, take

from paretorec.contracts import Category, ComponentRef, RunContext, State
from paretorec.contracts.run import NoProgress
from paretorec.errors import ConfigError, DataError, Interrupted
from paretorec.registry import Registry

QUICK = {"hidden": (16,), "epochs": 6, "learning_rate": 0.01}


def make(**params):
    return Registry().build("ranker", ComponentRef(use="mlp", params=QUICK | params), "ranker").component


def fitted(world, seed=0, threads=1, **params):
    ranker = make(**params)
    ranker.fit(world, RunContext(seed=seed, threads=threads))
    return ranker


def same(a, b):
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def world():
    return make_world(960, seed=1)


@pytest.fixture(scope="module")
def fresh():
    return make_world(1600, seed=2)


@pytest.fixture(scope="module")
def ranker(world):
    return fitted(world)


@pytest.fixture(scope="module")
def heads(ranker, fresh):
    return ranker.predict(fresh.view)


def test_heads_are_the_events_and_each_again_as_log_odds_or_log_amount(ranker, heads, fresh):
    assert ranker.heads == tuple(heads) == ("bought", "bought-logit", "paid", "paid-log")
    for values in heads.values():
        assert values.dtype == np.float32
        assert values.shape == fresh.view.items.shape
        assert np.isfinite(values).all()
        assert (values[~fresh.view.mask] == 0).all()
    odds = 1 / (1 + np.exp(-heads["bought-logit"][fresh.view.mask]))
    np.testing.assert_allclose(odds, heads["bought"][fresh.view.mask], rtol=1e-5)
    np.testing.assert_allclose(np.exp(heads["paid-log"])[fresh.view.mask], heads["paid"][fresh.view.mask], rtol=1e-5)


def test_it_closes_most_of_the_gap_between_the_base_rate_and_the_truth(heads, fresh):
    label, mask = fresh.labels["bought"], fresh.view.mask
    base = log_loss(np.full(label.shape, label[mask].mean()), label, mask)
    best, found = log_loss(fresh.probability, label, mask), log_loss(heads["bought"], label, mask)
    assert found < base - 0.75 * (base - best)


def test_probabilities_and_amounts_are_calibrated_on_users_never_seen(heads, fresh):
    for head in ("bought", "paid"):
        mask = fresh.view.mask
        said, seen = heads[head][mask], fresh.labels[head][mask]
        assert said.sum() == pytest.approx(seen.sum(), rel=0.12)
        for part in np.array_split(np.argsort(said), 4)[2:]:
            assert said[part].mean() == pytest.approx(seen[part].mean(), rel=0.25)


def test_expected_amounts_know_what_items_cost(heads, fresh):
    mask = fresh.view.mask
    price = np.exp(np.linspace(-1, 2, ITEMS))[np.maximum(fresh.view.items, 0)]
    truth = (fresh.probability * price)[mask]
    assert np.corrcoef(np.log(truth), np.log(heads["paid"][mask]))[0, 1] > 0.9


def test_shuffled_labels_teach_nothing(world, fresh):
    rng = np.random.default_rng(0)
    shuffled = replace(world, labels={name: rng.permuted(values, axis=1) for name, values in world.labels.items()})
    label, mask = fresh.labels["bought"], fresh.view.mask
    base = log_loss(np.full(label.shape, label[mask].mean()), label, mask)
    assert log_loss(fitted(shuffled).predict(fresh.view)["bought"], label, mask) > base - 0.002


def test_a_sample_of_the_candidates_keeps_probabilities_right(world, fresh):
    said = fitted(world, sampled=8).predict(fresh.view)["bought"][fresh.view.mask]
    assert said.sum() == pytest.approx(fresh.labels["bought"].sum(), rel=0.15)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimizer_learns(world, fresh, optimizer):
    found = fitted(world, optimizer=optimizer).predict(fresh.view)["bought"]
    label, mask = fresh.labels["bought"], fresh.view.mask
    base = log_loss(np.full(label.shape, label[mask].mean()), label, mask)
    assert log_loss(found, label, mask) < base - 0.02


def test_a_row_depends_on_no_other_row(ranker, fresh):
    view = take(fresh.view, slice(0, 32))
    whole = ranker.predict(view)
    order = np.random.default_rng(0).permutation(32)
    assert same(ranker.predict(take(view, order)), {name: values[order] for name, values in whole.items()})
    others = np.concatenate([[5], np.arange(100, 131)])
    alone = ranker.predict(take(fresh.view, others))
    assert same({name: values[0] for name, values in alone.items()}, {n: values[5] for n, values in whole.items()})


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(world, fresh):
    small = replace(world, held_out=world.held_out)
    view = take(fresh.view, slice(0, 32))
    one, two, other = (fitted(small, **kind).predict(view) for kind in ({}, {"threads": 2}, {"seed": 1}))
    assert same(one, two)
    assert not np.array_equal(one["bought"], other["bought"])
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1 if before > 1 else 2)
        assert same(fitted(small).predict(view), one)
    finally:
        torch.set_num_threads(before)


def test_training_leaves_the_global_generator_alone(world):
    before = torch.get_rng_state()
    fitted(world, epochs=1)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("width", [0, 4])
def test_a_restored_ranker_predicts_the_same_and_takes_new_items_and_categories(world, fresh, width):
    ranker, again = fitted(world, epochs=1, category_width=width), make(epochs=1, category_width=width)
    state = ranker.state()
    again.restore(State({k: np.array(v) for k, v in state.arrays.items()}, json.loads(json.dumps(state.meta))))
    view = take(fresh.view, slice(0, 32))
    assert again.heads == ranker.heads
    assert same(again.predict(view), ranker.predict(view))
    table = view.table
    grown = replace(
        table,
        ids=np.append(table.ids, "new"),
        first_seen=np.append(table.first_seen, 0),
        categories={"kind": Category(np.append(table.categories["kind"].codes, 3).astype(np.int32), (*"abc", "d"))},
        features=np.vstack([table.features, np.zeros((1, 2), np.float32)]),
        timelines={},
    )
    lines = {
        name: replace(line, offsets=np.append(line.offsets, line.offsets[-1])) for name, line in table.timelines.items()
    }
    items = np.where(np.arange(view.items.shape[1]) == 0, ITEMS, view.items).astype(np.int32)
    vectors = {"some": np.vstack([view.item_vectors["some"], np.zeros((1, 3), np.float32)])}
    later = replace(view, items=items, mask=items >= 0, table=replace(grown, timelines=lines), item_vectors=vectors)
    assert np.isfinite(again.predict(later)["paid"]).all()


def test_what_was_not_observed_weighs_nothing(world, fresh):
    """Labels hidden at random leave the truth to be found; taken for "no", they would halve it."""
    hidden = np.random.default_rng(0).random(world.labels["bought"].shape) < 0.5
    labels = {name: np.where(hidden & (values > 0), np.nan, values) for name, values in world.labels.items()}
    labels["paid"] = world.labels["paid"]
    found = fitted(replace(world, labels=labels)).predict(fresh.view)
    mask = fresh.view.mask
    assert found["paid"][mask].sum() == pytest.approx(fresh.labels["paid"][mask].sum(), rel=0.2)
    rate = fresh.labels["bought"][mask].mean()
    assert found["bought"][mask].mean() == pytest.approx(0.5 * rate / (1 - 0.5 * rate), rel=0.2)


def test_bare_data_is_enough(fresh):
    bare = make_world(200, seed=3, columns=False)
    ranker = fitted(replace(bare, events=EVENTS[:1]))
    assert ranker.heads == ("bought", "bought-logit")
    nobody = replace(bare.view, histories=replace(bare.view.histories, end=bare.view.histories.start))
    assert np.isfinite(ranker.predict(nobody)["bought"]).all()


def test_without_held_out_requests_it_still_learns(world, fresh):
    found = fitted(replace(world, held_out=np.zeros(len(world), bool))).predict(fresh.view)["bought"]
    label, mask = fresh.labels["bought"], fresh.view.mask
    assert log_loss(found, label, mask) < log_loss(np.full(label.shape, label[mask].mean()), label, mask) - 0.02


def test_only_the_events_asked_for_are_learned(world):
    assert fitted(world, epochs=1, events=("paid",)).heads == ("paid", "paid-log")
    with pytest.raises(ConfigError, match=r"'clicked' is not in the data; .data.events. has bought, paid"):
        fitted(world, events=("clicked",))


def test_at_most_so_many_requests_are_learned_from(world):
    few = fitted(world, epochs=1, max_requests=50).state()
    all_ = fitted(world, epochs=1).state()
    assert few.arrays["statistics"].shape == all_.arrays["statistics"].shape
    assert not np.array_equal(few.arrays["scaler.pair.mean"], all_.arrays["scaler.pair.mean"])


def test_misuse_is_explained(ranker, world, fresh):
    with pytest.raises(ConfigError, match="call fit or restore first"):
        make().predict(fresh.view)
    with pytest.raises(ConfigError, match=r"fitted with other inputs \(.*other"):
        ranker.predict(replace(fresh.view, scores={"other": fresh.view.scores["some"]}))
    with pytest.raises(DataError, match="no requests to learn from"):
        fitted(make_world(1, seed=0).__class__(world.view, world.probability, {}, np.zeros(0, bool)))
    with pytest.raises(DataError, match="only held-out ones"):
        fitted(replace(world, held_out=np.ones(len(world), bool)))


@pytest.mark.parametrize("weights", [{"stolen": 2.0}, {"bought": 0.0}])
def test_odd_event_weights_are_refused_by_name(world, weights):
    with pytest.raises(ConfigError, match=f"event_weights.{next(iter(weights))}"):
        fitted(world, event_weights=weights)


def test_an_event_that_weighs_more_is_learned_before_the_others(world, fresh):
    def losses(weights):
        heads = fitted(world, event_weights=weights, epochs=1).predict(fresh.view)
        return log_loss(heads["bought"], fresh.labels["bought"], fresh.view.mask)

    assert losses({"bought": 10.0, "paid": 0.01}) < losses({"bought": 0.01, "paid": 10.0})


class StopWhenHalfDone(NoProgress):
    """Asks for the end at the fourth step of the training's bar."""

    def __init__(self, stop):
        self.stop, self.steps, self.notes = stop, 0, []

    @contextmanager
    def bar(self, title, total=None):
        yield self if title == "mlp" else SimpleNamespace(advance=lambda *_: None)

    def advance(self, steps, note=""):
        self.steps += steps
        self.notes.append(note)
        if self.steps >= 4:
            self.stop.set()


def test_an_interrupted_fit_goes_on_to_the_same_ranker(world, ranker, tmp_path):
    stop = threading.Event()
    with pytest.raises(Interrupted):
        make().fit(world, RunContext(folder=tmp_path, stop=stop, progress=StopWhenHalfDone(stop)))
    assert len(list(tmp_path.iterdir())) == 1
    progress = StopWhenHalfDone(threading.Event())
    again = make()
    again.fit(world, RunContext(folder=tmp_path, progress=progress))
    assert progress.notes[0] == "resumed"
    assert same(again.state().arrays, ranker.state().arrays)
    assert not list(tmp_path.iterdir())
