"""What travels through the flow and what each kind of plugin must do: one file per kind."""

from paretorec.contracts.component import (
    API,
    GROUPS,
    HOOKS,
    KINDS,
    ComponentConfig,
    ComponentRef,
    ComponentSpec,
    Provenance,
)
from paretorec.contracts.dataset import (
    Dataset,
    Event,
    HistoryStore,
    Requests,
    Source,
    Split,
    Splitter,
    Tables,
)
from paretorec.contracts.encoder import (
    EmbeddingEncoder,
    Encoder,
    ExportedEncoder,
    FitData,
    ScoreEncoder,
    VectorEncoder,
    WarmEncoder,
)
from paretorec.contracts.evaluator import Evaluator, Exposure, Gain, Metric, Ratio, Truth, Vector
from paretorec.contracts.histories import Histories, OwnHistory
from paretorec.contracts.hooks import ObserverHooks, hookimpl
from paretorec.contracts.index import Index
from paretorec.contracts.items import DAY, MISSING, Category, ItemTable, Timeline
from paretorec.contracts.objective import Objective
from paretorec.contracts.observer import (
    CertifyFinished,
    EpochFinished,
    FitFinished,
    GenerationFinished,
    RunFinished,
    RunStarted,
)
from paretorec.contracts.optimizer import Choice, Chooser, Evaluations, Optimizer, SearchProblem
from paretorec.contracts.policy import Box, DataKind, GroupedKind, LinearKind, PolicyKind, SignalBatch
from paretorec.contracts.ranker import CandidateView, ExampleBlock, Ranker, RankingExamples
from paretorec.contracts.rule import MaskRule, Rule, ShapeRule
from paretorec.contracts.run import Array, Bar, NoProgress, Progress, RunContext, State

__all__ = [
    "API",
    "DAY",
    "GROUPS",
    "HOOKS",
    "KINDS",
    "MISSING",
    "Array",
    "Bar",
    "Box",
    "CandidateView",
    "Category",
    "CertifyFinished",
    "Choice",
    "Chooser",
    "ComponentConfig",
    "ComponentRef",
    "ComponentSpec",
    "DataKind",
    "Dataset",
    "EmbeddingEncoder",
    "Encoder",
    "EpochFinished",
    "Evaluations",
    "Evaluator",
    "Event",
    "ExampleBlock",
    "ExportedEncoder",
    "Exposure",
    "FitData",
    "FitFinished",
    "Gain",
    "GenerationFinished",
    "GroupedKind",
    "Histories",
    "HistoryStore",
    "Index",
    "ItemTable",
    "LinearKind",
    "MaskRule",
    "Metric",
    "NoProgress",
    "Objective",
    "ObserverHooks",
    "Optimizer",
    "OwnHistory",
    "PolicyKind",
    "Progress",
    "Provenance",
    "Ranker",
    "RankingExamples",
    "Ratio",
    "Requests",
    "Rule",
    "RunContext",
    "RunFinished",
    "RunStarted",
    "ScoreEncoder",
    "SearchProblem",
    "ShapeRule",
    "SignalBatch",
    "Source",
    "Split",
    "Splitter",
    "State",
    "Tables",
    "Timeline",
    "Truth",
    "Vector",
    "VectorEncoder",
    "WarmEncoder",
    "hookimpl",
]
