"""The `mlp` ranker as core sees it."""

from __future__ import annotations

from collections.abc import Mapping

from paretorec.contracts import Array, CandidateView, RankingExamples, RunContext, State
from paretorec.errors import ConfigError
from paretorec_plugins.rankers.config import MlpConfig
from paretorec_plugins.rankers.fitted import Fitted
from paretorec_plugins.rankers.fitting import learn


class MlpRanker:
    """Per event a calibrated probability or expected amount (``EVENT``), and the same on a scale that is easier to
    weigh: log-odds (``EVENT-logit``) of a probability, the logarithm (``EVENT-log``) of an expected amount.

    Dense layers over the concatenation of: the user's own history with the candidate (how often, how lately, how
    regularly, whether it is due) and with its categories; the encoders' scores, and user and item vectors; the
    item's numbers, timelines and how people take it; the user's habits; the request's context. An expected amount is
    P(amount > 0) x E[amount | amount > 0]. Trained on log-loss, a listwise loss, and a Gamma loss on positive
    amounts; stopped early by the held-out log-loss; calibrated on the held-out requests.

    Min-max normalised over a request's candidates, one sure or dear candidate squeezes the probabilities or amounts
    of all others together, and a linear policy cannot trade one for the other there. Weighted sums of log-odds and
    log amounts are products of their powers: on grocery purchases that gained 13 % of sales instead of 10 % at the
    same relevance.
    """

    def __init__(self, config: MlpConfig) -> None:
        self.config = config
        self.fitted: Fitted | None = None

    @property
    def heads(self) -> tuple[str, ...]:
        return self.fitted.heads if self.fitted else ()

    def fit(self, examples: RankingExamples, run: RunContext) -> None:
        self.fitted = learn(examples, self.config, run)

    def predict(self, view: CandidateView) -> Mapping[str, Array]:
        """head -> float32 [B, C]; 0 at padding. Raises `ConfigError` before `fit`, or for a view of other inputs."""
        if self.fitted is None:
            raise ConfigError("the ranker mlp has learned nothing yet; call fit or restore first")
        return self.fitted.predict(view)

    def state(self) -> State:
        return self.fitted.state() if self.fitted else State()

    def restore(self, state: State) -> None:
        self.fitted = Fitted.restore(state, self.config)
