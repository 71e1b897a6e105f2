"""What keeps to its contract passes it: with pytest, as here, and without."""

import pytest
from sound_components import CAPABILITIES, CLASSES, EXTRA, Config, SettledConfig

from paretorec.contracts import ComponentSpec
from paretorec.testing import (
    EncoderContract,
    EvaluatorContract,
    IndexContract,
    ObjectiveContract,
    ObserverContract,
    OptimizerContract,
    PolicyContract,
    RankerContract,
    RuleContract,
    SourceContract,
    SplitterContract,
    report_of,
)


def spec_of(component):
    config = SettledConfig if component.__name__ == "SettledPolicy" else Config
    capabilities = frozenset(CAPABILITIES.get(component, ()))
    return ComponentSpec(component.__name__.lower(), component, config, "Sound", capabilities=capabilities)


class TestSource(SourceContract):
    spec = spec_of(CLASSES["source"])


class TestSplitter(SplitterContract):
    spec = spec_of(CLASSES["splitter"])


class TestEncoder(EncoderContract):
    spec = spec_of(CLASSES["encoder"])


class TestIndex(IndexContract):
    spec = spec_of(CLASSES["index"])


class TestRanker(RankerContract):
    spec = spec_of(CLASSES["ranker"])


class TestEvaluator(EvaluatorContract):
    spec = spec_of(CLASSES["evaluator"])


class TestObjective(ObjectiveContract):
    spec = spec_of(CLASSES["objective"])


class TestPolicy(PolicyContract):
    spec = spec_of(CLASSES["policy"])


class TestRule(RuleContract):
    spec = spec_of(CLASSES["rule"])


class TestOptimizer(OptimizerContract):
    spec = spec_of(CLASSES["optimizer"])


class TestObserver(ObserverContract):
    spec = spec_of(CLASSES["observer"])


@pytest.mark.parametrize(("kind", "component"), EXTRA.values(), ids=EXTRA)
def test_sound_components_with_capabilities(kind, component):
    report = report_of(kind, spec_of(component))
    assert report.ok, report.faults()
    assert report.run > 15
