"""Picking: the highest promise among those that keep what is asked, told in a sentence, or a helpful no."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretorec.errors import ConfigError, NoAnswer
from paretorec.front import Change, Front, ObjectiveInfo, Point
from paretorec.pick import pick

OBJECTIVES = (
    ObjectiveInfo("relevance", "max", "", "relevance"),
    ObjectiveInfo("sales", "max", "a list", "sales (replay)"),
    ObjectiveInfo("returns", "min", "", "returns (replay)"),
)
# Of 99 maxima 1, 2, ... 99 the 95 % quantile is 95, the 80 % quantile 80: bounds are easy to see.
MAX_T = {"low": np.arange(1.0, 100), "high": np.arange(1.0, 100) * 2}


def change(percent, width, value=1.0, relative=True):
    """A change that is promised to be at least `percent` - `width` at 95 %."""
    return Change(value, percent, width / 95, math.nan, math.nan, relative)


def point(name, relevance, sales, returns=None, values=(0.3, 10.0, 0.2)):
    changes = (relevance, sales, returns or change(0, 0))
    names = [objective.name for objective in OBJECTIVES]
    return Point(
        name,
        {"kind": "linear", "name": name},
        dict(zip(names, values, strict=True)),
        dict.fromkeys(names, 0.01),
        dict(zip(names, changes, strict=True)),
    )


def make_front(*points, **more):
    base = point("encoder.repeat", change(0, 0, 0.3), change(0, 0, 10.0))
    defaults = {"objectives": OBJECTIVES, "baseline": base.id, "baselines": (base,), "protocol": "x", "max_t": MAX_T}
    return Front(points=points, requests=5210, users=1092, **{**defaults, **more})


FRONT = make_front(
    point("careful", change(3.1, 1.0), change(1.0, 0.5)),
    point("middle", change(0.7, 1.7), change(11.7, 2.8)),
    point("greedy", change(-9.0, 1.0), change(20.0, 3.0)),
    point("lucky", change(0.0, 1.0), change(14.0, 9.0)),
)


def test_the_highest_promise_that_keeps_the_bounds_wins():
    assert pick(FRONT, "sales").point == "greedy"
    assert pick(FRONT, "sales", {"relevance": "-2%"}).point == "middle"
    assert pick(FRONT, "sales", {"relevance": "+1%"}).point == "careful"
    assert pick(FRONT, "relevance").point == "careful"


def test_the_pick_says_what_is_promised():
    found = pick(FRONT, "sales", {"relevance": "-2%"})
    assert found.certified
    assert found.policy == {"kind": "linear", "name": "middle"}
    assert found.why == (
        "sales (replay) +11.7 % (at least +8.9 %, 95 % sure for all 4 policies and 3 objectives at once) "
        "while relevance changes by +0.7 % (at least -1.0 %) and returns (replay) changes by +0.0 % (+0.0 %), "
        "on 5,210 requests of 1,092 users that the search never saw"
    )
    assert found.certify["sales"].low == pytest.approx(8.9)
    assert found.certify["sales"].high == pytest.approx(11.7 + 2 * 2.8)
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert list(document)[:5] == ["point", "policy", "certified", "why", "certify"]
    assert (document["way"], document["confidence"]) == ("maximize", 0.95)
    assert document["certify"]["relevance"]["low"] == pytest.approx(-1.0)


def test_less_confidence_promises_more():
    # At 80 % the lucky one's bound is 14 - 9 x 80 / 95 = 6.4, the middle one's 11.7 - 2.8 x 80 / 95 = 9.3.
    assert pick(FRONT, "sales", {"relevance": "-2%"}, 0.8).certify["sales"].low == pytest.approx(9.342, abs=1e-3)
    keep = {"relevance": "-0.8%"}
    assert pick(FRONT, "sales", keep, 0.95).point == "careful"
    assert pick(FRONT, "sales", keep, 0.8).point == "middle"
    assert "80 % sure" in pick(FRONT, "sales", keep, 0.8).why


def test_an_amount_without_percent_is_in_the_objectives_unit():
    # The baseline's relevance is 0.3: -0.0031 of it is -1.03 %, -0.0029 is -0.97 %.
    assert pick(FRONT, "sales", {"relevance": "-0.0031"}).point == "middle"
    assert pick(FRONT, "sales", {"relevance": "-0.0029"}).point == "careful"


def test_without_a_wish_the_mean_of_all_promises_counts():
    found = pick(FRONT)
    assert found.point == "middle"  # careful: (2.1 + 0.5) / 3; middle: (-1.0 + 8.9) / 3; greedy: (-10 + 17) / 3
    assert found.why.startswith(
        "the largest promise over all goals: relevance changes by +0.7 % (at least -1.0 %), sales"
    )


def test_no_policy_that_keeps_what_is_asked():
    with pytest.raises(NoAnswer) as caught:
        pick(FRONT, "sales", {"relevance": "+5%"})
    assert str(caught.value) == (
        "no policy qualifies: none of 4 keeps what is asked; the nearest, careful, promises relevance +2.1 %; "
        'keep relevance = "+2.1%" would find it; the smallest changes that these requests could certify are about '
        "relevance +1.0 %, sales (replay) +0.5 % and returns (replay) +0.0 %"
    )
    assert pick(FRONT, "sales", {"relevance": "+2.1%"}).point == "careful"


def test_no_gain_that_can_be_promised():
    front = make_front(point("a", change(0.5, 0.1), change(1, 1.4)), point("b", change(-4, 1), change(9, 1)))
    with pytest.raises(NoAnswer) as caught:
        pick(front, "sales", {"relevance": "-2%"})
    assert str(caught.value) == (
        "no policy qualifies: 1 policy keeps what is asked, but no gain can be promised; "
        "the best bound on sales (replay) is -0.4 % (policy a); the smallest changes that these requests could certify "
        "are about relevance +0.1 %, sales (replay) +1.0 % and returns (replay) +0.0 %"
    )


def test_an_empty_front_has_no_answer():
    with pytest.raises(NoAnswer, match="the front holds no policy"):
        pick(make_front(), "sales")


@pytest.mark.parametrize(
    ("maximize", "keep", "confidence", "message"),
    [
        ("sale", {}, None, r"pick.maximize names 'sale', .*did you mean 'sales'\?"),
        ("zzz", {}, None, "there are relevance, sales, returns"),
        ("sales", {"relevence": "-2%"}, None, r"pick.keep.relevence .*'relevance'"),
        ("sales", {"relevance": "two"}, None, "pick.keep.relevance is 'two'; give a least change such as"),
        ("sales", {"relevance": "nan"}, None, "give a least change"),
        ("sales", {}, 1.0, "pick.confidence is 1.0; give a number between 0.5 and 1"),
        ("sales", {}, 0.999, "confidence 0.999 is out of reach of 99 resamples"),
    ],
)
def test_what_cannot_be_asked(maximize, keep, confidence, message):
    with pytest.raises(ConfigError, match=message):
        pick(FRONT, maximize, keep, confidence)


def test_absolute_changes_are_kept_by_amount():
    absolute = {"relevance": change(-0.01, 0.01, relative=False)}
    base = FRONT.baselines[0]
    front = make_front(
        *(replace(one, certify={**one.certify, **absolute}) for one in FRONT.points),
        baselines=(replace(base, certify={**base.certify, "relevance": change(0, 0, 0.0, relative=False)}),),
    )
    assert pick(front, "sales", {"relevance": "-0.02"}).point == "greedy"
    assert "relevance changes by -0.01 (at least -0.02)" in pick(front, "sales").why
    with pytest.raises(NoAnswer, match=r'keep relevance = "-0\.02"'):
        pick(front, "sales", {"relevance": "-0.01"})
    with pytest.raises(ConfigError, match="cannot be told from 0"):
        pick(front, "sales", {"relevance": "-2%"})


def test_what_is_not_certified_can_be_neither_kept_nor_maximised():
    def without(one):
        return replace(one, certify={name: x for name, x in one.certify.items() if name != "returns"})

    front = make_front(*map(without, FRONT.points), baselines=tuple(map(without, FRONT.baselines)))
    for wish in (("returns", {}), ("sales", {"returns": "-1%"})):
        with pytest.raises(ConfigError, match=r"returns \(replay\).*reported but not certified"):
            pick(front, *wish)


def test_an_uncertified_front_is_picked_from_on_select_and_says_so():
    def seen(name, relevance, sales, returns):
        return replace(point(name, change(0, 0), change(0, 0), values=(relevance, sales, returns)), certify={})

    front = make_front(
        seen("more", 0.27, 12.0, 0.2),
        seen("safe", 0.30, 11.0, 0.1),
        baselines=(seen("encoder.repeat", 0.30, 10.0, 0.2),),
        max_t={},
        uncertified="there are 12 certify requests, fewer than the 200 that a certificate needs",
    )
    found = pick(front, "sales", {"relevance": "-2%"})
    assert (found.point, found.certified, dict(found.certify)) == ("safe", False, {})
    assert found.why == (
        "sales (replay) +10.0 % while relevance changes by +0.0 % and returns (replay) changes by +50.0 %, on the "
        "select requests, which the search has seen; not certified: there are 12 certify requests, fewer than the 200 "
        "that a certificate needs"
    )
    assert pick(front, "sales").point == "more"
    with pytest.raises(NoAnswer, match=r"the nearest, safe, has relevance \+0\.0 %"):
        pick(front, "sales", {"relevance": "5%"})


changes = st.tuples(st.floats(-30, 30), st.floats(0.1, 10))


@given(st.lists(st.tuples(changes, changes), min_size=1, max_size=8), st.floats(-10, 10), st.floats(0.55, 0.98))
def test_a_pick_keeps_its_promise_and_none_promises_more(rows, least, confidence):
    front = make_front(*(point(f"p{i}", change(*a), change(*b)) for i, (a, b) in enumerate(rows)))
    steps = math.ceil(confidence * 100 - 1e-9) / 95
    bounds = [(a[0] - a[1] * steps, b[0] - b[1] * steps) for a, b in rows]
    best = max((sales for relevance, sales in bounds if relevance >= least), default=-math.inf)
    if best > 1e-9:
        found = pick(front, "sales", {"relevance": f"{least}%"}, confidence)
        assert found.certify["sales"].low == pytest.approx(best)
        assert found.certify["relevance"].low >= least - 1e-9
    elif best < -1e-9:
        with pytest.raises(NoAnswer):
            pick(front, "sales", {"relevance": f"{least}%"}, confidence)
