"""The contract of rankers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.contracts import CandidateView, ExampleBlock, RankingExamples, RunContext, State
from paretorec.errors import ConfigError, DataError
from paretorec.testing.checks import broken, check, require_methods
from paretorec.testing.compare import not_finite
from paretorec.testing.grown import grown
from paretorec.testing.learned import LearnedContract
from paretorec.testing.serving import Answers
from paretorec.testing.world import CANDIDATES, World, tiny_shop


class RankerContract(LearnedContract):
    """`paretorec.contracts.Ranker`."""

    kind = "ranker"

    def fit(self, component: Any, world: World, run: RunContext) -> None:
        component.fit(world.examples, run)

    @classmethod
    def restore(cls, component: Any, state: State, world: World) -> None:
        component.restore(state)

    def serve(self, component: Any, world: World, rows: Any) -> Answers:
        return dict(component.predict(world.look(world.histories.take(rows), world.candidates[rows])))

    def shapes(self, world: World) -> dict[str, tuple[tuple[int, ...], str]]:
        return dict.fromkeys(self.component.heads, ((CANDIDATES,), "float32"))

    @check("protocol", "give it the methods of paretorec.contracts.Ranker")
    def test_protocol(self) -> None:
        """It has `fit`, `predict`, `state` and `restore`."""
        require_methods(self.new(), ("fit", "predict", "state", "restore"), "a ranker")

    @check("heads", "name in `heads`, once fit or restore have returned, exactly what predict gives")
    def test_heads(self) -> None:
        """Fitted as restored, `heads` names what `predict` gives, in its order."""
        again = self.new()
        again.restore(self.component.state())
        world = tiny_shop()
        for component, how in ((self.component, "fitted"), (again, "restored")):
            heads, given = tuple(component.heads), tuple(component.predict(world.view))
            if heads != given or not heads:
                broken(
                    f"{how}, it has the heads {', '.join(heads) or 'none'} and predicts {', '.join(given) or 'none'}"
                )

    @check("new-items", "answer for items that were not there when it was fitted, as for rare ones")
    def test_new_items(self) -> None:
        """Candidates that are newer than what it was fitted on get finite predictions."""
        names = not_finite(dict(self.component.predict(with_new_items(tiny_shop()))))
        if names:
            broken(f"{', '.join(names)} of new items is not finite")

    @check(
        "bare-view", "work without item columns, context and vectors, or raise a ConfigError that names what is needed"
    )
    def test_bare_view(self) -> None:
        """Where the data has no item or request columns and encoders have no vectors, it learns and predicts."""
        world, component = tiny_shop(), self.new()
        try:
            component.fit(_Bare(world.examples), RunContext())
            component.predict(bare(world.view))
        except (ConfigError, DataError):
            return
        except Exception as error:
            broken(f"without columns it raised {type(error).__name__}: {error}")

    @check("nothing-to-learn", "raise a DataError that says what is missing")
    def test_nothing_to_learn(self) -> None:
        """Without a training request it learns nothing or raises a DataError."""
        world, component = tiny_shop(), self.new()
        try:
            component.fit(_Bare(world.examples, all_held_out=True), RunContext())
        except DataError:
            return
        except Exception as error:
            broken(f"with held-out requests only it raised {type(error).__name__}: {error}")


def with_new_items(world: World) -> CandidateView:
    """The block's view, where the table has grown and each request's first candidate is new."""
    candidates = world.candidates.copy()
    candidates[:, 0] = len(world.items)
    view = world.look(world.histories, np.minimum(candidates, len(world.items) - 1))
    vectors = {name: np.concatenate([known, known[:3]]) for name, known in view.item_vectors.items()}
    return replace(view, items=candidates, table=grown(world.items, 3), item_vectors=vectors, mask=candidates >= 0)


def bare(view: CandidateView) -> CandidateView:
    """The view of data that has ids, times and one encoder's scores, and nothing else."""
    histories = replace(view.histories, context={}, user_categories={}, user_numbers={})
    table = replace(view.table, categories={}, numbers={}, texts={}, timelines={}, features=view.table.features[:, :0])
    return replace(view, histories=histories, table=table, user_vectors={}, item_vectors={})


class _Bare:
    """Examples of bare views."""

    def __init__(self, examples: RankingExamples, all_held_out: bool = False) -> None:
        self.events = examples.events
        self._blocks = [
            ExampleBlock(bare(block.view), block.labels, block.held_out | all_held_out) for block in examples.blocks()
        ]

    def __len__(self) -> int:
        return sum(len(block.held_out) for block in self._blocks)

    def blocks(self) -> Any:
        return iter(self._blocks)
