"""The ways to pick beside maximise and keep: what each prefers, that all of them go by bounds, what they say."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_pick import FRONT, change, make_front, point

from paretorec.config import PickConfig
from paretorec.errors import ConfigError, NoAnswer
from paretorec.pick import standing_pick, standing_wish

# Bounds on (relevance, sales) at 95 %: careful (2.1, 0.5), middle (-1.0, 8.9), greedy (-10, 17), lucky (-1.0, 5.0).


def test_the_knee_is_where_the_scaled_bounds_add_up_to_most():
    # Scaled to the front's ranges: careful (1, 0), middle (0.74, 0.51), greedy (0, 1), lucky (0.74, 0.27).
    found = FRONT.pick(knee=True)
    assert (found.point, found.way) == ("middle", "knee")
    assert found.why.startswith("the knee of the front, beyond which more of one goal costs most of the others: ")
    assert "relevance changes by +0.7 % (at least -1.0 %), sales (replay) changes by +11.7 % (+8.9 %) and" in found.why
    assert FRONT.pick(knee=True, keep={"relevance": "0%"}).point == "careful"


def test_weights_add_up_bounds():
    assert FRONT.pick(weights={"relevance": 1, "sales": 0.5}).point == "middle"  # 2.35, 3.45, -1.5, 1.5
    assert FRONT.pick(weights={"relevance": 4, "sales": 0.5}).point == "careful"
    assert FRONT.pick(weights={"sales": 1, "relevance": 0.1}).point == "greedy"
    found = FRONT.pick(weights={"relevance": 1, "sales": 0.5})
    assert found.why.startswith(
        "the highest weighted sum of changes (1 x relevance + 0.5 x sales (replay), at least +3.45): relevance changes"
    )


def test_a_reference_point_is_reached_with_most_to_spare_or_approached():
    found = FRONT.pick(reference_point={"sales": "+3%", "relevance": "-2%"})
    assert found.point == "middle"
    assert found.why.startswith("reaches what was wished for (sales (replay) +3.0 % and relevance -2.0 %) with most to")
    found = FRONT.pick(reference_point={"sales": "+12%", "relevance": "-2%"})
    assert found.point == "middle"
    assert found.why.startswith(
        "comes nearest to what was wished for (sales (replay) +12.0 % and relevance -2.0 %), short by 3.1 points in "
        "sales (replay): relevance changes"
    )
    assert FRONT.pick(reference_point={"relevance": "+2%"}).point == "careful"


def test_of_two_with_the_same_worst_shortfall_the_better_in_the_rest_is_preferred():
    front = make_front(
        point("a", change(1, 0), change(5, 0)), point("b", change(1, 0), change(9, 0)),
        point("c", change(20, 0), change(0, 0)),
    )  # fmt: skip
    assert front.pick(reference_point={"relevance": "+15%", "sales": "0%"}).point == "c"
    assert front.pick(reference_point={"relevance": "0%", "sales": "-50%"}).point == "c"
    without = make_front(*front.points[:2])
    assert without.pick(reference_point={"relevance": "+15%", "sales": "0%"}).point == "b"


def test_lexicographic_takes_the_next_objective_among_equals():
    order = ["relevance", "sales"]
    found = FRONT.pick(lexicographic=order)
    assert found.point == "careful"
    assert found.why.startswith(
        "the best in relevance (bounds within 1.0 points count as equal), then in sales (replay): relevance changes"
    )
    assert FRONT.pick(lexicographic=order, tolerance={"relevance": "3.2%"}).point == "middle"
    assert FRONT.pick(lexicographic=order, tolerance={"relevance": "20%"}).point == "greedy"
    assert FRONT.pick(lexicographic=["sales"]).point == "greedy"


def test_a_pick_that_is_better_in_nothing_asked_about_is_none():
    front = make_front(point("a", change(-1, 1), change(-2, 1)), point("b", change(-3, 1), change(0, 1)))
    for wish in ({"knee": True}, {"lexicographic": ["sales"]}, {"reference_point": {"relevance": "1%", "sales": "1%"}}):
        names = {"lexicographic": ("sales",)}.get(next(iter(wish)), ("relevance", "sales"))
        with pytest.raises(NoAnswer, match="no gain can be promised; the bounds of the preferred policy are") as caught:
            _without_returns(front).pick(**wish)
        assert all(name in str(caught.value) for name in names)
    with pytest.raises(NoAnswer, match=r"the best bound on the weighted sum is -5 \(policy a\)"):
        front.pick(weights={"relevance": 1, "sales": 1})


def _without_returns(front):
    def thin(one):
        return replace(one, certify={name: x for name, x in one.certify.items() if name != "returns"})

    return replace(front, points=tuple(map(thin, front.points)), baselines=tuple(map(thin, front.baselines)))


def test_an_honest_no_names_the_smallest_changes_that_could_be_certified():
    front = make_front(*(point(f"p{i}", change(0, width), change(1, 2)) for i, width in enumerate((1.0, 3.0, 9.0))))
    assert front.detectable()["relevance"] == pytest.approx(1.0)
    assert front.detectable(0.8)["relevance"] == pytest.approx(1.0 * 80 / 95)
    assert make_front(*front.points, max_t={}, uncertified="too few").detectable() == {}
    with pytest.raises(NoAnswer, match=r"could certify are about relevance \+1\.0 %, sales \(replay\) \+2\.0 % and"):
        front.pick("sales")


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"knee": True, "maximize": "sales"}, "maximize and knee are 2 ways to pick; give one of maximize, knee,"),
        ({"weights": {"sales": 1}, "lexicographic": ["sales"]}, "weights and lexicographic are 2 ways"),
        ({"weights": {"sale": 1}}, "pick.weights.sale names 'sale', .*did you mean 'sales'"),
        ({"weights": {"sales": -1}}, "pick.weights.sales is -1; give a number of 0 or more"),
        ({"weights": {"sales": math.nan}}, "give a number of 0 or more"),
        ({"weights": {"sales": 0}}, "pick.weights are all 0"),
        ({"reference_point": {"sales": "much"}}, "pick.reference_point.sales is 'much'"),
        ({"reference_point": {"clicks": "1%"}}, "pick.reference_point.clicks names 'clicks'"),
        ({"lexicographic": ["sales", "sales"]}, "names an objective twice"),
        ({"lexicographic": ["clicks"]}, "pick.lexicographic names 'clicks'"),
        ({"lexicographic": ["sales"], "tolerance": {"sales": "-1%"}}, "pick.tolerance.sales is '-1%'"),
        ({"tolerance": {"sales": "1%"}}, "tolerance names 'sales', which is not in lexicographic"),
    ],
)
def test_a_wish_that_cannot_be_is_one_clear_sentence(wish, message):
    with pytest.raises(ConfigError, match=message):
        FRONT.pick(**wish)


def test_the_configuration_refuses_two_ways_too():
    with pytest.raises(ValueError, match="knee and weights are 2 ways to pick"):
        PickConfig(knee=True, weights={"sales": 1})


@pytest.mark.parametrize(
    ("asked", "weights", "least"),
    [
        ({"weights": {"sales": 2}}, [0, 2], [-math.inf, -math.inf]),
        ({"lexicographic": ("sales", "relevance")}, [0, 1], [-math.inf, -math.inf]),
        ({"reference_point": {"sales": "5%"}, "keep": {"relevance": "-2%"}}, [0.5, 0.5], [-0.02, 0.05]),
        ({"knee": True}, [0.5, 0.5], [-math.inf, -math.inf]),
    ],
)
def test_the_search_leans_to_the_standing_wish(asked, weights, least):
    wish = standing_wish(("relevance", "sales"), [-0.3, -10.0], [0.0, 0.0], PickConfig(**asked))
    assert wish.weights.tolist() == weights
    assert wish.least.tolist() == pytest.approx(least)


@pytest.mark.parametrize("asked", [{"weights": {"sale": 1}}, {"lexicographic": ("relevance", "sale")}])
def test_a_wrong_name_is_known_before_the_search(asked):
    with pytest.raises(ConfigError, match="names 'sale', which is no objective of this run; did you mean 'sales'"):
        standing_wish(("relevance", "sales"), [-0.3, -10.0], [0.0, 0.0], PickConfig(**asked))


def test_what_turns_out_at_the_end_of_a_run_does_not_cost_the_run():
    base = point("encoder.repeat", change(0, 0), change(0, 0, 0.0, relative=False))
    front = make_front(point("a", change(1, 0.5), change(0.2, 0.1, 0.2, relative=False)), baselines=(base,))
    document = standing_pick(front, PickConfig(maximize="relevance", keep={"sales": "-2%"}))
    assert (document["point"], document["certified"]) == (None, False)
    assert "cannot be told from 0" in document["why"]


bounds = st.tuples(st.floats(-30, 30), st.floats(-30, 30))


@given(
    st.lists(bounds, min_size=1, max_size=8),
    st.sampled_from(
        [{"knee": True}, {"weights": {"relevance": 1.0, "sales": 0.3}}, {"lexicographic": ("relevance", "sales")},
         {"reference_point": {"relevance": "1%", "sales": "2%"}}]
    ),
)  # fmt: skip
def test_no_policy_is_picked_that_another_beats_in_every_bound(rows, wish):
    front = _without_returns(make_front(*(point(f"p{i}", change(a, 0), change(b, 0)) for i, (a, b) in enumerate(rows))))
    try:
        found = front.pick(**wish)
    except NoAnswer:
        return
    mine = (found.certify["relevance"].low, found.certify["sales"].low)
    slack = 1.0 if "lexicographic" in wish else 1e-9
    assert not any(a > mine[0] + slack and b > mine[1] + 1e-9 for a, b in rows)


@given(st.lists(bounds, min_size=2, max_size=8))
def test_the_knee_does_not_depend_on_the_units(rows):
    def front(scale):
        return _without_returns(
            make_front(*(point(f"p{i}", change(a, 0), change(b * scale, 0)) for i, (a, b) in enumerate(rows)))
        )

    assume(max(b for _, b in rows) - min(b for _, b in rows) > 1e-3)
    try:
        first, second = front(1.0).pick(knee=True), front(16.0).pick(knee=True)
    except NoAnswer:
        return
    assert first.point == second.point
