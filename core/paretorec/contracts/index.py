"""Kind ``index``: finds the items whose vectors have the largest inner products with a user's."""

from __future__ import annotations

from typing import Protocol

from paretorec.contracts.run import Array, RunContext, State


class Index(Protocol):
    """Searches the item vectors of one encoder; exactly, or nearly so and faster.

    A query's answer must not depend on the other queries; core asks with 32 at a time, from several threads.
    """

    def build(self, vectors: Array, run: RunContext) -> None:
        """vectors: float32 [N, d], item code = row."""

    def search(self, queries: Array, k: int, allowed: Array | None) -> tuple[Array, Array]:
        """(codes int32 [B, k], scores float32 [B, k]): distinct items, inner products falling; behind those that were
        found -1 and -inf.

        queries: float32 [B, d]; k: any from 1 on, also more than there are items; allowed: bool [B, N], what each
        query may find; None: everything.
        """

    def state(self) -> State: ...

    def restore(self, state: State, vectors: Array) -> None:
        """Become the built index again; `vectors` are those that it was built of, or these plus new rows."""
