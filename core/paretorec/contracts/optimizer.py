"""Kind ``optimizer``: proposes policies; evaluation, budget, archive and checkpoints belong to core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from paretorec.contracts.run import Array


@dataclass(frozen=True)
class SearchProblem:
    """A box of D parameters and M objectives, always to be minimised."""

    lower: Array
    """float64 [D]."""
    upper: Array
    """float64 [D]."""
    objectives: tuple[str, ...]
    """M names; one for an optimizer with capability ``single``, to which core gives the scalarised wish."""
    first: Array
    """float64 [F, D]: ask for these first (already inside the box)."""
    budget: int | None = None
    """Evaluations in all, where known."""


@dataclass(frozen=True)
class Evaluations:
    """What P proposals are worth."""

    values: Array
    """float64 [P, M], smaller is better, always finite: what could not be judged is marked infeasible."""
    errors: Array
    """float64 [P, M] standard errors (users as clusters), 0 where unknown."""
    feasible: Array
    """bool [P]."""


class Optimizer(Protocol):
    """Ask, tell. There is no state to save: resume replays the archive through `ask` and `tell`."""

    def setup(self, problem: SearchProblem, seed: int) -> None: ...

    def ask(self) -> Array:
        """float64 [P, D] inside the box. The same seed and the same tells give the same asks, to the bit."""

    def tell(self, x: Array, result: Evaluations) -> None: ...


@dataclass(frozen=True)
class Choice:
    """Which optimizer suits a search."""

    use: str
    """As in a configuration."""
    why: str
    """One sentence for people, without the optimizer's name: "two objectives and few parameters"."""
    params: Mapping[str, Any] = field(default_factory=dict)


class Chooser(Protocol):
    """Stands in the place of an `Optimizer` (capability ``chooses``) and says which one is to search."""

    def choose(self, problem: SearchProblem) -> Choice:
        """Depends on `problem` alone, or a run could not be resumed."""
