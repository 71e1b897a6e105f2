"""Every built-in optimizer: the contract of ask and tell, and how well it searches."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.evaluator import Evaluator
from pymoo.problems.multi.zdt import ZDT1, ZDT4

from paretorec.contracts import Evaluations, RunContext, SearchProblem
from paretorec.errors import ConfigError, Interrupted
from paretorec.search.loop import search
from paretorec.search.pareto import crowding, hypervolume
from paretorec.search.wish import Wish
from paretorec_plugins.auto.rules import Auto, AutoConfig
from paretorec_plugins.bayesian.sampler import Bayesian, BayesianConfig
from paretorec_plugins.cma_es.strategy import CmaEs, CmaEsConfig
from paretorec_plugins.dual.multipliers import Dual, DualConfig
from paretorec_plugins.grid.lattice import Grid, GridConfig
from paretorec_plugins.pymoo_search.directions import (
    Moead,
    MoeadConfig,
    Nsga3,
    Nsga3Config,
    reference_directions,
)
from paretorec_plugins.pymoo_search.genetic import (
    Gde3,
    Gde3Config,
    Nsga2,
    Nsga2Config,
    SmsEmoa,
    SmsEmoaConfig,
    Spea2,
    Spea2Config,
)
from paretorec_plugins.pymoo_search.single import De, DeConfig, Ga, GaConfig
from paretorec_plugins.random_search.draws import RandomSearch, RandomSearchConfig
from paretorec_plugins.swarm.leaders import Leaders, spread
from paretorec_plugins.swarm.pso import Pso, PsoConfig
from paretorec_plugins.swarm.smpso import Smpso, SmpsoConfig

MAKERS = {
    "grid": lambda population=20: Grid(GridConfig(population=population)),
    "lattice": lambda population=20: Grid(GridConfig(population=population, law="box")),
    "random": lambda population=20: RandomSearch(RandomSearchConfig(population=population)),
    "uniform": lambda population=20: RandomSearch(RandomSearchConfig(population=population, law="uniform")),
    "pso": lambda population=20: Pso(PsoConfig(population=population)),
    "smpso": lambda population=20: Smpso(SmpsoConfig(population=population, leaders=15)),
    "cma-es": lambda population=20: CmaEs(CmaEsConfig(population=population)),
    "ga": lambda population=20: Ga(GaConfig(population=population)),
    "de": lambda population=20: De(DeConfig(population=population)),
    "nsga2": lambda population=20: Nsga2(Nsga2Config(population=population)),
    "nsga3": lambda population=20: Nsga3(Nsga3Config(population=population)),
    "moead": lambda population=20: Moead(MoeadConfig(population=population)),
    "sms-emoa": lambda population=20: SmsEmoa(SmsEmoaConfig(population=population)),
    "spea2": lambda population=20: Spea2(Spea2Config(population=population)),
    "gde3": lambda population=20: Gde3(Gde3Config(population=population)),
    "bayesian": lambda population=20: Bayesian(BayesianConfig(population=population, startup=population)),
}
SINGLE = {"pso", "cma-es", "ga", "de"}
LISTED = {"grid", "lattice"}
"""What they ask for first does not depend on the seed."""
every = pytest.mark.parametrize("name", MAKERS)


def problem(first=5, parameters=4, single=False):
    rng = np.random.default_rng(9)
    lower, upper = -np.arange(1.0, parameters + 1), np.arange(1.0, parameters + 1) * 2
    return SearchProblem(
        lower=lower,
        upper=upper,
        objectives=("wish",) if single else ("a", "b"),
        first=lower + rng.random((first, parameters)) * (upper - lower),
    )


def judge(x, objectives=2):
    values = np.stack([((x - centre) ** 2).sum(axis=1) for centre in (0.0, 1.0, 2.0)[:objectives]], axis=1)
    feasible = x[:, 0] < 1.2
    values[~feasible] = values.max(axis=0)
    return Evaluations(values, np.zeros_like(values), feasible)


def dialogue(optimizer, problem, seed, generations=6, asks=1):
    """All that was asked, each generation asked for `asks` times."""
    optimizer.setup(problem, seed)
    asked = []
    for _ in range(generations):
        for _ in range(asks):
            x = optimizer.ask()
        asked.append(x.copy())
        optimizer.tell(x, judge(x, len(problem.objectives)))
    return asked


def assert_same(a, b):
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


@every
@pytest.mark.parametrize("first", [0, 5, 33])
def test_first_points_come_first_and_everything_is_inside_the_box(name, first):
    space = problem(first, single=name in SINGLE)
    asked = dialogue(MAKERS[name](), space, seed=3)
    np.testing.assert_array_equal(asked[0][:first], space.first)
    assert len(asked[0]) == max(20, first)
    assert [len(x) for x in asked[1:]] == [20] * 5
    for x in asked:
        assert x.dtype == np.float64
        assert ((x >= space.lower) & (x <= space.upper)).all()


@every
def test_asks_depend_on_seed_and_tells_alone(name):
    space = problem(single=name in SINGLE)
    asked = dialogue(MAKERS[name](), space, seed=3)
    np.random.seed(0)
    random.seed(0)
    assert_same(dialogue(MAKERS[name](), space, seed=3, asks=2), asked)
    other = dialogue(MAKERS[name](), space, seed=4)
    unlike = [not np.array_equal(x, y) for x, y in zip(asked, other, strict=True)]
    assert all(unlike) or (name in LISTED and any(unlike))


@every
def test_one_instance_can_search_twice(name):
    space, optimizer = problem(single=name in SINGLE), MAKERS[name]()
    assert_same(dialogue(optimizer, space, seed=3), dialogue(optimizer, space, seed=3))
    assert_same(dialogue(optimizer, space, seed=3), dialogue(MAKERS[name](), space, seed=3))


def test_two_searches_at_once_share_nothing():
    space, other = problem(), problem(parameters=6)
    alone = dialogue(Nsga2(Nsga2Config(population=20)), space, seed=3)
    a, b = Nsga2(Nsga2Config(population=20)), Nsga2(Nsga2Config(population=20))
    a.setup(space, 3)
    b.setup(other, 3)
    for x in alone:
        y = b.ask()
        np.testing.assert_array_equal(a.ask(), x)
        b.tell(y, judge(y))
        a.tell(x, judge(x))


class Unseeded:
    """A generator that may be made (pymoo does) but not used."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} of a generator without a seed")


@every
def test_global_random_states_are_neither_read_nor_changed(name, monkeypatch):
    dialogue(MAKERS[name](), problem(single=name in SINGLE), seed=3)  # libraries draw when they are first imported
    original = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed=None: Unseeded() if seed is None else original(seed))
    np.random.seed(1)
    random.seed(1)
    before = np.random.get_state()[1].copy(), random.getstate()
    dialogue(MAKERS[name](), problem(single=name in SINGLE), seed=3)
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert random.getstate() == before[1]


@every
def test_callers_may_change_what_they_were_given(name):
    space, optimizer = problem(single=name in SINGLE), MAKERS[name]()
    optimizer.setup(space, 3)
    x = optimizer.ask()
    wanted = x.copy()
    x[:] = 0
    np.testing.assert_array_equal(optimizer.ask(), wanted)


@every
def test_nothing_can_be_judged_yet(name):
    space, optimizer = problem(single=name in SINGLE), MAKERS[name]()
    optimizer.setup(space, 3)
    for _ in range(3):
        x = optimizer.ask()
        m = len(space.objectives)
        optimizer.tell(x, Evaluations(np.zeros((len(x), m)), np.zeros((len(x), m)), np.zeros(len(x), dtype=bool)))
        assert ((optimizer.ask() >= space.lower) & (optimizer.ask() <= space.upper)).all()


@every
def test_a_box_with_a_fixed_parameter_or_a_single_one_can_be_searched(name):
    single = name in SINGLE
    for lower, upper in (([0.0, 1.0], [1.0, 1.0]), ([0.0], [1.0]), ([2.0], [2.0])):
        space = SearchProblem(
            np.array(lower), np.array(upper), ("a",) if single else ("a", "b"), np.array([lower, upper])
        )
        for x in dialogue(MAKERS[name](), space, seed=0, generations=4):
            assert ((x >= space.lower) & (x <= space.upper)).all()


@every
def test_interrupted_and_resumed_is_unbroken(name, tmp_path):
    space = problem()
    wish = Wish.of(("a", "b"), np.array([3.0, 2.0])) if name in SINGLE else None

    def evaluate(x):
        told = judge(x)
        told.values[~told.feasible] = np.nan
        return told.values, told.errors

    def go(run, evaluations=150):
        return search(space, MAKERS[name](), evaluate, evaluations=evaluations, seed=1, run=run, resume=True, wish=wish)

    whole = go(RunContext())
    go(RunContext(folder=tmp_path), 47)
    stopped = RunContext(folder=tmp_path)
    stopped.stop.set()
    with pytest.raises(Interrupted):
        go(stopped)
    resumed = go(RunContext(folder=tmp_path))
    for field in ("x", "values", "feasible", "generation", "hypervolume"):
        np.testing.assert_array_equal(getattr(resumed, field), getattr(whole, field))


def first_ask(law):
    optimizer = RandomSearch(RandomSearchConfig(population=2000, law=law))
    optimizer.setup(SearchProblem(np.zeros(8), np.full(8, 3.0), ("a",), np.empty((0, 8))), 0)
    return optimizer.ask()


def test_dirichlet_draws_share_one_unit_and_lean_on_few_parameters():
    dirichlet, uniform = first_ask("dirichlet"), first_ask("uniform")
    np.testing.assert_allclose(dirichlet.sum(axis=1), 3.0)
    np.testing.assert_allclose(dirichlet.mean(axis=0), 3 / 8, atol=0.05)
    np.testing.assert_allclose(uniform.mean(axis=0), 3 / 2, atol=0.1)

    def largest_share(x):
        return (x.max(axis=1) / x.sum(axis=1)).mean()

    assert largest_share(dirichlet) > 1.8 * largest_share(uniform)


def test_a_swarm_that_never_settles_is_refused():
    with pytest.raises(ValidationError, match="swarm only settles for a sum above 0 and below"):
        PsoConfig(inertia=0.9, cognitive=2.0, social=2.0)


def test_pso_finds_the_minimum_inside_and_at_a_bound():
    for centre in (np.array([0.3, 0.7, 0.5]), np.array([0.0, 1.0, 0.2])):
        optimizer = Pso(PsoConfig())
        optimizer.setup(SearchProblem(np.zeros(3), np.ones(3), ("f",), np.empty((0, 3))), 0)
        best = np.inf
        for _ in range(60):
            x = optimizer.ask()
            values = ((x - centre) ** 2).sum(axis=1, keepdims=True)
            best = min(best, values.min())
            optimizer.tell(x, Evaluations(values, np.zeros_like(values), np.ones(len(x), dtype=bool)))
        assert best < 1e-6


def plain_spread(values, size):
    """One by one: recompute all crowding distances, remove the smallest."""
    rows = list(range(len(values)))
    while len(rows) > size:
        distances = crowding(values[rows])
        finite = np.isfinite(distances)
        if not finite.any():
            return None
        rows.pop(int(np.argmin(distances)))
    return rows


@settings(deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda m: arrays(np.float64, st.tuples(st.integers(1, 25), st.just(m)), elements=st.floats(0, 1), unique=True)
    ),
    st.integers(1, 25),
)
def test_leaders_leave_one_by_one_the_most_crowded_first(values, size):
    kept = spread(values, size)
    assert len(kept) == min(size, len(values))
    ends = {*values.argmin(axis=0), *values.argmax(axis=0)}
    if size >= len(ends):
        assert ends <= set(kept.tolist())


def test_leaders_equal_a_plain_recomputation():
    rng = np.random.default_rng(0)
    for m in (2, 3):
        values = rng.random((60, m))
        values[:, -1] = -values[:, :-1].sum(axis=1)
        assert spread(values, 20).tolist() == plain_spread(values, 20)


def test_leaders_are_nondominated_and_hold_a_value_once():
    leaders = Leaders(3, parameters=1, objectives=2)
    leaders.add(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([[0.0, 2.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]))
    assert leaders.x[:, 0].tolist() == [0.0, 1.0]
    leaders.add(np.array([[4.0]]), np.array([[0.0, 0.0]]))
    assert leaders.x[:, 0].tolist() == [4.0]


def zdt(optimizer, benchmark, evaluations, seed):
    """Hypervolume below (1, 1) of what the optimizer itself ends with."""
    lower, upper = benchmark.bounds()
    space = SearchProblem(lower.astype(float), upper.astype(float), ("f1", "f2"), np.empty((0, len(lower))))

    def evaluate(x):
        values = benchmark.evaluate(x)
        return values, np.zeros_like(values)

    search(space, optimizer, evaluate, evaluations=evaluations, seed=seed, run=RunContext())
    values = optimizer.leaders.values if isinstance(optimizer, Smpso) else optimizer.population()[1]
    return hypervolume(values, np.ones(2))


def test_smpso_solves_zdt4_which_a_positive_constriction_never_does():
    assert np.median([zdt(Smpso(SmpsoConfig()), ZDT4(), 10_000, seed) for seed in range(3)]) >= 0.655


def test_smpso_reaches_the_front_of_zdt1():
    assert zdt(Smpso(SmpsoConfig()), ZDT1(), 10_000, seed=0) >= 0.645


def test_nsga2_reaches_the_front_of_zdt1():
    assert zdt(Nsga2(Nsga2Config()), ZDT1(), 10_000, seed=0) >= 0.63


def test_nsga2_is_pymoos_to_the_bit():
    benchmark = ZDT1()
    lower, upper = (bound.astype(float) for bound in benchmark.bounds())
    ours = Nsga2(Nsga2Config(population=30))
    ours.setup(SearchProblem(lower, upper, ("f1", "f2"), np.empty((0, len(lower)))), seed=7)
    theirs = NSGA2(pop_size=30, sampling=ours.ask())
    theirs.setup(benchmark, seed=7, termination=("n_gen", 1000))
    for _ in range(12):
        x, population = ours.ask(), theirs.ask()
        np.testing.assert_array_equal(x, population.get("X"))
        values = benchmark.evaluate(x)
        ours.tell(x, Evaluations(values, np.zeros_like(values), np.ones(len(x), dtype=bool)))
        theirs.tell(infills=Evaluator().eval(benchmark, population))


@pytest.mark.parametrize("make", [Nsga3(Nsga3Config()), SmsEmoa(SmsEmoaConfig()), Spea2(Spea2Config())])
def test_genetic_algorithms_reach_the_front_of_zdt1(make):
    assert zdt(make, ZDT1(), 10_000, seed=0) >= 0.61


def test_moead_and_gde3_spread_over_objectives_of_any_scale():
    """Money beside a share: the front x1 + x2 / 1000 = 1, of which its ends must be found too."""
    for optimizer in (Moead(MoeadConfig(population=40)), Gde3(Gde3Config(population=40))):
        optimizer.setup(SearchProblem(np.zeros(3), np.ones(3), ("share", "money"), np.empty((0, 3))), 0)
        for _ in range(40):
            x = optimizer.ask()
            off = x[:, 1:].sum(axis=1)
            values = np.stack([x[:, 0] + off, 1000 * (1 - x[:, 0] + off)], axis=1)
            optimizer.tell(x, Evaluations(values, np.zeros_like(values), np.ones(len(x), dtype=bool)))
        assert hypervolume(optimizer.population()[1] / [1.0, 1000.0], np.ones(2)) > 0.45


@pytest.mark.parametrize("make", [CmaEs(CmaEsConfig()), Ga(GaConfig()), De(DeConfig())])
def test_optimizers_of_one_objective_find_the_minimum(make):
    make.setup(SearchProblem(np.zeros(3), np.full(3, 2.0), ("f",), np.empty((0, 3))), 0)
    best = np.inf
    for _ in range(60):
        x = make.ask()
        values = ((x - [0.3, 1.4, 1.0]) ** 2).sum(axis=1, keepdims=True)
        best = min(best, values.min())
        make.tell(x, Evaluations(values, np.zeros_like(values), np.ones(len(x), dtype=bool)))
    assert best < 1e-3


def test_cma_es_restarts_with_a_doubled_population():
    optimizer = CmaEs(CmaEsConfig(population=8))
    optimizer.setup(SearchProblem(np.zeros(2), np.ones(2), ("f",), np.empty((0, 2))), 0)
    sizes = set()
    for _ in range(120):
        x = optimizer.ask()
        sizes.add(len(x))
        values = ((x - 0.4) ** 2).sum(axis=1, keepdims=True)
        optimizer.tell(x, Evaluations(values, np.zeros_like(values), np.ones(len(x), dtype=bool)))
    assert {8, 16} <= sizes


@pytest.mark.parametrize("objectives", range(1, 13))
@pytest.mark.parametrize("count", [4, 20, 100])
def test_reference_directions_are_on_the_simplex_and_about_as_many_as_wanted(objectives, count):
    directions = reference_directions(objectives, count)
    np.testing.assert_allclose(directions.sum(axis=1), 1 if objectives > 1 else 1.0)
    assert (directions >= 0).all()
    assert min(objectives, count) <= len(directions) <= max(objectives, count)
    if count == 100 and objectives > 1:
        assert len(directions) >= 50
        assert len(np.unique(directions.round(9), axis=0)) == len(directions)
        assert (directions > 0).all(axis=1).any()


def grid_points(law, budget, first=(), parameters=3, generations=1, population=None):
    optimizer = Grid(GridConfig(law=law, population=population or budget))
    first = np.array(first, dtype=float).reshape(-1, parameters)
    optimizer.setup(SearchProblem(np.zeros(parameters), np.full(parameters, 2.0), ("a", "b"), first, budget), 0)
    asked = []
    for _ in range(generations):
        asked.append(optimizer.ask())
        optimizer.tell(asked[-1], judge(asked[-1]))
    return np.concatenate(asked)


def test_the_grid_is_the_finest_lattice_within_the_budget_and_then_a_finer_one():
    simplex = grid_points("simplex", 17)  # 15 points of 4 parts, and two of 8
    np.testing.assert_allclose(simplex.sum(axis=1), 2.0)
    assert sorted(set((simplex[:15] * 2).ravel().tolist())) == [0, 1, 2, 3, 4]
    assert ((simplex[15:] * 4) % 1 == 0).all()
    box = grid_points("box", 27)
    assert sorted(map(tuple, box.tolist())) == [(x, y, z) for x in (0, 1, 2) for y in (0, 1, 2) for z in (0, 1, 2)]


def test_the_grid_asks_for_no_policy_twice():
    corners = np.eye(3) * 2
    asked = grid_points("simplex", 40, corners, generations=8, population=30)
    assert np.array_equal(asked[:3], corners)
    assert len(np.unique(asked, axis=0)) == len(asked) == 240


class Shelf:
    """300 requests of 30 items with two calibrated heads: lists of 5 by weights, judged by the heads' own sums."""

    def __init__(self):
        self.heads = np.random.default_rng(0).gamma(1.0, size=(2, 300, 30)) * np.array([1.0, 20.0])[:, None, None]

    def __call__(self, weights):
        values = []
        for row in weights:
            top = np.argsort(-(row[0] * self.heads[0] + row[1] * self.heads[1]), axis=1)[:, :5]
            values.append([-np.take_along_axis(head, top, axis=1).sum() for head in self.heads])
        values = np.array(values)
        return Evaluations(values, np.zeros_like(values), np.ones(len(values), dtype=bool))


def test_dual_traces_the_front_of_calibrated_heads_with_few_policies():
    shelf, optimizer = Shelf(), Dual(DualConfig(constraints=20))
    space = SearchProblem(np.zeros(3), np.ones(3), ("a", "b"), np.eye(3)[1:], 200)
    optimizer.setup(space, 0)
    found = []
    while sum(map(len, found)) < 200:
        x = optimizer.ask()
        found.append(shelf(x).values)
        optimizer.tell(x, shelf(x))
        assert (x[:, 2] == 0).all() or len(found) == 1, "the third parameter serves no objective"
    found = np.concatenate(found)
    dense = shelf(np.stack([np.ones(800), np.geomspace(1e-3, 1e3, 800), np.zeros(800)], axis=1)).values
    reference, low = dense.max(axis=0), dense.min(axis=0)
    scaled = [(values - low) / (reference - low) for values in (found, dense)]
    assert hypervolume(scaled[0], np.ones(2)) > 0.99 * hypervolume(scaled[1], np.ones(2))


def test_dual_finds_the_multiplier_of_each_constraint_by_bisection():
    shelf, optimizer = Shelf(), Dual(DualConfig(constraints=7, steps=14))
    optimizer.setup(SearchProblem(np.zeros(2), np.ones(2), ("a", "b"), np.eye(2), 200), 0)
    for _ in range(14):
        x = optimizer.ask()
        result = shelf(x)
        optimizer.tell(x, result)
    ends = shelf(np.eye(2)).values[:, 1]
    levels = np.sort(result.values[:, 1])
    assert len(levels) == 7
    places = (levels - ends.max()) / (ends.min() - ends.max())
    assert (np.diff(np.sort(places)) < 0.3).all(), "levels are spread over the range"


def test_dual_needs_something_to_trade():
    with pytest.raises(ConfigError, match="dual weighs objectives against one another and there is one: add"):
        Dual(DualConfig()).setup(problem(single=True), 0)


def test_dual_survives_what_cannot_be_judged_and_boxes_without_room():
    for lower, upper in (([2.0], [2.0]), ([0.0], [1.0]), ([0.0, 1.0], [1.0, 1.0]), ([-1.0] * 4, [2.0] * 4)):
        space = SearchProblem(np.array(lower), np.array(upper), ("a", "b", "c"), np.array([lower, upper]))
        asked = dialogue(Dual(DualConfig(constraints=5)), space, seed=0, generations=12)
        assert_same(asked, dialogue(Dual(DualConfig(constraints=5)), space, seed=0, generations=12, asks=2))
        for x in asked:
            assert ((x >= space.lower) & (x <= space.upper)).all()
            assert len(np.unique(x, axis=0)) == len(x) or x is asked[0]


def test_bayesian_says_when_it_is_given_too_much(caplog):
    space = SearchProblem(np.zeros(2), np.ones(2), ("a", "b"), np.empty((0, 2)), 5000)
    Bayesian(BayesianConfig()).setup(space, 0)
    assert "5000 evaluations are wanted" in caplog.text
    assert "such as nsga2" in caplog.text


def test_bayesian_needs_fewer_policies_than_chance():
    def best(optimizer):
        optimizer.setup(SearchProblem(np.zeros(4), np.ones(4), ("f",), np.empty((0, 4)), 120), 1)
        lowest, judged = np.inf, 0
        while judged < 120:
            x = optimizer.ask()
            values = ((x - 0.3) ** 2).sum(axis=1, keepdims=True)
            lowest, judged = min(lowest, values.min()), judged + len(x)
            optimizer.tell(x, Evaluations(values, np.zeros_like(values), np.ones(len(x), dtype=bool)))
        return lowest

    assert best(Bayesian(BayesianConfig())) < best(RandomSearch(RandomSearchConfig(law="uniform")))


def test_the_gaussian_process_is_repeatable():
    def asked():
        return dialogue(Bayesian(BayesianConfig(model="gp", population=1, startup=6)), problem(2, 2, single=True), 3, 3)

    assert_same(asked(), asked())


@pytest.mark.parametrize(
    ("objectives", "parameters", "budget", "use"),
    [
        (2, 4, 199, "random"),
        (1, 4, 200, "cma-es"),
        (2, 6, 1000, "smpso"),
        (2, 7, None, "nsga2"),
        (3, 4, 500, "spea2"),
        (4, 4, 500, "spea2"),
    ],
)
def test_auto_chooses_by_objectives_parameters_and_budget(objectives, parameters, budget, use):
    names = tuple("abcd"[:objectives])
    space = SearchProblem(np.zeros(parameters), np.ones(parameters), names, np.eye(parameters), budget)
    assert Auto(AutoConfig()).choose(space).use == use
