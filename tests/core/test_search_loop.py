"""The loop: budgets, what is kept, what optimizers are told, interruption and resume to the bit."""

import contextlib
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.contracts import RunContext, SearchProblem
from paretorec.errors import ArtifactError, ConfigError, Interrupted, PluginError
from paretorec.search.archive import Archive
from paretorec.search.loop import checkpoint_path, search
from paretorec.search.pareto import hypervolume, nondominated
from paretorec.search.wish import Wish

PROBLEM = SearchProblem(
    lower=np.zeros(3), upper=np.array([1.0, 2.0, 1.0]), objectives=("a", "b"), first=np.eye(3) * [1.0, 2.0, 1.0]
)


def two_goals(x):
    """Conflicting, and undefined in one corner of the box."""
    values = np.stack([(x**2).sum(axis=1), ((x - 1) ** 2).sum(axis=1)], axis=1)
    values[(x[:, 0] > 0.8) & (x[:, 1] > 0.8)] = np.nan
    return values, np.full_like(values, 0.01)


class Climber:
    """Draws around the best place so far: what it asks depends on all that it was told."""

    def __init__(self, population=7):
        self.population = population

    def setup(self, problem, seed):
        self.problem, self.rng = problem, np.random.default_rng(seed)
        self.told = []
        self.centre = problem.lower

    def ask(self):
        if not self.told:
            return self.problem.first
        drawn = self.centre + self.rng.normal(0, 0.3, (self.population, len(self.centre)))
        return np.clip(drawn, self.problem.lower, self.problem.upper)

    def tell(self, x, result):
        self.told.append(result)
        self.centre = x[np.argmin(result.values.sum(axis=1))]


def run_search(folder=None, evaluations=60, problem=PROBLEM, evaluate=two_goals, optimizer=None, seed=5, **more):
    run = more.pop("run", RunContext(folder=folder))
    return search(
        problem, optimizer or Climber(), evaluate, evaluations=evaluations, seed=seed, run=run, name="test", **more
    )


def same(a, b):
    for field in ("x", "values", "errors", "feasible", "generation", "reference", "hypervolume"):
        np.testing.assert_array_equal(getattr(a, field), getattr(b, field), err_msg=field)


class StopAfter:
    """Judges, and asks the run to stop during the n-th call (or dies there, like a killed process)."""

    def __init__(self, calls, stop=None):
        self.calls, self.stop = calls, stop

    def __call__(self, x):
        self.calls -= 1
        if self.calls == 0:
            if self.stop is None:
                raise KeyboardInterrupt
            self.stop.set()
        return two_goals(x)


def test_every_policy_is_kept_and_the_budget_is_exact():
    archive = run_search(evaluations=60)
    assert len(archive) == 60
    assert np.array_equal(archive.x[:3], PROBLEM.first)
    assert np.bincount(archive.generation).tolist() == [3, 7, 7, 7, 7, 7, 7, 7, 7, 1]
    assert archive.evaluations.tolist() == [3, 10, 17, 24, 31, 38, 45, 52, 59, 60]
    np.testing.assert_array_equal(archive.values, two_goals(archive.x)[0])


def test_what_cannot_be_judged_is_infeasible_and_never_on_the_front():
    archive = run_search(evaluations=200)
    assert 0 < (~archive.feasible).sum() < 200
    np.testing.assert_array_equal(archive.feasible, np.isfinite(archive.values).all(axis=1))
    front = archive.front()
    assert archive.feasible[front].all()
    assert nondominated(archive.values[front]).all()


def test_the_optimizer_is_told_finite_values_the_worst_known_for_what_could_not_be_judged():
    optimizer = Climber()
    archive = run_search(evaluations=200, optimizer=optimizer)
    for generation, told in enumerate(optimizer.told):
        rows = archive.rows(generation)
        assert np.isfinite(told.values).all()
        np.testing.assert_array_equal(told.feasible, archive.feasible[rows])
        so_far = archive.values[: rows.stop][archive.feasible[: rows.stop]]
        assert (told.values[~told.feasible] == so_far.max(axis=0)).all()


def test_nothing_can_be_judged():
    archive = run_search(evaluate=lambda x: (np.full((len(x), 2), np.nan),) * 2)
    assert not archive.feasible.any()
    assert len(archive.front()) == 0
    assert (archive.hypervolume == 0).all()
    assert (archive.errors == 0).all()


def test_the_hypervolume_is_of_all_so_far_below_the_worst_first_point():
    archive = run_search(evaluations=100)
    np.testing.assert_array_equal(archive.reference, np.nanmax(archive.values[:3], axis=0))
    for judged, volume in zip(archive.evaluations, archive.hypervolume, strict=True):
        assert volume == pytest.approx(hypervolume(archive.values[:judged], archive.reference), abs=1e-12)
    given = run_search(evaluations=100, reference=np.array([3.0, 4.0]))
    assert given.reference.tolist() == [3.0, 4.0]
    assert given.hypervolume[-1] == pytest.approx(hypervolume(given.values, given.reference))


def test_the_volume_of_many_objectives_is_estimated():
    def seven(x):
        values = np.abs(x[:, :1] - np.linspace(0, 1, 7))
        return values, np.zeros_like(values)

    first = np.linspace(0, 1, 5)[:, None] * [1.0, 2.0, 1.0]
    problem = replace(PROBLEM, objectives=tuple("abcdefg"), first=first)
    archive = run_search(problem=problem, evaluate=seven, evaluations=40, reference=np.ones(7))
    exact = hypervolume(archive.values, archive.reference)
    assert archive.hypervolume[-1] == pytest.approx(exact, rel=0.1)
    assert (np.diff(archive.hypervolume) >= 0).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 5), max_size=4), st.booleans(), st.integers(1, 90))
def test_interrupted_anywhere_and_resumed_gives_the_same_archive(tmp_path_factory, stops, killed, evaluations):
    folder = tmp_path_factory.mktemp("run")
    for calls in stops:
        stop = threading.Event()
        evaluate = StopAfter(calls, None if killed else stop)
        with contextlib.suppress(Interrupted, KeyboardInterrupt):
            run_search(folder, evaluations, evaluate=evaluate, run=RunContext(folder=folder, stop=stop), resume=True)
    same(run_search(folder, evaluations, resume=True), run_search(evaluations=evaluations))
    same(Archive.load(checkpoint_path(folder, "test")), run_search(evaluations=evaluations))


@pytest.mark.parametrize("first", [1, 3, 8, 59, 60])
def test_going_on_to_a_larger_budget_is_as_if_it_had_been_there_from_the_start(tmp_path, first):
    run_search(tmp_path, first)
    same(run_search(tmp_path, 60, resume=True), run_search(evaluations=60))


def test_a_finished_search_is_not_searched_again(tmp_path):
    whole = run_search(tmp_path)
    optimizer = Climber()
    same(run_search(tmp_path, optimizer=optimizer, resume=True), whole)
    assert not optimizer.told


def test_without_resume_an_old_archive_is_replaced(tmp_path):
    run_search(tmp_path, seed=1)
    same(run_search(tmp_path, seed=2), run_search(seed=2))


def test_interruption_keeps_what_was_judged(tmp_path):
    stop = threading.Event()
    with pytest.raises(Interrupted):
        run_search(evaluate=StopAfter(3, stop), run=RunContext(folder=tmp_path, stop=stop))
    assert len(Archive.load(checkpoint_path(tmp_path, "test"))) == 3 + 7 + 7
    assert [path.name for path in tmp_path.iterdir()] == ["archive-test.safetensors"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 6}, "seed 5, not 6"),
        ({"problem": replace(PROBLEM, objectives=("a", "c"))}, "objectives"),
        ({"optimizer": Climber(population=5)}, "generation 1 was searched with other settings"),
        ({"optimizer": Climber(population=9)}, "generation 1 was searched with other settings"),
        ({"problem": replace(PROBLEM, first=PROBLEM.first[:2])}, "generation 0 was searched with other settings"),
        ({"problem": SearchProblem(np.zeros(2), np.ones(2), ("a", "b"), np.eye(2))}, "3 parameters, not 2"),
    ],
)
def test_a_search_with_other_settings_is_not_continued(tmp_path, change, words):
    run_search(tmp_path, evaluations=30)
    with pytest.raises(ArtifactError, match=words):
        run_search(tmp_path, **{"evaluations": 60, "resume": True, **change})


def test_another_optimizer_does_not_continue_the_search(tmp_path):
    class Other(Climber):
        pass

    run_search(tmp_path, evaluations=30)
    with pytest.raises(ArtifactError, match=r"Climber.*not.*Other"):
        run_search(tmp_path, optimizer=Other(), resume=True)


@pytest.mark.parametrize("damage", ["truncate", "garbage", "foreign", "newer"])
def test_a_damaged_archive_is_refused_by_name(tmp_path, damage):
    from safetensors.numpy import save_file

    run_search(tmp_path, evaluations=30)
    path = checkpoint_path(tmp_path, "test")
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:-8])
    elif damage == "garbage":
        path.write_bytes(b"not an archive")
    elif damage == "foreign":
        save_file({"x": np.zeros(3)}, path)
    else:
        path.write_bytes(path.read_bytes().replace(b'schema\\": 1', b'schema\\": 9'))
    with pytest.raises(ArtifactError, match="newer paretorec" if damage == "newer" else "missing or damaged"):
        run_search(tmp_path, resume=True)


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    with pytest.raises(ArtifactError, match=r"archive-test\.safetensors.*cannot be written"):
        run_search(tmp_path / "absent")


def test_a_wish_makes_one_objective_and_the_archive_keeps_all():
    optimizer, wish = Climber(), Wish.of(("a", "b"), np.array([1.0, 1.0]), maximize="a", keep={"b": "-50%"})
    archive = run_search(optimizer=optimizer, wish=wish)
    assert optimizer.problem.objectives == ("wish",)
    assert archive.objectives == ("a", "b")
    assert archive.values.shape == (60, 2)
    told = optimizer.told[1]
    rows = archive.rows(1)
    expected = wish.scalar(archive.values[rows])[:, None]
    np.testing.assert_array_equal(told.values[told.feasible], expected[told.feasible])


def test_time_is_a_budget_too_and_pauses_do_not_count(tmp_path):
    first = search(PROBLEM, Climber(), two_goals, seconds=1e-9, seed=5, run=RunContext(folder=tmp_path), name="test")
    assert len(first) == 0
    stop = threading.Event()
    with pytest.raises(Interrupted):
        search(
            PROBLEM,
            Climber(),
            StopAfter(4, stop),
            seconds=3600,
            seed=5,
            run=RunContext(folder=tmp_path, stop=stop),
            name="test",
        )
    went_on = run_search(tmp_path, evaluations=60, resume=True)
    assert (np.diff(went_on.seconds) >= 0).all()
    same(went_on, run_search(evaluations=60))


def test_a_search_without_a_budget_is_refused():
    with pytest.raises(ConfigError, match="evaluations = N or seconds = N"):
        run_search(evaluations=None)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (np.zeros((2, 4)), r"shape \(2, 4\)"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        (np.zeros(3), r"shape \(3,\)"),
        (np.array([[0.0, 2.1, 0.0]]), "outside the search's box"),
        (np.array([[0.0, np.nan, 0.0]]), "outside the search's box"),
        (None, r"shape \(\)"),
        ([[0.0], [0.0, 1.0]], "failed in ask with ValueError"),
        ("nothing", "failed in ask with ValueError"),
    ],
)
def test_an_optimizer_that_asks_for_nonsense_is_named(asked, words):
    class Broken(Climber):
        def ask(self):
            return asked

    with pytest.raises(PluginError, match=f"Broken.*{words}"):
        run_search(optimizer=Broken())


@pytest.mark.parametrize(("method", "kept"), [("setup", 0), ("ask", 17), ("tell", 17)])
def test_an_optimizer_that_raises_is_named_and_the_archive_is_kept(tmp_path, method, kept):
    class Broken(Climber):
        def fail(self, *_):
            raise RuntimeError("out of\nideas")

        def tell(self, x, result):
            super().tell(x, result)
            if len(self.told) == 2 + (method == "ask"):
                setattr(self, method, self.fail)

    optimizer = Broken()
    if method == "setup":
        optimizer.setup = optimizer.fail
    kept_in = rf"; the {kept} policies judged so far are kept in .*archive-test\.safetensors$" if kept else "$"
    wanted = rf"^optimizer 'broken' of acme 2\.1 failed in {method} with RuntimeError: out of ideas{kept_in}"
    with pytest.raises(PluginError, match=wanted) as caught:
        run_search(tmp_path, optimizer=optimizer, origin="optimizer 'broken' of acme 2.1")
    assert isinstance(caught.value.__cause__, RuntimeError)
    if kept:
        same(Archive.load(checkpoint_path(tmp_path, "test")), run_search(evaluations=kept))


def test_what_an_optimizer_says_itself_is_passed_on():
    class Choosy(Climber):
        def setup(self, problem, seed):
            raise ConfigError("choosy wants three objectives")

    with pytest.raises(ConfigError, match=r"^choosy wants three objectives$"):
        run_search(optimizer=Choosy())


@pytest.mark.parametrize("parameters", [0, 1, 3])
def test_a_box_without_a_free_parameter_holds_one_policy(tmp_path, parameters):
    class Nobody(Climber):
        def ask(self):
            raise AssertionError("asked")

    point = np.full(parameters, 2.0)
    problem = SearchProblem(point, point, ("a",), np.tile(point, (3, 1)))

    def evaluate(x):
        return np.ones((len(x), 1)), np.zeros((len(x), 1))

    for _ in range(2):
        archive = run_search(tmp_path, problem=problem, evaluate=evaluate, optimizer=Nobody(), resume=True)
        np.testing.assert_array_equal(archive.x, point[None])
        assert archive.front().tolist() == [0]


def test_progress_is_shown_also_for_what_was_judged_before(tmp_path):
    class Recorder:
        def __init__(self):
            self.steps, self.total = 0, None

        def bar(self, title, total=None):
            self.total = total
            return self

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def advance(self, steps=1, note=""):
            self.steps += steps

    run_search(tmp_path, evaluations=24)
    progress = Recorder()
    run_search(run=RunContext(folder=tmp_path, progress=progress), resume=True)
    assert (progress.steps, progress.total) == (60, 60)
