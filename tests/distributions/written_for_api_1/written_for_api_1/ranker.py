"""What candidates with such a score came to: histogram binning (Zadrozny and Elkan, ICML 2001)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from paretorec.contracts import Array, CandidateView, ComponentConfig, RankingExamples, RunContext, State
from pydantic import Field


class OneRankerConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    bins: int = Field(default=20, ge=2, description="Parts of equal size into which the scores are cut.")
    prior: float = Field(default=50.0, gt=0, description="Candidates' worth of the overall mean in every part.")


class OneRanker:
    """One head an event: the mean label of candidates whose encoders' scores add up to about as much."""

    def __init__(self, config: OneRankerConfig) -> None:
        self.config = config
        self.heads: tuple[str, ...] = ()

    def fit(self, examples: RankingExamples, run: RunContext) -> None:
        self.heads = tuple(event.name for event in examples.events)
        scores: list[Array] = [np.zeros(0, np.float32)]
        labels: dict[str, list[Array]] = {head: [np.zeros(0, np.float32)] for head in self.heads}
        for block in examples.blocks():
            used = block.view.mask & ~block.held_out[:, None]
            scores.append(_score(block.view)[used])
            for head in self.heads:
                labels[head].append(block.labels[head][used])
        every = np.concatenate(scores)
        inner = np.linspace(0, 1, self.config.bins + 1)[1:-1]
        self._edges = np.quantile(every, inner) if len(every) else np.zeros(len(inner))
        part = np.searchsorted(self._edges, every)
        self._means = np.zeros((len(self.heads), self.config.bins), np.float32)
        for row, head in enumerate(self.heads):
            label = np.concatenate(labels[head])
            observed = np.isfinite(label)  # NaN: not observed
            total = np.bincount(part[observed], weights=label[observed], minlength=self.config.bins)
            count = np.bincount(part[observed], minlength=self.config.bins)
            mean = total.sum() / max(count.sum(), 1)
            self._means[row] = (total + self.config.prior * mean) / (count + self.config.prior)

    def predict(self, view: CandidateView) -> Mapping[str, Array]:
        """head -> float32 [B, C]; a row depends on no other row."""
        part = np.searchsorted(self._edges, _score(view))
        return {head: self._means[row][part] for row, head in enumerate(self.heads)}

    def state(self) -> State:
        return State({"edges": self._edges, "means": self._means}, {"heads": list(self.heads)})

    def restore(self, state: State) -> None:
        self._edges, self._means = state.arrays["edges"], state.arrays["means"]
        self.heads = tuple(state.meta["heads"])


def _score(view: CandidateView) -> Array:
    total = np.zeros(view.items.shape, np.float32)
    for scores in view.scores.values():
        total += np.nan_to_num(scores)
    return total
