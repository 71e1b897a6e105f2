"""A view as arrays: what the network is given, before standardisation."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paretorec.contracts import Array, CandidateView, Event
from paretorec.errors import ConfigError
from paretorec_plugins.rankers.features import pair_features, signed_log, user_features
from paretorec_plugins.rankers.groups import Events

BUCKETS = 16
"""A text value of the request's context is one of so many, by hash: no vocabulary to keep, unknown values work."""


@dataclass(frozen=True)
class ViewArrays:
    """B requests with C candidates."""

    pair: Array
    """float32 [B, C, Fp]."""
    pair_names: tuple[str, ...]
    user: Array
    """float32 [B, Fu]: the user's habits, the request's context, the encoders' user vectors."""
    user_names: tuple[str, ...]


def view_arrays(view: CandidateView, half_lives: tuple[float, ...], labels: tuple[Event, ...]) -> ViewArrays:
    """All features of a view that do not depend on the item alone."""
    events = Events(view.histories)
    pair = pair_features(view, events, half_lives, labels)
    user = user_features(view, events, half_lives, labels) | context_features(view.histories.context)
    for name in sorted(view.user_vectors):
        user |= {f"vector.{name}.{i}": column for i, column in enumerate(view.user_vectors[name].T)}
    return ViewArrays(_stacked(pair, view.items.shape), tuple(pair), _stacked(user, (len(view.items),)), tuple(user))


def check_inputs(ranker: str, arrays: ViewArrays, pair: tuple[str, ...], user: tuple[str, ...]) -> None:
    """Raise `ConfigError` where the names of the columns are not those that the ranker was fitted with."""
    if (arrays.pair_names, arrays.user_names) != (pair, user):
        odd = set(arrays.pair_names + arrays.user_names) ^ set(pair + user)
        raise ConfigError(
            f"the ranker {ranker} was fitted with other inputs ({', '.join(sorted(odd)[:3])}, ...); fit it again"
        )


def context_features(context: Mapping[str, Array]) -> dict[str, Array]:
    """name -> [B]: numbers compressed, texts one-hot by hash."""
    features: dict[str, Array] = {}
    for name in sorted(context):
        values = context[name]
        if np.issubdtype(values.dtype, np.number) or values.dtype == bool:
            features[f"context.{name}"] = signed_log(np.nan_to_num(values.astype(np.float64)))
            continue
        bucket = np.array([zlib.crc32(str(value).encode()) % BUCKETS for value in values])
        features |= {f"context.{name}.{i}": bucket == i for i in range(BUCKETS)}
    return features


def _stacked(features: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
    out = np.empty((*shape, len(features)), np.float32)
    for column, values in enumerate(features.values()):
        out[..., column] = values
    return out
