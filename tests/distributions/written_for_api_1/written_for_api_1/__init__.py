"""A plugin of every kind as they were written when contracts had version 1. Never edited: that is its use."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_sources() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-source",
            factory=f"{__name__}.source:OneSource",
            config=f"{__name__}.source:OneSourceConfig",
            api=1,
            summary="Interactions from many files with one pattern",
        ),
    ]


@hookimpl
def paretorec_splitters() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-splitter",
            factory=f"{__name__}.splitter:OneSplitter",
            config=f"{__name__}.splitter:OneSplitterConfig",
            api=1,
            summary="Three windows of equal length after a share of the rows",
            capabilities=frozenset({"random"}),
        ),
    ]


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-encoder",
            factory=f"{__name__}.encoder:OneEncoder",
            config=f"{__name__}.encoder:OneEncoderConfig",
            api=1,
            summary="What others took right after the items that a user took last",
        ),
    ]


@hookimpl
def paretorec_rankers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-ranker",
            factory=f"{__name__}.ranker:OneRanker",
            config=f"{__name__}.ranker:OneRankerConfig",
            api=1,
            summary="Event rates by score, from histograms",
        ),
    ]


@hookimpl
def paretorec_evaluators() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-evaluator",
            factory=f"{__name__}.evaluator:OneEvaluator",
            config=f"{__name__}.evaluator:OneEvaluatorConfig",
            api=1,
            summary="Share of listed items outside the most popular ones",
        ),
        ComponentSpec(
            name="one-objective-share",
            factory=f"{__name__}.objective:OneObjectiveShare",
            config=f"{__name__}.objective:OneObjectiveShareConfig",
            api=1,
            summary="Share of listed items that are new",
        ),
    ]


@hookimpl
def paretorec_objectives() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-objective",
            factory=f"{__name__}.objective:OneObjective",
            config=f"{__name__}.objective:OneObjectiveConfig",
            api=1,
            summary="Lists with new items",
        ),
    ]


@hookimpl
def paretorec_policies() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-policy",
            factory=f"{__name__}.policy:OnePolicy",
            config=f"{__name__}.policy:OnePolicyConfig",
            api=1,
            summary="Weighted sum of powers of the signals",
        ),
    ]


@hookimpl
def paretorec_rules() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-rule",
            factory=f"{__name__}.rule:OneRule",
            config=f"{__name__}.rule:OneRuleConfig",
            api=1,
            summary="Items are shown until they have been known for some days",
        ),
    ]


@hookimpl
def paretorec_optimizers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-optimizer",
            factory=f"{__name__}.optimizer:OneOptimizer",
            config=f"{__name__}.optimizer:OneOptimizerConfig",
            api=1,
            summary="Evolution strategy: normal steps around policies that few others beat",
            capabilities=frozenset({"random"}),
        ),
    ]


@hookimpl
def paretorec_observers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="one-observer",
            factory=f"{__name__}.observer:OneObserver",
            config=f"{__name__}.observer:OneObserverConfig",
            api=1,
            summary="One line a run in a file that all runs share",
        ),
    ]
