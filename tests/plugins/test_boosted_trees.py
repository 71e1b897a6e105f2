"""The `boosted-trees` ranker on a world with a known truth."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mlp_world import ITEMS, log_loss, make_world, take

from paretorec.contracts import Category, ComponentRef, RunContext, State
from paretorec.errors import ConfigError, DataError
from paretorec.registry import Registry

pytest.importorskip("lightgbm")
QUICK = {"trees": 80, "learning_rate": 0.1, "leaves": 15, "least": 20, "patience": 10}


def make(**params):
    return Registry().build("ranker", ComponentRef(use="boosted-trees", params=QUICK | params), "ranker").component


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


def test_heads_are_those_of_every_ranker(ranker, heads, fresh):
    assert ranker.heads == tuple(heads) == ("bought", "bought-logit", "paid", "paid-log")
    for values in heads.values():
        assert (values.dtype, values.shape) == (np.float32, fresh.view.items.shape)
        assert np.isfinite(values).all()
        assert (values[~fresh.view.mask] == 0).all()
    odds = 1 / (1 + np.exp(-heads["bought-logit"][fresh.view.mask]))
    np.testing.assert_allclose(odds, heads["bought"][fresh.view.mask], rtol=1e-5)
    np.testing.assert_allclose(np.exp(heads["paid-log"])[fresh.view.mask], heads["paid"][fresh.view.mask], rtol=1e-4)


def test_it_closes_most_of_the_gap_between_the_base_rate_and_the_truth(heads, fresh):
    label, mask = fresh.labels["bought"], fresh.view.mask
    base = log_loss(np.full(label.shape, label[mask].mean()), label, mask)
    best, found = log_loss(fresh.probability, label, mask), log_loss(heads["bought"], label, mask)
    assert found < base - 0.7 * (base - best)


@pytest.mark.parametrize("objective", ["binary", "lambdarank"])
def test_probabilities_and_amounts_add_up_for_users_never_seen(world, fresh, objective):
    found = fitted(world, objective=objective).predict(fresh.view)
    for head in ("bought", "paid"):
        said, seen = found[head][fresh.view.mask], fresh.labels[head][fresh.view.mask]
        assert said.sum() == pytest.approx(seen.sum(), rel=0.15)
    order = np.argsort(found["bought"][fresh.view.mask])
    label = fresh.labels["bought"][fresh.view.mask][order]
    assert label[len(label) // 2 :].sum() > 0.75 * label.sum()


def test_a_row_depends_on_no_other_row(ranker, fresh):
    view = take(fresh.view, slice(0, 40))
    together = ranker.predict(view)
    for rows in (slice(0, 1), slice(7, 9), slice(39, 40)):
        alone = ranker.predict(take(fresh.view, rows))
        assert all(np.array_equal(alone[name], values[rows]) for name, values in together.items())


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(fresh):
    small = make_world(200, seed=4)
    one, two = (fitted(small, threads=threads, trees=5).predict(fresh.view) for threads in (1, 2))
    assert same(one, two)


def test_a_restored_ranker_predicts_the_same_and_takes_new_items_and_categories(ranker, heads, fresh):
    state = ranker.state()
    meta = json.loads(json.dumps(state.meta))
    again = make()
    again.restore(State({name: values.copy() for name, values in state.arrays.items()}, meta))
    assert again.heads == ranker.heads
    assert same(again.predict(fresh.view), heads)
    table = fresh.view.table
    kind = Category(np.append(table.categories["kind"].codes, 3).astype(np.int32), ("a", "b", "c", "new"))
    longer = replace(
        table,
        ids=np.append(table.ids, "new"),
        first_seen=np.append(table.first_seen, 0),
        categories={"kind": kind},
        features=np.vstack([table.features, table.features[-1:]]),
        timelines={
            name: replace(one, offsets=np.append(one.offsets, one.offsets[-1])) for name, one in table.timelines.items()
        },
    )
    items = fresh.view.items.copy()
    items[:, 0] = ITEMS
    view = replace(fresh.view, items=items, mask=items >= 0, table=longer)
    assert all(np.isfinite(values).all() for values in again.predict(view).values())


def test_what_was_not_observed_weighs_nothing(world, fresh):
    hidden = {name: values.copy() for name, values in world.labels.items()}
    hidden["bought"][::2] = np.nan
    said = fitted(replace(world, labels=hidden)).predict(fresh.view)["bought"][fresh.view.mask]
    assert said.sum() == pytest.approx(fresh.labels["bought"][fresh.view.mask].sum(), rel=0.2)


def test_bare_data_is_enough(fresh):
    bare = make_world(400, seed=3, columns=False)
    found = fitted(bare).predict(bare.view)
    assert all(np.isfinite(values).all() for values in found.values())


def test_without_held_out_requests_it_still_learns(world, fresh):
    found = fitted(replace(world, held_out=np.zeros(len(world), bool)), trees=20).predict(fresh.view)
    assert np.corrcoef(found["bought"][fresh.view.mask], fresh.probability[fresh.view.mask])[0, 1] > 0.6


def test_misuse_is_explained(ranker, world, fresh):
    with pytest.raises(ConfigError, match="boosted-trees has learned nothing yet"):
        make().predict(fresh.view)
    with pytest.raises(ConfigError, match="boosted-trees was fitted with other inputs"):
        ranker.predict(replace(fresh.view, scores={}))
    with pytest.raises(ConfigError, match="'sold' is not in the data"):
        fitted(world, events=("sold",))
    with pytest.raises(DataError, match="only held-out ones"):
        fitted(replace(world, held_out=np.ones(len(world), bool)))
    for value, what in ((0.0, "positive"), (1.0, "negative")):
        one_class = world.labels | {"bought": np.full_like(world.labels["bought"], value)}
        with pytest.raises(
            DataError, match=f"no {what} example of 'bought' to learn from; leave it out of ranker.params"
        ):
            fitted(replace(world, labels=one_class))
