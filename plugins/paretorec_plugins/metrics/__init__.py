"""Evaluators: what lists are worth, by what people did (hits, ranks, amounts) and by what the lists look like."""

from paretorec.contracts import ComponentSpec, hookimpl

_SPECS = (
    ("accuracy", "hits:Accuracy", "events:EventMetricConfig", "Share of the targets that k slots can hold, found"),
    ("precision", "hits:Precision", "events:EventMetricConfig", "Share of the k slots that are hits"),
    ("recall", "hits:Recall", "events:EventMetricConfig", "Share of the targets that are found"),
    ("f1", "hits:F1", "events:EventMetricConfig", "Harmonic mean of precision and recall, a list at a time"),
    ("hit-rate", "hits:HitRate", "events:EventMetricConfig", "Share of the lists with a hit"),
    ("click-rate", "hits:ClickRate", "hits:ClickRateConfig", "Share of the k slots that were clicked in the log"),
    ("discovery", "hits:Discovery", "events:EventMetricConfig", "Share of the k slots that are hits new to the user"),
    ("ndcg", "ranks:Ndcg", "ranks:NdcgConfig", "Discounted gain of the hits, relative to the ideal list"),
    ("mrr", "ranks:Mrr", "events:EventMetricConfig", "Mean of 1 / position of the first hit"),
    ("map", "ranks:MeanAveragePrecision", "events:EventMetricConfig", "Mean average precision"),
    ("revenue", "amounts:Revenue", "amounts:RevenueConfig", "Amount that the listed targets brought, a list"),
    ("conversion", "amounts:Conversion", "amounts:ConversionConfig", "Purchases per click among the listed targets"),
    ("completion", "amounts:Completion", "amounts:CompletionConfig", "Share watched or read of what was listed"),
    ("coverage", "exposure:Coverage", "exposure:ExposureConfig", "Share of the catalogue that is listed at all"),
    ("gini", "exposure:Gini", "exposure:ExposureConfig", "Inequality of how often items are listed"),
    ("novelty", "exposure:Novelty", "exposure:NoveltyConfig", "Mean self-information of the listed items"),
    (
        "intra-list-diversity",
        "diversity:IntraListDiversity",
        "diversity:IntraListDiversityConfig",
        "How unlike each other the items of a list are",
    ),
)


@hookimpl
def paretorec_evaluators() -> list[ComponentSpec]:
    return [
        ComponentSpec(name=name, factory=f"{__name__}.{factory}", config=f"{__name__}.{config}", summary=summary)
        for name, factory, config, summary in _SPECS
    ]
