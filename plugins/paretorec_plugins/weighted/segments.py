"""Values of a request column as segments: texts as they are, numbers cut at edges."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from paretorec.contracts import MISSING, Array


def segments_of(values: Array, edges: tuple[float, ...]) -> Array:
    """object [B]: the segment of each value; a number belongs to the segment between its two nearest edges."""
    if values.dtype == object:
        return values
    names = np.array([*labels(edges), MISSING], object)
    place = np.searchsorted(np.array(edges, np.float64), values, side="right")
    return np.asarray(names[np.where(np.isnan(values), len(edges) + 1, place)])


def labels(edges: tuple[float, ...]) -> list[str]:
    """``<5``, ``5..20``, ``>=20`` of the edges 5 and 20."""
    if not edges:
        return ["any"]
    text = [format(edge, ".12g") for edge in edges]
    return [f"<{text[0]}", *(f"{low}..{high}" for low, high in pairwise(text)), f">={text[-1]}"]


def even_edges(values: Array, bins: int, least: int) -> tuple[float, ...]:
    """Edges, of three digits, between `bins` segments of about equally many numbers; fewer where many are equal, or
    where segments would have fewer than `least`."""
    known = values[~np.isnan(values)]
    bins = min(bins, len(known) // least)
    if bins < 2:
        return ()
    cuts = np.quantile(known, np.arange(1, bins) / bins)
    return tuple(sorted({float(f"{cut:.3g}") for cut in cuts if cut > known.min()}))
