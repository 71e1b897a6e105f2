"""What proposes configurations: no repeats, same seed same proposals, and any optimizer of the registry may do it."""

import itertools

import numpy as np
import pytest
from simulated_shop import SHOP

from paretorec.configfile import parse_config
from paretorec.contracts import ComponentConfig, ComponentSpec
from paretorec.errors import ConfigError, PluginError
from paretorec.registry import Registry
from paretorec.tuning.samplers import make_sampler, named
from paretorec.tuning.space import Space

SMALL = {"candidates.size": [40, 60, 100], "encoders.item-knn.params.neighbours": {"low": 5, "high": 8}}
WIDE = {"candidates.size": {"low": 10, "high": 1000}}


def sampler_of(sampler, space, trials=20, seed=0, registry=None):
    registry = registry or Registry(files=())
    config = parse_config({**SHOP, "tune": {"sampler": sampler, "trials": trials, "space": space}}, "shop.toml")
    return make_sampler(config.tune, Space.of(config, registry), registry, seed)


def drawn(sampler, count):
    out = []
    while len(out) < count and (asked := sampler.ask()):
        out += asked
        sampler.tell([0.0] * len(asked))
    return out


def test_random_draws_everything_once_and_then_ends():
    everything = drawn(sampler_of("random", SMALL), 100)
    assert len({named(point) for point in everything}) == len(everything) == 12


def test_a_longer_random_search_begins_like_a_shorter_one():
    one, two = drawn(sampler_of("random", WIDE, 5), 5), drawn(sampler_of("random", WIDE, 50), 50)
    assert one == two[:5]
    assert drawn(sampler_of("random", WIDE, 5, seed=1), 5) != one


def test_a_grid_is_every_combination():
    asked = sampler_of("grid", {**SMALL, "candidates.size": [40, 60], "encoders.item-knn.params.neighbours": [5, 8]})
    assert [tuple(point.values()) for point in asked.ask()] == list(itertools.product([40, 60], [5, 8]))
    assert asked.ask() == []


def test_a_grid_that_is_larger_than_the_budget_is_refused():
    with pytest.raises(ConfigError, match=r"tune.trials = 4, but the grid has 6 configurations"):
        sampler_of("grid", {"candidates.size": [40, 60, 100], "policy.normalise": ["rank", "minmax"]}, trials=4)


def test_a_grid_over_a_range_needs_steps():
    with pytest.raises(ConfigError, match=r"tune.space.candidates.size: a grid needs `steps`"):
        sampler_of("grid", WIDE)


@pytest.mark.parametrize("sampler", ["pso", {"use": "nsga2", "params": {"population": 8}}])
def test_an_optimizer_of_the_registry_finds_the_best_size(sampler):
    told, asked = [], sampler_of(sampler, WIDE, trials=400)
    while len(told) < 400:
        points = asked.ask()
        told += [point["candidates.size"] for point in points]
        asked.tell([-abs(point["candidates.size"] - 700) / 1000 for point in points])
    assert abs(np.median(told[-50:]) - 700) < 30


def test_bayesian_draws_near_to_what_was_good():
    pytest.importorskip("optuna")
    asked = sampler_of({"use": "bayesian", "params": {"startup": 8, "population": 2}}, WIDE, trials=40)
    told = []
    while len(told) < 40:
        sizes = [point["candidates.size"] for point in asked.ask()]
        asked.tell([-abs(size - 700) / 1000 for size in sizes])
        told += sizes
    assert np.abs(np.array(told[8:]) - 700).mean() < 200  # 290 by chance


def test_what_could_not_be_tried_is_told_as_infeasible():
    registry = Registry(files=())
    registry.add("optimizer", ComponentSpec("listener", Listener, ListenerConfig, "notes what it is told"))
    asked = sampler_of("listener", WIDE, registry=registry)
    asked.ask()
    asked.tell([0.5, None])
    values, feasible = asked._optimizer.told
    assert values.tolist() == [[-0.5], [0.0]]
    assert feasible.tolist() == [True, False]


def test_points_outside_the_box_name_the_optimizer():
    registry = Registry(files=())
    registry.add("optimizer", ComponentSpec("listener", Listener, ListenerConfig, "asks outside"))
    with pytest.raises(PluginError, match=r"Listener asked for points outside its box"):
        sampler_of({"use": "listener", "params": {"point": 1.5}}, WIDE, registry=registry).ask()


def test_random_and_grid_have_no_params():
    with pytest.raises(ConfigError, match=r"tune.sampler.params: sampler 'grid' has none"):
        sampler_of({"use": "grid", "params": {"steps": 3}}, WIDE)


class ListenerConfig(ComponentConfig):
    point: float = 0.5


class Listener:
    def __init__(self, config):
        self.point = config.point

    def setup(self, problem, seed):
        self.size = len(problem.lower)

    def ask(self):
        return np.full((2, self.size), self.point)

    def tell(self, x, result):
        self.told = result.values, result.feasible
