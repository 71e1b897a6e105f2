"""Off-policy estimates: right numbers, honest intervals, and no answer where the log has none."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.errors import ConfigError, DataError, NoAnswer
from paretorec.offpolicy import Limits, estimate, given_above, position_probabilities
from paretorec.offpolicy.logs import read_log
from paretorec.offpolicy.rewards import cross_fitted, item_effects

_PATH = Path(__file__).parents[1] / "oracles" / "plain_off_policy.py"
_SPEC = importlib.util.spec_from_file_location("plain_off_policy", _PATH)
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)

ITEMS, DEPTH = 5, 2
LOOSE = Limits(effective=0, overlap=0, positives=0, width=1e9)


def make_log(seed=0, users=400, target=(0.0, 0.2, 0.4, 0.6, 0.8), logging=(0.5, 0.3, 0.0, 0.2, 0.1), visits=True):
    """Lists of two items by a Plackett-Luce policy; a click depends on item, position and the user's mood."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(users), 1 + rng.poisson(1, users) * visits)
    logged, wanted = (position_probabilities(np.array([scores]), DEPTH)[0] for scores in (logging, target))
    items = np.argsort(-(np.array(logging) + rng.gumbel(size=(len(of), ITEMS))), axis=1)[:, :DEPTH]
    mood = rng.uniform(0.5, 1.5, users)[of, None]
    click = rng.random(items.shape) < mood * true_click()[np.arange(DEPTH), items]
    position = np.tile(np.arange(DEPTH), len(of))
    return pd.DataFrame(
        {
            "user_id": np.repeat([f"u{u}" for u in of], DEPTH),
            "request": np.repeat(np.arange(len(of)), DEPTH),
            "position": position + 1,
            "item_id": [f"i{i}" for i in items.ravel()],
            "mood": np.repeat(np.where(mood[:, 0] > 1, "good", "bad"), DEPTH),
            "reward": click.ravel().astype(float),
            "propensity": logged[position, items.ravel()],
            "target": wanted[position, items.ravel()],
        }
    )


def true_click():
    return np.outer([0.5, 0.25], [0.1, 0.3, 0.5, 0.7, 0.9])


def true_value(scores):
    return float((position_probabilities(np.array([scores]), DEPTH)[0] * true_click()).sum())


def make_actions(log, target=(0.0, 0.2, 0.4, 0.6, 0.8), logging=(0.5, 0.3, 0.0, 0.2, 0.1)):
    wanted, logged = (position_probabilities(np.array([scores]), DEPTH)[0] for scores in (target, logging))
    places = log[["request", "position"]].loc[log.index.repeat(ITEMS)].reset_index(drop=True)
    item = np.tile(np.arange(ITEMS), len(log))
    place = places["position"].to_numpy() - 1
    return places.assign(item_id=[f"i{i}" for i in item], target=wanted[place, item], propensity=logged[place, item])


def rows_of(log):
    return list(
        log[["user_id", "request", "position", "reward", "propensity", "target"]].itertuples(index=False, name=None)
    )


def test_values_and_errors_are_those_of_plain_sums_and_of_leaving_users_out():
    log = make_log(users=60)
    found = estimate(log, limits=LOOSE)
    rows = rows_of(log)
    assert found.values["snips"].value == pytest.approx(plain.snips(rows))
    assert found.logging.value == pytest.approx(plain.mean(rows))
    assert found.changes["snips"].value == pytest.approx(plain.snips(rows) - plain.mean(rows))
    assert found.values["snips"].error == pytest.approx(plain.jackknife_error(rows, plain.snips), rel=0.03)
    paired = plain.jackknife_error(rows, lambda some: plain.snips(some) - plain.mean(some))
    assert found.changes["snips"].error == pytest.approx(paired, rel=0.03)


def test_the_doubly_robust_value_corrects_what_the_model_says():
    log = make_log(users=80)
    coded = read_log(log, {}, (), make_actions(log))
    model = cross_fitted(coded, 5, seed=0)
    found = estimate(log, actions=make_actions(log), limits=LOOSE)
    assert found.values["dr"].value == pytest.approx(plain.corrected(rows_of(log), model.logged, model.target))
    assert found.values["dm"].value == pytest.approx(model.target.sum() / coded.requests)


def test_a_difference_of_two_doubly_robust_values_is_narrower_where_items_matter():
    rng = np.random.default_rng(0)
    log = make_log(users=1500)
    item = log["item_id"].str[1:].astype(int).to_numpy()
    log["reward"] = 10.0 * item + rng.normal(size=len(log))
    actions = make_actions(log)
    both, one = (estimate(log, actions=some, limits=LOOSE) for some in (actions, actions.drop(columns="propensity")))
    assert both.values["dr"] == one.values["dr"]
    assert one.changes["dr"].value == pytest.approx(one.values["dr"].value - one.logging.value)
    assert both.changes["dr"].error < 0.5 * one.changes["dr"].error
    wanted, logged = (np.array(plain.position_probabilities(s, DEPTH)) for s in (
        (0.0, 0.2, 0.4, 0.6, 0.8), (0.5, 0.3, 0.0, 0.2, 0.1)
    ))  # fmt: skip
    truth = ((wanted - logged) * 10 * np.arange(ITEMS)).sum()
    assert abs(both.change.value - truth) < 4 * both.change.error


def test_the_model_knows_nothing_of_the_users_that_it_speaks_of():
    """All clicks of one user are turned around: what is predicted for that user stays, for others it changes."""
    log = make_log(users=50)
    one = (log["user_id"] == "u7").to_numpy()
    other = log.assign(reward=np.where(one, 50 - log["reward"], log["reward"]))
    actions = make_actions(log)
    before, after = (cross_fitted(read_log(some, {}, (), actions), 5, seed=0) for some in (log, other))
    assert np.array_equal(before.logged[one], after.logged[one])
    assert np.array_equal(before.target[one], after.target[one])
    assert (before.target[~one] != after.target[~one]).any()


def test_item_effects_are_shrunk_by_what_is_noise():
    rng = np.random.default_rng(0)
    item = rng.integers(50, size=5000)
    true = rng.normal(size=50)
    noise = 3 * rng.normal(size=5000)
    found = item_effects(true[item] + noise, np.ones(5000), item, 50)
    raw = np.bincount(item, true[item] + noise) / np.bincount(item)
    assert np.square(found - true).mean() < np.square(raw - true).mean()
    assert np.abs(item_effects(noise, np.ones(5000), item, 50)).max() < 0.2


@pytest.mark.parametrize("with_actions", [False, True])
def test_intervals_hold_the_truth(with_actions):
    """100 logs, 95 % intervals: fewer than 88 that hold have a chance of 1 in 500."""
    target = (0.0, 0.2, 0.4, 0.6, 0.8)
    truth = true_value(target) - true_value((0.5, 0.3, 0.0, 0.2, 0.1))
    held = {}
    for seed in range(100):
        log = make_log(seed)
        found = estimate(log, actions=make_actions(log) if with_actions else None, features=["mood"], limits=LOOSE)
        for name in ("dr", "snips"):
            held[name] = held.get(name, 0) + (found.changes[name].low <= truth <= found.changes[name].high)
    assert min(held.values()) >= 88, held


def test_what_the_model_knows_narrows_the_interval():
    rng = np.random.default_rng(0)
    log = make_log(users=2000)
    worth = np.where(log["mood"] == "good", 10.0, 1.0)
    log["reward"] = worth * (1 + 0.1 * rng.normal(size=len(log)))
    blind, seeing = (estimate(log, features=names, limits=LOOSE) for names in ((), ("mood",)))
    assert seeing.change.error < 0.5 * blind.change.error
    assert seeing.changes["snips"] == blind.changes["snips"]


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_the_same_policy_earns_what_was_earned(seed):
    log = make_log(seed, users=40)
    log["target"] = log["propensity"]
    found = estimate(log, limits=LOOSE)
    for name in ("snips", "dr"):
        assert found.values[name].value == pytest.approx(found.logging.value)
        assert found.changes[name].value == pytest.approx(0, abs=1e-12)
        assert found.changes[name].error == pytest.approx(0, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(0.01, 100))
def test_rewards_in_another_unit_are_estimates_in_another_unit(seed, unit):
    log = make_log(seed, users=40)
    one, other = (estimate(some, limits=LOOSE) for some in (log, log.assign(reward=unit * log["reward"])))
    for name in one.changes:
        for field in ("value", "error", "low", "high"):
            here, there = getattr(one.changes[name], field), getattr(other.changes[name], field)
            assert there == pytest.approx(unit * here, rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_the_order_of_rows_and_the_names_of_users_do_not_matter(seed):
    log = make_log(seed, users=40)
    rows = np.random.default_rng(seed).permutation(len(log))
    other = log.iloc[rows].assign(user_id=lambda frame: "x" + frame["user_id"])
    one, two = estimate(log, limits=LOOSE), estimate(other, limits=LOOSE)
    assert one.changes["snips"].value == pytest.approx(two.changes["snips"].value, abs=1e-12)
    assert one.changes["snips"].error == pytest.approx(two.changes["snips"].error, abs=1e-12)
    # Which users share a fold depends on the order.
    assert one.changes["dr"].value == pytest.approx(two.changes["dr"].value, abs=0.1)


def test_users_are_the_clusters():
    log = make_log(users=100, visits=False)
    twice = pd.concat([log, log.assign(request=log["request"] + 1000)])
    one, two = estimate(log, limits=LOOSE), estimate(twice, limits=LOOSE)
    assert two.changes["snips"].error == pytest.approx(one.changes["snips"].error)
    assert (one.users, two.users, two.requests) == (100, 100, 200)


def test_a_cascade_multiplies_down_the_list():
    log = make_log(users=30, visits=False)
    found = estimate(log, lists="cascade", limits=LOOSE).values["snips"].value
    ratio = (log["target"] / log["propensity"]).to_numpy().reshape(-1, DEPTH)
    weight = np.cumprod(ratio, axis=1)
    reward = log["reward"].to_numpy().reshape(-1, DEPTH)
    assert found == pytest.approx(((weight * reward).sum(axis=0) / weight.sum(axis=0)).sum())


def test_single_items_need_neither_requests_nor_positions():
    log = make_log(users=200)[lambda frame: frame["position"] == 1]
    short = log.drop(columns=["request", "position", "item_id"])
    assert estimate(short, limits=LOOSE).changes["snips"] == estimate(log, limits=LOOSE).changes["snips"]


@pytest.mark.parametrize("spread", [0.5, 4.0])
def test_position_probabilities_are_those_of_all_lists(spread):
    scores = spread * np.random.default_rng(1).normal(size=(3, 6))
    found = position_probabilities(scores, 3)
    for row, one in zip(scores, found, strict=True):
        assert one == pytest.approx(np.array(plain.position_probabilities(row, 3)), abs=1e-8)
    assert found.sum(axis=2) == pytest.approx(np.ones((3, 3)), abs=1e-7)
    whole = position_probabilities(scores, 6)
    assert whole.sum(axis=1) == pytest.approx(np.ones((3, 6)), abs=1e-7)


def test_what_cannot_be_shown_has_no_probability():
    scores = np.array([[0.0, 1.0, -np.inf, 0.5]])
    assert (position_probabilities(scores, 2)[:, :, 2] == 0).all()
    assert given_above(scores, np.array([[1, 3, 0]]))[0, -1] == 1


def gate(found, name):
    return next(one for one in found.gates if one.name == name)


def test_a_good_log_is_answered():
    found = estimate(make_log(users=1500))
    assert found.estimable
    assert found.required() is found
    assert "the target policy earns" in found.why
    assert "(+" in found.why
    assert gate(found, "effective sample size").figure > 1000


SUPPORT = (0.5, 0.3, 0.0, 0.2, -np.inf)


@pytest.mark.parametrize(
    ("make", "name", "said"),
    [
        (lambda log: log.assign(propensity=1.0), "deterministic", "100% of the log's rows were shown for certain"),
        (
            lambda log: log.assign(reward=(np.arange(len(log)) < 20) * 1.0),
            "positives",
            "20 rows have a reward, fewer than 50",
        ),
        (lambda log: log.assign(propensity=log["propensity"] * 0.8), "mean weight", "is 1.2"),
        (lambda log: make_log(users=1500, logging=SUPPORT), "mean weight", "lacks items that the target policy shows"),
        (lambda log: log.head(600), "effective sample size", "effective sample size), fewer than 1,000"),
        (
            lambda log: log.assign(reward=log["reward"] * (log.index % 150 == 0) * log.index**3),
            "interval width",
            "to within",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_the_gate_and_its_figure(make, name, said):
    found = estimate(make(make_log(users=1500)), limits=Limits(positives=50, width=0.1))
    assert not found.estimable
    assert not gate(found, name).passed
    assert said in gate(found, name).sentence
    first = next(one for one in found.gates if not one.passed)
    assert found.why == f"not estimable: {first.sentence}"
    with pytest.raises(NoAnswer, match="not estimable"):
        found.required()


def test_little_overlap_is_refused():
    log = make_log(users=3000, logging=(4.0, 4.0, 0.0, 0.0, -1.0), target=(0.0, 0.0, 0.0, 0.0, 6.0))
    found = estimate(log)
    assert not gate(found, "overlap").passed
    assert "only" in gate(found, "overlap").sentence


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda log: log.drop(columns="propensity"), r"log: column 'propensity' \(propensity\) is missing"),
        (lambda log: log.drop(columns="target"), r"log: column 'target' \(target\) is missing"),
        (lambda log: log.assign(propensity=0.0), "'propensity' is 0 in 800 rows"),
        (lambda log: log.assign(propensity=1.5), "'propensity' is 1.5 in 800 rows, which is no probability"),
        (lambda log: log.assign(target=-0.1), "'target' is -0.1 in 800 rows"),
        (lambda log: log.assign(reward=np.nan), "'reward' is nan in 800 rows"),
        (lambda log: log.assign(position=1), "row 2 is the second one of its request and position"),
        (lambda log: log.assign(user_id=np.arange(len(log))), "request 0 is of several users"),
        (lambda log: log.assign(user_id=None), "'user_id' is missing in 800 rows"),
        (lambda log: log.head(0), "at least one row"),
    ],
)
def test_bad_tables_are_refused_in_one_sentence(make, said):
    with pytest.raises(DataError, match=said):
        estimate(make(make_log(visits=False)))


def test_bad_questions_are_refused():
    log = make_log(users=30)
    with pytest.raises(ConfigError, match="no role 'rewards'"):
        estimate(log, columns={"rewards": "click"})
    with pytest.raises(ConfigError, match="confidence = 95"):
        estimate(log, confidence=95)
    with pytest.raises(ConfigError, match="folds = 1"):
        estimate(log, folds=1)
    with pytest.raises(ConfigError, match="lists = 'slate'"):
        estimate(log, lists="slate")
    with pytest.raises(ConfigError, match="leave them out"):
        estimate(log, lists="cascade", actions=make_actions(log))
    with pytest.raises(DataError, match="'item_id' differs within a request"):
        estimate(log, features=["item_id"])
    with pytest.raises(DataError, match=r"actions: .target. of request 0 and position 1 adds up to 0\.\d+, not 1"):
        estimate(log, actions=make_actions(log)[lambda frame: frame["item_id"] != "i4"])


def test_actions_bring_the_target_along():
    log = make_log(users=60)
    told, looked_up = (
        estimate(some, actions=make_actions(log), limits=LOOSE) for some in (log, log.drop(columns="target"))
    )
    assert told.changes["snips"].value == pytest.approx(looked_up.changes["snips"].value)
    more = pd.concat([make_actions(log), make_actions(log).assign(request=10_000)])
    assert estimate(log, actions=more, limits=LOOSE).changes["dr"] == told.changes["dr"]
