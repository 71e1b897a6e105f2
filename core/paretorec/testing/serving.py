"""What components keep to that answer request by request, while a run judges and while a shop serves."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import Array
from paretorec.testing.checks import broken, check
from paretorec.testing.compare import differing, not_finite
from paretorec.testing.component import ComponentContract
from paretorec.testing.threads import at_once
from paretorec.testing.world import BLOCK, STRANGERS, World, tiny_shop

Answers = dict[str, Array]


class ServingContract(ComponentContract):
    """Answers of a fitted component, row by row."""

    def serve(self, component: Any, world: World, rows: Array) -> Answers:
        """The component's answers for the requests `rows` of the world's block: name -> [len(rows), ...]."""
        raise NotImplementedError

    def shapes(self, world: World) -> dict[str, tuple[tuple[int, ...], str]]:
        """name -> (shape of one row's answer, dtype) of what `serve` gives; left out: any."""
        raise NotImplementedError

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        return dict(self.serve(component, world, np.arange(BLOCK)))

    @check("shapes", "return arrays of the shape and dtype that the contract names, also for one request and for none")
    def test_shapes(self) -> None:
        """Answers have the contract's shape and dtype, for 32 requests as for one and for none."""
        component, world = self.component, tiny_shop()
        wanted = self.shapes(world)
        for count in (BLOCK, 1, 0):
            for name, answer in self.serve(component, world, np.arange(count)).items():
                if not isinstance(answer, np.ndarray):
                    broken(f"{name} is a {type(answer).__name__}, not an array")
                shape, dtype = wanted.get(name, (answer.shape[1:], answer.dtype.name))
                if (answer.shape, answer.dtype.name) != ((count, *shape), dtype):
                    broken(
                        f"{name} of {count} requests is {answer.dtype} {list(answer.shape)}, "
                        f"not {dtype} {[count, *shape]}"
                    )

    @check(
        "finite", "replace what is unknown (NaN labels, NaN or empty columns, -1 padding) before you compute with it"
    )
    def test_finite(self) -> None:
        """Labels that were not observed, unknown columns and padding give no NaN and no infinity."""
        names = not_finite(self.serve(self.component, tiny_shop(), np.arange(BLOCK)))
        if names:
            broken(f"{', '.join(names)} is not finite")

    @check("strangers", "answer for user code -1 and for an empty history")
    def test_strangers(self) -> None:
        """A user never seen, with an empty history, gets an answer."""
        names = not_finite(self.serve(self.component, tiny_shop(), np.array(STRANGERS)))
        if names:
            broken(f"{', '.join(names)} is not finite")

    @check("rows", "compute each row from that row alone: no statistics of the batch, no lengths taken from it")
    def test_rows(self) -> None:
        """A request's answer depends on no other request of its block, to the bit."""
        component, world = self.component, tiny_shop()
        rows = np.arange(BLOCK)
        together = self.serve(component, world, rows)
        for others in (rows[::-1], np.roll(rows, 7), np.where(rows % 4 == 0, rows, 0)):
            answers = self.serve(component, world, others)
            names = differing({name: answer[others] for name, answer in together.items()}, answers)
            if names:
                broken(f"{', '.join(names)} of a request is different beside other requests")

    @check("threads", "keep nothing of a request on self, and guard what is kept for later")
    def test_threads(self) -> None:
        """Several threads may ask at once and get what one thread gets."""
        component, world = self.component, tiny_shop()
        parts = [np.roll(np.arange(BLOCK), turn) for turn in range(0, 24, 2)]
        alone = [self.serve(component, world, rows) for rows in parts]
        for mine, theirs in zip(alone, at_once(lambda rows: self.serve(component, world, rows), parts), strict=True):
            if differing(mine, theirs):  # which parts do is chance
                broken("answers came out differently while other threads asked")
