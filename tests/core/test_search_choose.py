"""An optimizer that chooses another: what searches, what is said, and choices that cannot be."""

import logging

import numpy as np
import pytest

from paretorec.contracts import Choice, ComponentConfig, ComponentRef, ComponentSpec, SearchProblem
from paretorec.errors import ComponentNotFound, ConfigError, PluginError
from paretorec.registry import Registry
from paretorec.search.choose import choose

PROBLEM = SearchProblem(np.zeros(3), np.ones(3), ("a", "b"), np.eye(3), 1000)


class Settled:
    """Always the same choice."""

    choice: object = None

    def __init__(self, config):
        del config

    def choose(self, problem):
        if isinstance(self.choice, Exception):
            raise self.choice
        return self.choice


def chosen(choice):
    registry = Registry(files=())
    maker = type("Maker", (Settled,), {"choice": choice})
    spec = ComponentSpec("settled", maker, ComponentConfig, "Chooses", capabilities=frozenset({"chooses"}))
    registry.add("optimizer", spec)
    return choose(registry.build("optimizer", ComponentRef(use="settled")), PROBLEM, registry)


def test_the_choice_searches_with_its_params_and_says_why(caplog):
    with caplog.at_level(logging.INFO, "paretorec"):
        built, why = chosen(Choice("nsga2", "it is Tuesday", {"population": 12}))
    assert built.component.config.population == 12
    assert why == "settled chose nsga2: it is Tuesday"
    assert why in caplog.messages


def test_an_optimizer_that_searches_itself_is_left_alone():
    registry = Registry(files=())
    built = registry.build("optimizer", ComponentRef(use="smpso"))
    assert choose(built, PROBLEM, registry) == (built, "")


@pytest.mark.parametrize(
    ("choice", "error", "says"),
    [
        (None, PluginError, "optimizer 'settled' of .* failed to choose: AttributeError"),
        (ZeroDivisionError("by\nzero"), PluginError, "failed to choose: ZeroDivisionError: by zero"),
        (ConfigError("give it a budget"), ConfigError, "^give it a budget$"),
        (Choice("nsga9", "why not"), ComponentNotFound, "there is no optimizer 'nsga9'"),
        (Choice("nsga2", "why not", {"population": "many"}), ConfigError, "optimizer.params.population"),
        (Choice("settled", "why not"), PluginError, "chose 'settled', which is no optimizer but chooses one"),
    ],
)
def test_choices_that_cannot_be_are_one_sentence(choice, error, says):
    with pytest.raises(error, match=says):
        chosen(choice)
