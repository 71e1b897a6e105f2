"""The contract of optimizers."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.contracts import Array, ComponentRef, Evaluations, RunContext, SearchProblem
from paretorec.contracts.optimizer import Choice
from paretorec.errors import ConfigError, MissingDependency, ParetoRecError
from paretorec.search.loop import search
from paretorec.search.wish import Wish
from paretorec.testing.checks import Check, broken, check, require_methods, skip
from paretorec.testing.compare import fingerprint
from paretorec.testing.component import ComponentContract
from paretorec.testing.contract import SEED
from paretorec.testing.world import World

SINGLE = "single"
CHOOSES = "chooses"
GENERATIONS = 4
BUDGET = 130


class OptimizerContract(ComponentContract):
    """`paretorec.contracts.Optimizer`."""

    kind = "optimizer"

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        if self.declares(CHOOSES):
            return {"choice": component.choose(self.problem())}
        return {f"generation {g}": x for g, x in enumerate(dialogue(component, self.problem(), seed))}

    def _presuppose(self, wanted: Check) -> None:
        super()._presuppose(wanted)
        asks = wanted.id.removeprefix(f"{self.kind}.") not in ("protocol", "choice", "same-seed", "globals", "stdout")
        if asks and wanted.id.startswith(f"{self.kind}.") and self.declares(CHOOSES):
            skip("it chooses another optimizer")

    def problem(self, objectives: int = 2, parameters: int = 4, first: int = 5) -> SearchProblem:
        """A box of its own; one objective where the optimizer declares `single`."""
        objectives = 1 if self.declares(SINGLE) else objectives
        lower = -np.arange(1.0, parameters + 1)
        upper = np.arange(1.0, parameters + 1) * 2
        drawn = np.random.default_rng(9).random((first, parameters))
        names = tuple(f"goal{m}" for m in range(objectives))
        return SearchProblem(lower, upper, names, lower + drawn * (upper - lower), BUDGET)

    @check(
        "protocol", "give it setup(problem, seed), ask() and tell(x, evaluations); or choose(problem), and declare it"
    )
    def test_protocol(self) -> None:
        """It has `setup`, `ask` and `tell`; with capability `chooses`, `choose`."""
        if self.declares(CHOOSES):
            require_methods(self.new(), ("choose",), "an optimizer with the capability 'chooses'")
        else:
            require_methods(self.new(), ("setup", "ask", "tell"), "an optimizer")

    @check("choice", "return a Choice of an installed optimizer that searches itself, by the problem alone")
    def test_choice(self) -> None:
        """A chooser chooses, for any problem, an installed optimizer that can be made and searches itself."""
        if not self.declares(CHOOSES):
            skip("it searches itself")
        for objectives in (1, 2, 4):
            for budget in (None, 50, 100_000):
                problem = replace(self.problem(objectives), budget=budget)
                choice = self.new().choose(problem)
                if not isinstance(choice, Choice):
                    broken(f"choose gave a {type(choice).__name__}")
                if choice != self.new().choose(problem):
                    broken("it chose differently for one problem")
                try:
                    built = self.source.build("optimizer", ComponentRef(use=choice.use, params=dict(choice.params)))
                except MissingDependency:
                    continue
                except ParetoRecError as error:
                    broken(f"{choice.use!r}, which it chose for {objectives} objectives, cannot be made: {error}")
                if CHOOSES in built.resolved.spec.capabilities:
                    broken(f"it chose {choice.use!r}, which only chooses itself")

    @check("other-seed", 'declare the capability "random" if, and only if, asks depend on the seed')
    def test_other_seed(self) -> None:
        """Another seed asks for other policies where the spec declares `random`, and for the same where it does not."""
        self.check_seeds()

    @check("box", "return float64 [P >= 1, D] between lower and upper: clip what you compute")
    def test_box(self) -> None:
        """Every ask is float64 [P, D], of one policy at least, inside the box."""
        problem = self.problem()
        for name, x in self.answers.items():
            _check_inside(x, problem, name)

    @check("first", "ask for problem.first, in its order, before anything else")
    def test_first(self) -> None:
        """The first points come first: none, a few, or more than a generation."""
        for count in (0, 5, 150):
            problem = self.problem(first=count)
            asked, rounds = dialogue(self.new(), problem, SEED, 1), 0
            while sum(map(len, asked)) < count and rounds < count:
                rounds += 1
                asked = dialogue(self.new(), problem, SEED, rounds + 1)
            together = np.concatenate(asked)[:count]
            if together.shape != problem.first.shape or (together != problem.first).any():
                broken(f"the {count} first points are not what is asked for first")

    @check("ask-again", "make the next generation in tell, or keep what was asked for; return a copy")
    def test_ask_again(self) -> None:
        """Asked twice without being told, it asks for the same; what the caller does to the array is nothing to it."""
        component, problem = self.new(), self.problem()
        component.setup(problem, SEED)
        for _ in range(2):
            wanted = component.ask().copy()
            component.ask()[:] = 0
            if fingerprint(component.ask()) != fingerprint(wanted):
                broken("a second ask without a tell gave something else")
            component.tell(wanted, judged(wanted, problem))

    @check("setup-again", "set everything anew in setup, and share nothing between instances")
    def test_setup_again(self) -> None:
        """Set up anew, an instance searches as a new one; two searches at once are as each alone."""
        problem = self.problem()
        wanted = [self.answers[f"generation {g}"] for g in range(GENERATIONS)]
        if fingerprint(dialogue(self.component, problem, SEED)) != fingerprint(wanted):
            broken("an instance that searched before asks for other policies")
        mine, other = self.new(), self.new()
        mine.setup(problem, SEED)
        other.setup(self.problem(parameters=3), SEED + 1)
        for x in wanted:
            theirs = other.ask()
            if fingerprint(mine.ask()) != fingerprint(x):
                broken("it asks for other policies while another instance searches")
            other.tell(theirs, judged(theirs, self.problem(parameters=3)))
            mine.tell(x, judged(x, problem))

    @check("objectives", 'work for every number of objectives, or declare the capability "single"')
    def test_objectives(self) -> None:
        """It searches for three and four objectives as for two, and for one or says why not; `single`: for one."""
        for count in (1,) if self.declares(SINGLE) else (1, 3, 4):
            problem = self.problem(objectives=count)
            try:
                asked = dialogue(self.new(), problem, SEED, 3)
            except ConfigError:
                if count > 1:
                    raise
                continue  # it says that it needs several
            for x in asked:
                _check_inside(x, problem, f"a generation for {count} objectives")

    @check("boxes", "allow lower == upper, and a single parameter")
    def test_boxes(self) -> None:
        """A box with one parameter, and one with a fixed parameter, can be searched."""
        names = self.problem().objectives
        for lower, upper in (([0.0], [1.0]), ([0.0, 1.0], [1.0, 1.0])):
            problem = SearchProblem(np.array(lower), np.array(upper), names, np.array([lower, upper]), BUDGET)
            for x in dialogue(self.new(), problem, SEED, 3):
                _check_inside(x, problem, f"in the box from {lower} to {upper} a generation")

    @check("infeasible", "expect that no policy of a generation could be judged: their values say nothing")
    def test_infeasible(self) -> None:
        """A generation that could not be judged at all does not end the search."""
        component, problem = self.new(), self.problem()
        component.setup(problem, SEED)
        for generation in range(3):
            x = component.ask()
            _check_inside(x, problem, "after what could not be judged, a generation")
            nothing = np.zeros((len(x), len(problem.objectives)))
            if generation < 2:
                component.tell(x, Evaluations(nothing, nothing, np.zeros(len(x), bool)))

    @check("inputs", "copy what you are told before you change or keep it")
    def test_inputs(self) -> None:
        """The problem and the evaluations that it is told are left as they were."""
        component, problem = self.new(), self.problem()
        before = fingerprint(problem)
        component.setup(problem, SEED)
        for _ in range(GENERATIONS):
            x = component.ask()
            result = judged(x, problem)
            told = fingerprint((x, result))
            component.tell(x, result)
            if fingerprint((x, result)) != told:
                broken("it changed what it was told")
        if fingerprint(problem) != before:
            broken("it changed the problem")

    @check("budget", "keep asking until core stops: the budget is core's")
    def test_budget(self) -> None:
        """Core's loop gets exactly as many policies as the budget allows, not fewer."""
        for budget in (7, BUDGET):
            archive = self._search(budget, RunContext())
            if len(archive) != budget:
                broken(f"of {budget} evaluations it used {len(archive)}")

    @check("resume", "depend on the seed, the asks and the tells alone, to the bit: a resumed run replays them")
    def test_resume(self) -> None:
        """Stopped in the middle of a generation and resumed, a search is one that was never interrupted."""
        whole = self._search(BUDGET, RunContext())
        with tempfile.TemporaryDirectory(prefix="paretorec-testing-") as name:
            self._search(BUDGET // 3, RunContext(folder=Path(name)))
            resumed = self._search(BUDGET, RunContext(folder=Path(name)))
        if fingerprint((resumed.x, resumed.values)) != fingerprint((whole.x, whole.values)):
            broken("resumed, it went another way")

    def _search(self, evaluations: int, run: RunContext) -> Any:
        problem = self.problem()
        many = (
            problem
            if not self.declares(SINGLE)
            else SearchProblem(problem.lower, problem.upper, ("a", "b"), problem.first, BUDGET)
        )
        wish = Wish.of(("a", "b"), np.array([3.0, 2.0])) if self.declares(SINGLE) else None

        def evaluate(x: Array) -> tuple[Array, Array]:
            result = judged(x, many)
            values = np.where(result.feasible[:, None], result.values, np.nan)
            return values, result.errors

        try:
            return search(
                many, self.new(), evaluate, evaluations=evaluations, seed=SEED, run=run, resume=True, wish=wish
            )
        except ParetoRecError as error:
            broken(str(error))


def dialogue(component: Any, problem: SearchProblem, seed: int, generations: int = GENERATIONS) -> list[Array]:
    """What was asked, generation by generation."""
    component.setup(problem, seed)
    asked = []
    for _ in range(generations):
        x = component.ask()
        asked.append(np.array(x))
        component.tell(x, judged(x, problem))
    return asked


def judged(x: Array, problem: SearchProblem) -> Evaluations:
    """Distances to points in the box, one an objective; a part of the box cannot be judged."""
    span = problem.upper - problem.lower
    share = (x - problem.lower) / np.where(span > 0, span, 1)
    values = np.stack([((share - m / 3) ** 2).sum(axis=1) for m in range(len(problem.objectives))], axis=1)
    feasible = share[:, 0] < 0.9
    values[~feasible] = values.max(axis=0)
    return Evaluations(values, np.zeros_like(values), feasible)


def _check_inside(x: Any, problem: SearchProblem, what: str) -> None:
    size = len(problem.lower)
    if not isinstance(x, np.ndarray) or x.dtype != np.float64 or x.ndim != 2 or x.shape[1] != size or not len(x):
        given = f"{x.dtype} {list(x.shape)}" if isinstance(x, np.ndarray) else type(x).__name__
        broken(f"{what} is {given}, not float64 [P >= 1, {size}]")
    if not ((x >= problem.lower) & (x <= problem.upper)).all():
        broken(f"{what} leaves the box")
