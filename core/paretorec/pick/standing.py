"""The standing wish, `[pick]`: what the search leans to, and what a run answers at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.config import PickConfig
from paretorec.contracts.run import Array
from paretorec.errors import ConfigError, NoAnswer
from paretorec.front import Front
from paretorec.pick.choose import pick
from paretorec.registry.explain import nearest
from paretorec.search.wish import Wish


def standing_wish(names: Sequence[str], baseline: Array, errors: Array, asked: PickConfig) -> Wish:
    """What the search is to find policies for, so that a wrong name is an error before anything was searched.

    names: the objectives; baseline, errors: float64 [M] of the baseline on the select requests, minimised. A reference
    point is something to keep, the first of a lexicographic order something to maximise, and a knee asks for equal
    relative changes. Raises `ConfigError`.
    """
    for key, named in (("weights", asked.weights), ("lexicographic", asked.lexicographic)):
        for name in named:
            if name not in names:
                raise ConfigError(f"pick.{key} names {name!r}, which is no objective of this run{nearest(name, names)}")
    maximize = asked.maximize or next(iter(asked.lexicographic), "")
    wish = Wish.of(names, baseline, errors, maximize, {**asked.reference_point, **asked.keep})
    if not asked.weights:
        return wish
    return replace(wish, weights=np.array([asked.weights.get(name, 0.0) for name in names]))


def standing_pick(front: Front, asked: PickConfig) -> dict[str, Any]:
    """`pick.json`: the answer to the standing wish, or why there is none.

    That a percentage cannot be kept of what is next to 0, or that an objective is not certified, comes out only here:
    it is told as a reason, and does not cost the run.
    """
    wish = asked.model_dump(mode="json")
    try:
        return {**pick(front, **asked.model_dump()).to_json(), "wish": wish}
    except (NoAnswer, ConfigError) as error:
        return {"point": None, "policy": None, "certified": False, "why": str(error), "wish": wish, "certify": {}}
