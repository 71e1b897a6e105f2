"""Parts of the `mlp`: sampling, losses, calibration, standardisation, own-history features, item statistics."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mlp_world import EVENTS, ITEMS, make_world

from paretorec.contracts import DAY, Histories
from paretorec_plugins.rankers.calibration import Platt, amount_factor
from paretorec_plugins.rankers.examples import sample
from paretorec_plugins.rankers.features import own_features
from paretorec_plugins.rankers.groups import Events
from paretorec_plugins.rankers.items import ItemStatistics
from paretorec_plugins.rankers.losses import amount_loss, listwise_loss, log_loss
from paretorec_plugins.rankers.scaler import LIMIT, Scaler

flags = st.lists(st.lists(st.sampled_from("pn."), min_size=7, max_size=7), min_size=1, max_size=4)


@settings(deadline=None)
@given(flags, st.integers(2, 9), st.integers(0, 99))
def test_a_sample_stands_for_all_observed_candidates_of_its_request(rows, size, seed):
    kind = np.array(rows)
    column, weight = sample(kind == "p", kind != ".", size, np.random.default_rng(seed))
    assert column.shape == weight.shape == (len(rows), min(size, 7))
    drawn = np.take_along_axis(kind, column, 1)
    for row in range(len(rows)):
        assert len(set(column[row])) == column.shape[1]
        assert (weight[row][drawn[row] == "."] == 0).all()
        for one in "pn":
            there, taken = (kind[row] == one).sum(), weight[row][drawn[row] == one]
            assert taken.sum() == pytest.approx(there if len(taken) else 0, rel=1e-5)
        positives = (kind[row] == "p").sum()
        assert (drawn[row] == "p").sum() >= min(positives, size // 2)


def test_every_negative_is_drawn_equally_often():
    positive = np.zeros((4000, 6), bool)
    positive[:, 2] = True
    column, weight = sample(positive, np.ones_like(positive), 3, np.random.default_rng(0))
    total = np.bincount(column.ravel(), weights=weight.ravel(), minlength=6)
    np.testing.assert_allclose(total, 4000, rtol=0.06)
    assert total[2] == 4000


def test_a_weight_of_two_is_the_candidate_twice():
    torch.manual_seed(0)
    logit, label = torch.randn(3, 4), torch.tensor([[1.0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]])
    weight = torch.tensor([1.0, 2, 1, 1]).expand(3, 4)
    twice = [0, 1, 1, 2, 3]
    for loss in (log_loss, listwise_loss):
        doubled = loss(logit[:, twice], label[:, twice], torch.ones(3, 5))
        torch.testing.assert_close(loss(logit, label, weight), doubled)


def test_the_listwise_loss_is_softmax_cross_entropy_over_the_request():
    torch.manual_seed(1)
    logit, label = torch.randn(5, 6), torch.zeros(5, 6)
    target = torch.tensor([0, 3, 5, 1, 2])
    label[torch.arange(5), target] = 1
    wanted = torch.nn.functional.cross_entropy(logit, target, reduction="sum")
    torch.testing.assert_close(listwise_loss(logit, label, torch.ones(5, 6)), wanted)


def test_padding_changes_no_loss():
    torch.manual_seed(2)
    logit, label, weight = torch.randn(2, 5), torch.eye(2, 5), torch.tensor([1.0, 1, 1, 0, 0]).expand(2, 5)
    for loss in (log_loss, listwise_loss, amount_loss):
        torch.testing.assert_close(loss(logit, label, weight), loss(logit[:, :3], label[:, :3], weight[:, :3]))


def test_the_amount_loss_is_smallest_at_the_mean_whatever_the_distribution():
    amount = torch.tensor([0.1, 0.2, 9.0, 2.7])
    guesses = torch.linspace(0.5, 8, 751)
    losses = [float(amount_loss(torch.log(guess).expand(4), amount, torch.ones(4))) for guess in guesses]
    assert float(guesses[int(np.argmin(losses))]) == pytest.approx(3.0, abs=0.02)


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, -1.0), (2.0, 0.7)])
def test_platt_finds_what_distorted_the_logit(slope, intercept):
    rng = np.random.default_rng(3)
    logit = rng.normal(0, 2, 60_000)
    label = rng.random(60_000) < 1 / (1 + np.exp(-(slope * logit + intercept)))
    found = Platt.learn(logit, label, np.ones(60_000))
    assert (found.slope, found.intercept) == (pytest.approx(slope, abs=0.05), pytest.approx(intercept, abs=0.05))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.booleans(), st.floats(0, 5)), min_size=1, max_size=30))
def test_platt_always_keeps_the_order(rows):
    logit, label, weight = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    found = Platt.learn(logit, label, weight)
    assert found.slope > 0
    assert np.isfinite([found.slope, found.intercept]).all()
    if len({y for _, y, w in rows if w > 0}) < 2:
        assert found == Platt()


def test_amounts_are_made_to_add_up_within_reason():
    one = np.ones(4)
    assert amount_factor(one, 1.5 * one, one) == pytest.approx(1.5)
    assert amount_factor(one, 50 * one, one) == 3
    assert amount_factor(one, 0 * one, one) == 1


def test_standardisation_is_weighted_leaves_constants_alone_and_cuts_what_is_far():
    values = np.array([[0.0, 5], [1, 5], [4, 5]], np.float32)
    scaler = Scaler.of(values, np.array([1, 1, 2]))
    wanted = np.array([0.0, 1, 4, 4])
    np.testing.assert_allclose(scaler.mean, [wanted.mean(), 5])
    np.testing.assert_allclose(scaler.deviation, [wanted.std(), 1], rtol=1e-6)
    assert scaler(np.array([[1e9, 5]], np.float32)).tolist() == [[LIMIT, 0]]


def test_own_features_say_what_the_contract_says():
    view = make_world(seed=5).view
    features, own = own_features(view, Events(view.histories), (30.0,), EVENTS), view.own
    real = view.mask & (own.count > 0)
    assert real.any()
    np.testing.assert_allclose(np.expm1(features["own.count"])[view.mask], own.count[view.mask], atol=1e-5)
    np.testing.assert_allclose(np.expm1(features["own.days"])[real], own.days_since[real], rtol=1e-3)
    again = real & (own.count > 1)
    assert again.any()
    np.testing.assert_allclose(np.expm1(features["own.interval"])[again], own.interval[again], rtol=1e-3)
    due = np.log((own.days_since[again] + 1) / (own.interval[again] + 1))
    np.testing.assert_allclose(features["own.due"][again], due, rtol=1e-3, atol=1e-4)


def test_visits_are_events_at_one_time():
    ages = [9, 9, 4, 1, 1]
    one = Histories(
        items=np.array([0, 1, 0, 2, 3], np.int32),
        times=np.array([-age * DAY for age in ages]),
        labels={},
        start=np.array([0]),
        end=np.array([5]),
        now=np.array([0]),
        user=np.array([0], np.int32),
    )
    events = Events(one)
    assert events.visits.tolist() == [3]
    assert events.visit_age.tolist() == [3, 3, 2, 1, 1]
    view = make_world(1).view
    view = type(view)(one, np.array([[0, 1, 2, 5]], np.int32), np.ones((1, 4), bool), view.table)
    features = own_features(view, events, (30.0,), EVENTS)
    assert features["own.in_last_visit"].tolist() == [[False, False, True, False]]
    np.testing.assert_allclose(np.expm1(features["own.visits"][0, :3]), [2, 3, 1])


def test_item_statistics_are_those_of_the_histories_and_unknown_items_are_average():
    histories = make_world(seed=7).view.histories
    statistics = ItemStatistics.learn(histories, ITEMS + 3, EVENTS)
    per_user = [histories.items[a:b].tolist() for a, b in zip(histories.start, histories.end, strict=True)]
    users = [sum(item in one for one in per_user) for item in range(ITEMS)]
    column = statistics.names.index("item.users")
    np.testing.assert_allclose(np.expm1(statistics.values[:ITEMS, column]), users, rtol=1e-4)
    repeated = [sum(one.count(item) > 1 for one in per_user) for item in range(ITEMS)]
    mean = sum(repeated) / sum(users)
    shares = [(r + 10 * mean) / (u + 10) for r, u in zip(repeated, users, strict=True)]
    np.testing.assert_allclose(statistics.values[:ITEMS, statistics.names.index("item.repeated")], shares, rtol=1e-4)
    for one, other in itertools.pairwise(statistics.values[ITEMS:]):
        np.testing.assert_array_equal(one, other)
