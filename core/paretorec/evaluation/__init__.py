"""Metrics of anybody's recommendation lists, with intervals: DataFrames in, a DataFrame out, no engine needed."""

from paretorec.evaluation.compare import DEFAULT_METRICS, evaluate
from paretorec.evaluation.lists import score_exposure, score_lists

__all__ = ["DEFAULT_METRICS", "evaluate", "score_exposure", "score_lists"]
