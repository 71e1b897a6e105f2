"""The conformance kit: what a component keeps to, as tests that anybody can run.

With pytest::

    from paretorec.testing import EncoderContract

    class TestGru(EncoderContract):
        spec = "acme-paretorec/gru"

Without it: ``paretorec plugins check acme-paretorec``, or ``TestGru.report()``. Neither pytest nor torch is imported
here; whoever does not test imports nothing of this package.
"""

from paretorec.testing.checks import Broken, Check, check
from paretorec.testing.contract import Contract
from paretorec.testing.encoder import EncoderContract
from paretorec.testing.evaluator import EvaluatorContract
from paretorec.testing.index import IndexContract
from paretorec.testing.kinds import contract_of, report_of
from paretorec.testing.objective import ObjectiveContract
from paretorec.testing.observer import ObserverContract
from paretorec.testing.optimizer import OptimizerContract
from paretorec.testing.policy import PolicyContract
from paretorec.testing.ranker import RankerContract
from paretorec.testing.report import Report, Result
from paretorec.testing.rule import RuleContract
from paretorec.testing.source import SourceContract
from paretorec.testing.splitter import SplitterContract
from paretorec.testing.world import World, tiny_shop

__all__ = [
    "Broken",
    "Check",
    "Contract",
    "EncoderContract",
    "EvaluatorContract",
    "IndexContract",
    "ObjectiveContract",
    "ObserverContract",
    "OptimizerContract",
    "PolicyContract",
    "RankerContract",
    "Report",
    "Result",
    "RuleContract",
    "SourceContract",
    "SplitterContract",
    "World",
    "check",
    "contract_of",
    "report_of",
    "tiny_shop",
]
