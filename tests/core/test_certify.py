"""Certificates: what they say is so, they say it seldom when it is not, and nothing but the requests decides."""

import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paretorec.certify import FLOOR, MAX_CLUSTERS, certify, quantile
from paretorec.errors import ConfigError

_PATH = Path(__file__).parents[1] / "oracles" / "plain_bootstrap.py"
_SPEC = importlib.util.spec_from_file_location("plain_bootstrap", _PATH)
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)

BOTH = np.array([True, True])


def make_log(seed, policies=6, objectives=2, users=150, effect=0.0, skewed=False):
    """(numerator, denominator, users) of policies that truly change every objective by `effect` of the baseline's
    mean, which is 1. Policy 0 is the baseline; the others differ from it for a share of the users that grows."""
    rng = np.random.default_rng(seed)
    count = 1 + rng.poisson(2, users)
    user = np.repeat(np.arange(users), count)
    taste = rng.exponential(size=(objectives, users))[:, user]
    shape = (objectives, len(user))
    base = taste * (rng.lognormal(-0.5, 1, size=shape) if skewed else rng.exponential(size=shape))
    touched = rng.random((policies, 1, users))[..., user] < np.linspace(0.1, 0.9, policies)[:, None, None]
    move = rng.normal(size=(policies, objectives, users))[..., user] + rng.normal(size=(policies, *shape))
    numerator = base + touched * move / 2 + effect
    numerator[0] = base
    return numerator, np.ones_like(numerator), user


def by_user(values, user):
    return np.stack([values[..., user == one].sum(axis=2) for one in np.unique(user)], axis=2)


def certified(log, maximise=BOTH, baseline=0, **more):
    numerator, denominator, user = log
    return certify(numerator, denominator, baseline, user, maximise, **{"resamples": 200, **more})


def test_changes_and_errors_are_those_of_plain_linearisation():
    numerator, denominator, user = make_log(0, policies=7)
    denominator = denominator + np.random.default_rng(1).uniform(size=denominator.shape)
    numerator[:, 1] -= numerator[0, 1].mean()  # a baseline that cannot be told from 0
    found = certified((numerator, denominator, user), np.array([False, True]))
    above, below = by_user(numerator, user), by_user(denominator, user)
    change, error = plain.changes(above, below, np.ones(150), [True, False], [-1, 1])
    assert found.relative.tolist() == [True, False]
    assert found.value == pytest.approx(above.sum(axis=2) / below.sum(axis=2))
    assert found.change == pytest.approx(change)
    assert found.error[1:] == pytest.approx(np.maximum(error, FLOOR * np.median(error[1:], axis=0))[1:])
    assert (found.requests, found.users) == (len(user), 150)


@pytest.mark.parametrize("relative", [True, False])
def test_maxima_are_those_of_a_plain_bootstrap(relative):
    """Few users, skewed, unlike denominators: where every term of the linearisation counts."""
    numerator, denominator, user = make_log(2, policies=4, users=60, skewed=True)
    denominator = denominator * np.random.default_rng(3).lognormal(size=denominator.shape)
    if not relative:
        numerator -= (numerator[0].sum(axis=-1) / denominator[0].sum(axis=-1))[:, None] * denominator[0]
    numerator = np.concatenate([numerator] * 2, axis=2)
    denominator, user = np.concatenate([denominator] * 2, axis=2), np.concatenate([user] * 2)
    found = certified((numerator, denominator, user), np.array([True, False]), resamples=300, seed=5)
    assert found.relative.tolist() == [relative] * 2
    weights = np.random.default_rng([5, 1]).multinomial(60, np.full(60, 1 / 60), size=300)
    up, down = plain.maxima(
        by_user(numerator, user), by_user(denominator, user), [relative] * 2, [1, -1], FLOOR, weights
    )
    # The baseline, which deviates by 0, is one of the family.
    assert found.max_t["low"] == pytest.approx(np.maximum(up, 0), rel=1e-7)
    assert found.max_t["high"] == pytest.approx(np.maximum(down, 0), rel=1e-7)


@pytest.mark.parametrize("skewed", [False, True])
def test_false_certificates_are_as_rare_as_promised(skewed):
    """Nothing changes anything in 200 logs: at 95 % confidence more than 20 of them with a false bound have a chance
    of less than 1 in 500. Bounds one by one, at the same level, are false in far more."""
    false = mirrored = one_by_one = 0
    for seed in range(200):
        found = certified(make_log(seed, skewed=skewed), seed=seed)
        change, error = found.change[1:], found.error[1:]
        false += bool((change > found.quantile(0.95) * error).any())
        mirrored += bool((-change > found.quantile(0.95, "high") * error).any())
        one_by_one += bool((change > 1.645 * error).any())
    assert false <= 20
    assert mirrored <= 20
    assert one_by_one > 40


def test_true_changes_lie_within_the_bounds_and_large_ones_are_proved():
    outside = proved = 0
    for seed in range(100):
        found = certified(make_log(seed, effect=0.3, users=300), seed=seed)
        changes = [found.at(p, m) for p in range(1, 6) for m in range(2)]
        # The true change in percent: 0.3 of the baseline's true mean, 1 (exponential tastes and worths, mean 1).
        outside += any(not change.low <= 30 for change in changes)
        proved += all(change.low > 0 for change in changes)
    assert outside <= 13
    assert proved > 90


def test_fewer_is_worse_where_less_is_wanted():
    log = make_log(1, effect=0.3, users=300)
    up, down = certified(log), certified(log, ~BOTH)
    assert np.array_equal(up.change, -down.change)
    assert np.array_equal(up.max_t["low"], down.max_t["high"])
    assert up.at(5, 0).low > 0 > down.at(5, 0).high


def test_any_confidence_is_a_look_up():
    found = certified(make_log(0), resamples=400)
    steps = [found.quantile(confidence) for confidence in (0.5, 0.8, 0.9, 0.95, 0.99)]
    assert steps == sorted(steps)
    change = found.at(3, 1)
    assert change.low == pytest.approx(change.change - found.quantile(0.95) * change.error)
    assert change.high == pytest.approx(change.change + found.quantile(0.95, "high") * change.error)
    assert quantile(np.arange(1.0, 100.0), 0.95) == 95
    with pytest.raises(ConfigError, match=r"confidence 0.999 is out of reach of 400 resamples .*0.9975.*resamples"):
        found.quantile(0.999)


def test_the_baseline_changes_by_nothing_for_sure():
    found = certified(make_log(0), baseline=2)
    for m in range(2):
        change = found.at(2, m)
        assert (change.change, change.error, change.low, change.high) == (0, 0, 0, 0)
    assert found.different[2] == 0
    assert (np.delete(found.error, 2, axis=0) > 0).all()


def test_only_the_requests_decide():
    numerator, denominator, user = make_log(4)
    found = certified((numerator, denominator, user), seed=3)
    again = certified((numerator, denominator, user + 1000), seed=3)
    assert np.array_equal(found.max_t["low"], again.max_t["low"])
    shuffle = np.argsort(np.random.default_rng(0).random(len(user)))
    order = shuffle[np.argsort(user[shuffle], kind="stable")]
    mixed = certified((numerator[..., order], denominator[..., order], user[order]), seed=3)
    assert found.max_t["low"] == pytest.approx(mixed.max_t["low"], rel=1e-6)
    assert not np.array_equal(found.max_t["low"], certified((numerator, denominator, user), seed=4).max_t["low"])


def test_neither_threads_nor_company_in_a_matrix_product_change_a_bit():
    script = (
        "import hashlib, numpy as np; from paretorec.certify import certify; rng = np.random.default_rng(0);"
        "n = rng.exponential(size=(20, 3, 2000)); u = rng.integers(0, 700, 2000);"
        "c = certify(n, np.ones_like(n), 0, u, np.ones(3, bool), resamples=600);"
        "print(hashlib.sha256(c.max_t['low'].tobytes() + c.max_t['high'].tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(digests) == 1


def test_many_users_are_dealt_into_groups():
    rng = np.random.default_rng(0)
    users = 3 * MAX_CLUSTERS
    numerator = rng.exponential(size=(3, 1, users))
    found = certified((numerator, np.ones_like(numerator), np.arange(users)), BOTH[:1])
    change, error = plain.changes(numerator, np.ones_like(numerator), np.ones(users), [True], [1])
    assert found.users == users
    assert found.change == pytest.approx(change)
    assert found.error[1:] == pytest.approx(error[1:], rel=0.05)


def test_a_policy_without_a_value_promises_nothing_and_harms_nobody():
    numerator, denominator, user = make_log(0)
    denominator[3, 1] = 0
    numerator[3, 1] = 0
    found = certified((numerator, denominator, user))
    assert not found.at(3, 1).low > 0
    assert found.error[3, 1] == math.inf
    assert np.isfinite(found.max_t["low"]).all()
    assert np.isfinite(found.error[4]).all()


def different_only(requests, count):
    numerator = np.tile(np.random.default_rng(0).exponential(size=requests), (3, 1, 1))
    numerator[1:, :, :count] *= 2
    return numerator, np.ones_like(numerator)


@pytest.mark.parametrize(
    ("requests", "count", "users", "why"),
    [
        (0, 0, 50, "there are 0 certify requests, fewer than the 200"),
        (199, 150, 50, "there are 199 certify requests, fewer than the 200"),
        (200, 99, 50, "no policy differs from the baseline on more than 99 certify requests, fewer than the 100"),
        (200, 200, 29, "the certify requests are of 29 users, fewer than the 30"),
        (200, 100, 50, ""),
    ],
)
def test_too_little_to_go_on_is_said(requests, count, users, why):
    numerator, denominator = different_only(requests, count)
    found = certify(numerator, denominator, 0, np.arange(requests) % users, BOTH[:1], resamples=200)
    assert (why in found.uncertified) if why else (found.uncertified == "")
    assert bool(found.max_t) == (not why)
    assert math.isnan(found.at(1, 0).low) == bool(why)


def test_the_same_policy_under_another_row_loses_nothing_and_one_that_only_lists_the_same_may():
    numerator, denominator, user = make_log(0)
    numerator[4] = numerator[5] = numerator[0]
    same = np.arange(6) == 4
    found = certified((numerator, denominator, user), same=same)
    assert (found.at(4, 0).change, found.at(4, 0).error, found.at(4, 0).low, found.at(4, 0).high) == (0, 0, 0, 0)
    assert found.at(5, 0).change == 0
    assert found.at(5, 0).low < 0 < found.at(5, 0).high
    assert (found.different[4], found.different[5]) == (0, 0)
