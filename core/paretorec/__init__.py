"""ParetoRec: from interaction logs to a certified Pareto front of servable ranking policies.

The names below are imported when they are first used, so that `import paretorec` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paretorec.config import RunConfig
    from paretorec.contracts.component import ComponentRef
    from paretorec.engine import Engine
    from paretorec.evaluation import evaluate
    from paretorec.front import Front
    from paretorec.pick import Pick
    from paretorec.recommender import Recommender
    from paretorec.registry import Registry

_HOMES = {
    "ComponentRef": "paretorec.contracts.component",
    "Engine": "paretorec.engine",
    "Front": "paretorec.front",
    "Pick": "paretorec.pick",
    "Recommender": "paretorec.recommender",
    "Registry": "paretorec.registry",
    "RunConfig": "paretorec.config",
    "evaluate": "paretorec.evaluation",
}

__all__ = ["ComponentRef", "Engine", "Front", "Pick", "Recommender", "Registry", "RunConfig", "evaluate"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'paretorec' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
