"""Which optimizer searches, where the configuration leaves that to a chooser such as `auto`."""

from __future__ import annotations

import logging

from paretorec.contracts.component import ComponentRef
from paretorec.contracts.optimizer import Choice, SearchProblem
from paretorec.errors import ParetoRecError, PluginError
from paretorec.registry import Built, Registry

_LOG = logging.getLogger("paretorec")


def choose(built: Built, problem: SearchProblem, registry: Registry) -> tuple[Built, str]:
    """(the optimizer that searches, why it was chosen: empty where `built` is no chooser).

    Raises PluginError where the chooser fails, and what the registry raises about its choice.
    """
    if "chooses" not in built.resolved.spec.capabilities:
        return built, ""
    try:
        choice: Choice = built.component.choose(problem)
        use, params, why = choice.use, dict(choice.params), choice.why
    except ParetoRecError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise PluginError(f"{built.resolved.origin} failed to choose: {type(error).__name__}: {reason}") from error
    chosen = registry.build("optimizer", ComponentRef(use=use, params=params), "optimizer")
    if "chooses" in chosen.resolved.spec.capabilities:
        raise PluginError(f"{built.resolved.origin} chose {use!r}, which is no optimizer but chooses one")
    sentence = f"{built.resolved.spec.name} chose {chosen.resolved.spec.name}: {why}"
    _LOG.info(sentence)
    return chosen, sentence
