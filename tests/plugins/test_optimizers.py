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
from paretorec.errors import Interrupted
from paretorec.search.loop import search
from paretorec.search.pareto import crowding, hypervolume
from paretorec.search.wish import Wish
from paretorec_plugins.cma_es.strategy import CmaEs, CmaEsConfig
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
