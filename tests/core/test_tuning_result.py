"""The ruler that contenders of one fold are measured with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretorec.errors import DataError
from paretorec.tuning.result import FoldResult, Scale, best_signal, json_values

NAMES = ("relevance", "sales")


def scale(corners, fold="users 1"):
    return Scale.of(corners, NAMES, fold)


def test_a_policy_as_good_as_the_best_signal_in_everything_has_volume_one():
    ruler = scale([[-0.3, -1.0], [-0.1, -9.0]])
    assert ruler.volume([[-0.3, -9.0]]) == pytest.approx(1.0)
    assert ruler.volume([[-0.3, -1.0], [-0.1, -9.0]]) == 0.0
    assert ruler.volume([[-0.2, -5.0]]) == pytest.approx(0.25)
    assert ruler.volume([]) == 0.0


@given(
    corners=arrays(np.float64, (3, 2), elements=st.integers(-50, 50)),
    front=arrays(np.float64, (4, 2), elements=st.integers(-60, 60)),
    factor=st.sampled_from([0.5, 4.0, 1024.0]),
)
def test_units_do_not_matter(corners, front, factor):
    if (np.ptp(corners, axis=0) == 0).any():
        return
    stretched = np.array([factor, 1.0])
    plain = scale(corners.tolist()).volume(front.tolist())
    assert scale((corners * stretched).tolist()).volume((front * stretched).tolist()) == pytest.approx(plain)


@given(
    front=arrays(np.float64, (4, 2), elements=st.floats(-2, 0)),
    more=arrays(np.float64, (4, 2), elements=st.floats(-2, 0)),
)
def test_two_fronts_together_have_no_less_than_either(front, more):
    ruler = scale([[-1.0, 0.0], [0.0, -1.0]])
    one, two = front.tolist(), more.tolist()
    together = ruler.volume(one, two)
    assert together >= max(ruler.volume(one), ruler.volume(two)) - 1e-12
    assert together <= ruler.volume(one) + ruler.volume(two) + 1e-12


def test_what_has_no_value_adds_nothing_and_is_json():
    values = json_values(np.array([[-0.2, np.nan], [-0.2, -5.0]]))
    assert values == [[-0.2, None], [-0.2, -5.0]]
    assert scale([[-0.3, -1.0], [-0.1, -9.0]]).volume(values) == pytest.approx(0.25)


def test_a_fold_without_a_value_names_objective_and_fold():
    with pytest.raises(DataError, match=r"fold 'users 3' has no request on which objective 'sales' has a value"):
        scale([[-0.3, None], [-0.1, None]], "users 3")


def test_the_best_signal_is_chosen_where_was_searched():
    result = FoldResult(
        bundle="b",
        policy={},
        signals=("encoder.a", "encoder.b", "encoder.c"),
        parameters=(),
        theta=[],
        held_out=[],
        corners=[[-0.2, -2.0], [-0.1, -1.0], [-0.0, -3.0]],
        searched_corners=[[-0.2, -1.0], [-0.15, -2.5], [-0.0, -3.0]],
        seconds={},
        optimizer="random",
    )
    name, volume = best_signal(result, scale([[-0.2, 0.0], [0.0, -4.0]]), NAMES, "users 1")
    assert name == "encoder.b"
    assert volume == pytest.approx(0.5 * 0.25)
