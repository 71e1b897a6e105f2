"""Objectives: what a business wants more of, the metric that judges it and the signal that pushes it."""

from paretorec.contracts import ComponentSpec, hookimpl

_SPECS = (
    ("relevance", "hits:Relevance", "hits:RelevanceConfig", "The right items at the top (ndcg)"),
    ("precision", "hits:Precision", "hits:PrecisionConfig", "Many hits in the list (precision)"),
    ("discovery", "hits:Discovery", "hits:DiscoveryConfig", "Hits on what the user never had (discovery)"),
    ("click-rate", "response:ClickRate", "response:ClickRateConfig", "Clicks a slot, in replay (click-rate)"),
    ("conversion", "response:Conversion", "response:ConversionConfig", "Purchases per click, in replay (conversion)"),
    ("satisfaction", "response:Satisfaction", "response:SatisfactionConfig", "Good ratings at the top (graded ndcg)"),
    ("sales", "amounts:Sales", "amounts:SalesConfig", "Sales a list, in replay (revenue); pushed by the price"),
    ("dwell", "amounts:Dwell", "amounts:DwellConfig", "Time spent a list, in replay (revenue)"),
    ("completion", "amounts:Completion", "amounts:CompletionConfig", "Share watched or read, in replay (completion)"),
    ("diversity", "diversity:Diversity", "diversity:DiversityConfig", "Items unlike each other (intra-list-diversity)"),
    ("novelty", "novelty:Novelty", "novelty:NoveltyConfig", "Items that few people have (novelty)"),
)


@hookimpl
def paretorec_objectives() -> list[ComponentSpec]:
    return [
        ComponentSpec(name=name, factory=f"{__name__}.{factory}", config=f"{__name__}.{config}", summary=summary)
        for name, factory, config, summary in _SPECS
    ]
