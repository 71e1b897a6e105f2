"""From policies to values: lists in an order that leaves nothing to chance, and the metrics of whole populations."""

from paretorec.judge.lists import Shape, rank_weighted, ranked, weighted_scores
from paretorec.judge.population import Judge

__all__ = ["Judge", "Shape", "rank_weighted", "ranked", "weighted_scores"]
