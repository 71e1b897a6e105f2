"""The search over models: encoder and ranker settings outside, policies inside, and no look at the certify window."""

from paretorec.tuning.joint import League, tune

__all__ = ["League", "tune"]
