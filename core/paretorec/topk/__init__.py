"""Exact search for the items with the highest scores: what user vectors and item vectors say of all of them."""

from paretorec.topk.search import Excluded, top_k

__all__ = ["Excluded", "top_k"]
