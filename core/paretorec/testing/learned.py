"""What components keep to that learn: encoders and rankers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from paretorec.contracts import NoProgress, RunContext, State
from paretorec.errors import Interrupted
from paretorec.testing.checks import broken, check, skip
from paretorec.testing.compare import differing
from paretorec.testing.processes import restored
from paretorec.testing.serving import Answers, ServingContract
from paretorec.testing.world import BLOCK, World, tiny_shop


class _Ending(NoProgress):
    """Asks the run to end at the first step that is shown, and counts those that are shown in all."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.steps = 0

    @contextmanager
    def bar(self, title: str, total: int | None = None) -> Iterator[_Ending]:  # type: ignore[override]
        yield self

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.stop.set()
        self.steps += 1


class LearnedContract(ServingContract):
    """Fitting, and what is saved of it."""

    def fit(self, component: Any, world: World, run: RunContext) -> None:
        """Have it learn from the world."""
        raise NotImplementedError

    @classmethod
    def restore(cls, component: Any, state: State, world: World) -> None:
        """Have it become the fitted component again."""
        raise NotImplementedError

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        self.fit(component, world, RunContext(seed=seed))
        return dict(self.serve(component, world, np.arange(BLOCK)))

    @classmethod
    def restored_answers(cls, component: Any, state: State, world: World) -> Answers:
        """What it answers once restored: asked in another process."""
        cls.restore(component, state, world)
        return cls().serve(component, world, np.arange(BLOCK))

    @check("other-seed", 'declare the capability "random" if, and only if, what is learned depends on the seed')
    def test_other_seed(self) -> None:
        """Another seed gives another result where the spec declares `random`, and the same where it does not."""
        self.check_seeds()

    @check("stops", "call run.check_stop() in every step of a long fit, and let what it raises pass")
    def test_stops(self) -> None:
        """A fit of several steps, by the progress that it shows, ends at the next one when the run is asked to end."""
        shown = _Ending()
        try:
            self.fit(self.new(), tiny_shop(), RunContext(progress=shown, stop=shown.stop))
        except Interrupted:
            if shown.steps > 2:
                broken(f"asked to end in its first step, it took {shown.steps}")
            return
        if shown.steps < 2:
            skip("it shows no progress, or one step of it: it is taken to be short")
        broken(f"asked to end in its first step, it went through all {shown.steps}")

    @check("round-trip", "put everything that answers depend on into state(): arrays and JSON values")
    def test_round_trip(self) -> None:
        """Saved, and restored in a new process, it gives the same answers to the bit."""
        state = self.component.state()
        if not isinstance(state, State):
            broken(f"state() gave a {type(state).__name__}, not a State")
        answers = restored(self.source, self.kind, self.ref, state)
        names = differing(self.serve(self.component, tiny_shop(), np.arange(BLOCK)), answers)
        if names:
            broken(f"{', '.join(names)} of the restored component is different")
