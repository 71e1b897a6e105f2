"""The space of `[tune.space]`: types and bounds come from the fields, and what cannot be is said in one sentence."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_shop import SHOP

from paretorec.configfile import apply_override, parse_config
from paretorec.errors import ConfigError, PluginError
from paretorec.registry import Registry
from paretorec.tuning.space import Axis, Space
from paretorec.tuning.toml import to_toml

REGISTRY = Registry(files=())
RANKED = {**SHOP, "ranker": {"use": "mlp"}}


def space_of(space, **more):
    return Space.of(parse_config({**RANKED, **more, "tune": {"space": space}}, "shop.toml"), REGISTRY)


def axis_of(key, given):
    return space_of({key: given}).axes[0]


def test_a_list_is_a_choice_with_equal_parts():
    axis = axis_of("candidates.size", [40, 60, 100])
    assert [axis.at(share) for share in (0.0, 0.32, 0.34, 0.66, 0.67, 1.0)] == [40, 40, 60, 60, 100, 100]


def test_types_come_from_the_fields():
    whole = axis_of("encoders.item-knn.params.neighbours", {"low": 5, "high": 9})
    assert sorted({whole.at(share / 100) for share in range(101)}) == [5, 6, 7, 8, 9]
    assert all(type(whole.at(share)) is int for share in (0.0, 0.4, 1.0))
    real = axis_of("ranker.params.learning_rate", {"low": 1e-4, "high": 1e-2, "log": True})
    assert real.at(0.5) == pytest.approx(1e-3)
    assert axis_of("ranker.params.optimizer", {}).values == ("adam", "adamw", "rmsprop", "sgd")


def test_a_missing_bound_is_the_fields_own():
    axis = axis_of("ranker.params.category_width", {"high": 4})
    assert (axis.at(0.0), axis.at(1.0)) == (0, 4)


def test_weights_of_events_are_found_inside_their_table():
    axis = axis_of("ranker.params.event_weights.click", {"low": 0.1, "high": 1.0})
    config = space_of({axis.key: {"low": 0.1, "high": 1.0}}).configured({axis.key: 0.5})
    assert config.ranker.params == {"event_weights": {"click": 0.5}}


def test_components_themselves_can_vary():
    space = space_of(
        {"policy.use": ["linear", "product"], "optimizer.use": ["nsga2", "random"]}, optimizer={"use": "nsga2"}
    )
    varied = space.configured({"policy.use": "product", "optimizer.use": "random"})
    assert (varied.policy.use, varied.optimizer.use) == ("product", "random")
    with pytest.raises(PluginError, match=r"policy.use: .*'linaer'.*did you mean 'linear'"):
        axis_of("policy.use", ["linear", "linaer"])
    knn = [{"use": "item-knn", "name": "near", "params": {"neighbours": 5}}]
    with pytest.raises(ConfigError, match=r"tune.space: unknown key 'encoders.near.params.neighbours'"):
        space_of({"encoders.near.use": ["item-knn", "repeat"]}, encoders=knn)


def test_dotted_keys_need_no_quotes():
    text = """
    [tune.space]
    encoders.item-knn.params.neighbours = { low = 5, high = 50, log = true }
    candidates.size = [40, 60]
    "ranker.params.epochs" = [1, 2]
    """
    space = space_of(tomllib.loads(text)["tune"]["space"])
    assert [axis.key for axis in space.axes] == [
        "encoders.item-knn.params.neighbours",
        "candidates.size",
        "ranker.params.epochs",
    ]


def test_the_whole_space_may_come_from_set():
    values = {**RANKED}
    apply_override(values, "tune.space.encoders.item-knn.params.neighbours=[5, 10]")
    space = Space.of(parse_config(values, "--set"), REGISTRY)
    assert space.axes == (Axis("encoders.item-knn.params.neighbours", (5, 10)),)


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({}, "there is no space to search: add [tune.space]"),
        ({"encoders.item-knn.params.neighbors": [5]}, "did you mean 'neighbours'? (encoder 'item-knn'"),
        ({"encoders.item-nn.params.neighbours": [5]}, "encoders has no member 'item-nn'; did you mean 'item-knn'?"),
        ({"encoder.item-knn.params.neighbours": [5]}, "is no key that tune can vary; did you mean 'encoders'?"),
        ({"k": [5, 10]}, "'k' is no key that tune can vary, which would change what is judged"),
        ({"candidates.mode": ["union"]}, "'candidates.mode' is no key that tune can vary, which would change"),
        ({"objectives.sales.params.event": ["sales"]}, "is no key that tune can vary, which would change what"),
        ({"ranker.params": [1]}, "'ranker.params' is a table; name one of its keys"),
        ({"candidates.size": [0, 40]}, "candidates.size = 0: input should be greater than or equal to 1"),
        ({"candidates.size": ["many"]}, "candidates.size = 'many': input should be a valid integer"),
        ({"encoders.item-knn.params.neighbours": {"low": 0, "high": 9}}, "neighbours = 0: input should be greater"),
        ({"encoders.item-knn.params.neighbours": {"low": 1.5, "high": 9}}, "the field is a whole number, so low = 1.5"),
        ({"encoders.item-knn.params.neighbours": {"low": 9, "high": 5}}, "low = 9 must be less than high = 5"),
        ({"encoders.item-knn.params.neighbours": {}}, "no bound of its own there; give high, or a list of values"),
        ({"ranker.params.learning_rate": {"high": 0.1}}, "no bound of its own there; give low, or a list of values"),
        ({"ranker.params.listwise": {"high": 1.0, "log": True}}, "log = true needs low above 0, not 0"),
        ({"ranker.params.optimizer": {"low": 0, "high": 1}}, "the field is no number, so it has no range"),
        ({"ranker.params.optimizer": ["adam", "adamax"]}, "ranker.params.optimizer = 'adamax': input should be 'adam'"),
        ({"candidates.size": {"values": [40], "low": 1}}, "give a list of values or a range, not both"),
        ({"candidates.size": 40}, "give a list of values, or a table with low and high"),
        ({"candidates.size": {"low": 1, "hihg": 9}}, "did you mean 'high'?"),
    ],
)
def test_what_cannot_be_is_said_with_its_key(space, said):
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        space_of(space)
    assert next(iter(space), "tune.space").rsplit(".", 1)[-1][:4] in str(caught.value)


def test_a_key_of_a_section_that_is_not_there():
    config = parse_config({**SHOP, "tune": {"space": {"ranker.params.epochs": [1]}}}, "shop.toml")
    with pytest.raises(ConfigError, match=r"the configuration has no \[ranker\]"):
        Space.of(config, REGISTRY)


@given(
    low=st.integers(-50, 50),
    width=st.integers(1, 60),
    log=st.booleans(),
    integer=st.booleans(),
    shares=st.lists(st.floats(0, 1), min_size=2, max_size=8),
)
def test_ranges_stay_inside_and_rise(low, width, log, integer, shares):
    low = abs(low) + 1 if log else low
    axis = Axis("key", (), float(low), float(low + width), log, integer)
    values = [axis.at(share) for share in sorted(shares)]
    assert all(low <= value <= low + width for value in values)
    assert values == sorted(values)
    assert (axis.at(0.0), axis.at(1.0)) == pytest.approx((low, low + width))


def test_a_linear_range_of_integers_gives_each_an_equal_part():
    axis = Axis("key", (), 2.0, 6.0, integer=True)
    drawn = [axis.at((i + 0.5) / 500) for i in range(500)]
    assert [drawn.count(value) for value in range(2, 7)] == [100] * 5


def test_a_grid_takes_both_ends_and_no_value_twice():
    assert Axis("key", (), 1.0, 100.0, log=True, integer=True, steps=3).grid() == [1, 10, 100]
    assert Axis("key", (), 1.0, 3.0, integer=True, steps=9).grid() == [1, 2, 3]
    space = space_of({"candidates.size": [40, 60], "ranker.params.epochs": {"low": 1, "high": 3, "steps": 3}})
    assert [tuple(point.values()) for point in space.grid()] == [(40, 1), (40, 2), (40, 3), (60, 1), (60, 2), (60, 3)]


def test_what_is_written_down_gives_the_configuration_again():
    space = space_of({"encoders.item-knn.params.neighbours": [7], "ranker.params.hidden": [[64], [32, 16]]})
    assignment = {"encoders.item-knn.params.neighbours": 7, "ranker.params.hidden": [32, 16]}
    again = parse_config(tomllib.loads(to_toml(space.values(assignment))), "winner.toml")
    assert again == space.configured(assignment)
    assert again.tune is None
    assert again.encoders[2].params == {"neighbours": 7}
    assert again.ranker.params == {"hidden": [32, 16]}


def test_defaults_of_the_whole_configuration_can_vary():
    config = parse_config({"tune": {"space": {"encoders.item-knn.params.neighbours": [7]}}}, "defaults")
    varied = Space.of(config, REGISTRY).configured({"encoders.item-knn.params.neighbours": 7})
    assert [encoder.use for encoder in varied.encoders] == [encoder.use for encoder in config.encoders]
    assert varied.encoders[2].params == {"neighbours": 7}


SCALARS = st.one_of(st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.text(max_size=12))
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(st.dictionaries(st.text(max_size=8), TREES, max_size=5))
def test_whatever_is_written_as_toml_reads_the_same(values):
    assert tomllib.loads(to_toml(values)) == values
