"""What a request carries beside user and time: context columns, and in mode ``logged`` the list to be re-ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paretorec.contracts.dataset import Requests
from paretorec.contracts.run import Array
from paretorec.data.columns import as_id
from paretorec.errors import ConfigError
from paretorec.registry.explain import nearest


@dataclass(frozen=True)
class RequestShape:
    """How the requests of a run look, so that those of a host become like them."""

    context: Mapping[str, str] = field(default_factory=dict)
    """Context column -> ``number`` or ``text``."""
    shown: int = 0
    """Width of the logged lists in the certify part, 0: there are none. Lists are padded to it: rounding depends on
    the width."""

    @classmethod
    def of(cls, requests: Requests) -> RequestShape:
        """The shape of a part's requests."""
        kinds = {name: "text" if values.dtype == object else "number" for name, values in requests.context.items()}
        return cls(kinds, 0 if requests.logged is None else requests.logged.shape[1])

    def to_json(self) -> dict[str, Any]:
        return {"context": dict(self.context), "shown": self.shown}

    def contexts(self, given: Mapping[str, Any] | None, count: int) -> dict[str, Array]:
        """Column -> [count] of every context column; what is not given is unknown. Raises `ConfigError`.

        given: column -> one value for all requests, or a list with one for each.
        """
        given = given or {}
        for name in given:
            if name not in self.context:
                raise ConfigError(
                    f"context: the run's requests have no column {name!r}{nearest(name, self.context)}"
                    + ("" if self.context else "; name it in [data] context of a log with requests")
                )
        out = {}
        for name, kind in self.context.items():
            values = given.get(name)
            each = list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values] * count
            if len(each) != count:
                raise ConfigError(f"context[{name!r}] has {len(each)} values for {count} requests; give one for each")
            if kind == "text":
                out[name] = np.array([None if value is None else as_id(value) for value in each], object)
                continue
            try:
                out[name] = np.array([np.nan if value is None else float(value) for value in each], np.float32)
            except (TypeError, ValueError) as error:
                raise ConfigError(f"context[{name!r}] must be numbers, not {values!r}") from error
        return out

    def lists(self, given: Sequence[Sequence[str]], codes: Mapping[str, int], count: int) -> Array:
        """int32 [count, L] item codes, -1 padded, of the lists to be re-ranked; items not in the catalogue go."""
        if len(given) != count:
            raise ConfigError(f"candidates has {len(given)} lists for {count} requests; give one for each")
        known = [list(dict.fromkeys(codes[item] for item in items if item in codes)) for items in given]
        out = np.full((count, max([self.shown, 1, *map(len, known)])), -1, np.int32)
        for row, items in enumerate(known):
            out[row, : len(items)] = items
        return out
