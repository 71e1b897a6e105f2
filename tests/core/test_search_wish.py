"""The wish as one number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretorec.errors import ConfigError
from paretorec.search.wish import Wish

NAMES = ("relevance", "sales")
BASELINE = np.array([-0.2, -50.0])  # maximised objectives arrive negated


def order(wish, *policies):
    return np.argsort(wish.scalar(np.array(policies)), kind="stable").tolist()


def test_without_a_wish_equal_relative_changes_count_alike():
    wish = Wish.of(NAMES, BASELINE)
    half, tenth, up_and_down = [-0.21, -50.0], [-0.2, -55.0], [-0.22, -45.0]
    assert order(wish, half, tenth, up_and_down) == [1, 0, 2]
    assert wish.scalar(np.array([up_and_down]))[0] == pytest.approx(0.0, abs=1e-12)


def test_what_is_maximised_decides_among_those_that_keep_the_promise():
    wish = Wish.of(NAMES, BASELINE, maximize="sales", keep={"relevance": "-2%"})
    within, at_the_edge, breaks, breaks_more = [-0.199, -51.0], [-0.19601, -60.0], [-0.19, -90.0], [-0.1, -99.0]
    assert order(wish, within, at_the_edge, breaks, breaks_more) == [1, 0, 2, 3]


def test_a_keep_without_percent_is_in_the_objectives_unit():
    wish = Wish.of(NAMES, BASELINE, maximize="sales", keep={"relevance": "-0.01"})
    assert order(wish, [-0.189, -90.0], [-0.191, -51.0]) == [1, 0]


def test_a_baseline_that_may_be_zero_has_absolute_changes():
    wish = Wish.of(NAMES, np.array([-0.001, -50.0]), errors=np.array([0.01, 1.0]))
    assert order(wish, [-0.101, -50.0], [-0.001, -54.0]) == [0, 1]  # +0.1 absolute beats +8 % relative


def test_a_baseline_without_a_value_still_leaves_finite_wishes():
    wish = Wish.of(NAMES, np.array([np.nan, -50.0]))
    assert order(wish, [0.0, -50.0], [-0.1, -50.0]) == [1, 0]


def test_a_typographic_minus_is_a_minus():
    texts = ("-2%", "\N{MINUS SIGN}2 %", " -2%")
    wishes = [Wish.of(NAMES, BASELINE, keep={"relevance": text}) for text in texts]
    assert {wish.least[0] for wish in wishes} == {-0.02}


@given(arrays(np.float64, (20, 2), elements=st.floats(-1e3, 1e3)), st.sampled_from([{}, {"relevance": "-2%"}]))
def test_a_policy_at_least_as_good_in_everything_is_never_worse(values, keep):
    wish = Wish.of(NAMES, BASELINE, keep=keep)
    scalar = wish.scalar(values)
    for i in range(20):
        for j in range(20):
            if (values[i] <= values[j]).all():
                assert scalar[i] <= scalar[j]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"maximize": "clicks"}, "pick.maximize names 'clicks'.*relevance, sales"),
        ({"keep": {"clicks": "-2%"}}, "pick.keep.clicks names 'clicks'"),
        ({"keep": {"sales": "a lot"}}, "pick.keep.sales is 'a lot'"),
        ({"keep": {"sales": "nan%"}}, "pick.keep.sales is 'nan%'"),
    ],
)
def test_a_wish_that_makes_no_sense_names_the_key(settings, words):
    with pytest.raises(ConfigError, match=words):
        Wish.of(NAMES, BASELINE, **settings)


def test_a_percentage_of_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"pick\.keep\.relevance.*baseline is 0"):
        Wish.of(NAMES, np.array([0.0, -1.0]), keep={"relevance": "-2%"})
