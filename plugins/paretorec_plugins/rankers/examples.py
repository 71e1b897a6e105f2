"""The rank part as arrays: per request its positives and some of the rest, weighted to stand for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from paretorec.contracts import Array, CandidateView, Event, ExampleBlock, Histories, RankingExamples, RunContext
from paretorec.errors import ConfigError, DataError
from paretorec_plugins.rankers.config import RankerConfig
from paretorec_plugins.rankers.view import ViewArrays, view_arrays


@dataclass(frozen=True)
class Sample:
    """R requests with S sampled candidates each."""

    arrays: ViewArrays
    items: Array
    """int32 [R, S]."""
    weight: Array
    """float32 [R, S]: how many candidates each stands for; 0 = padding."""
    events: tuple[Event, ...]
    labels: Mapping[str, Array]
    """event -> float32 [R, S], NaN = not observed."""
    held_out: Array
    """bool [R]."""
    histories: Histories
    """The earliest history of every training user: what item statistics are learned from."""
    view: CandidateView
    """One of the views, for the item table and the encoders' item vectors."""


def collect(examples: RankingExamples, config: RankerConfig, run: RunContext) -> Sample:
    """One pass over the blocks. Memory: R x S x features float32, R at most `config.max_requests`."""
    if not len(examples):
        raise DataError(f"the ranker {config.ranker} has no requests to learn from; widen the rank part of [split]")
    events = chosen_events(examples.events, config.events)
    rng = run.rng(f"{config.ranker}/sample")
    wanted = np.zeros(len(examples), bool)
    wanted[rng.permutation(len(examples))[: config.max_requests]] = True
    parts: list[Sample] = []
    known: set[int] = set()
    done = 0
    with run.progress.bar(f"{config.ranker}: features", len(examples)) as bar:
        for block in examples.blocks():
            run.check_stop()
            size = len(block.view.items)
            rows = np.flatnonzero(wanted[done : done + size])
            done += size
            parts.append(_sampled(block, rows, _new_users(block, known), config, events, rng))
            bar.advance(size)
    return _joined(parts)


def chosen_events(known: tuple[Event, ...], wanted: tuple[str, ...]) -> tuple[Event, ...]:
    """The events to learn, in the data's order. Raises `ConfigError` for one that the data lacks."""
    names = [event.name for event in known]
    for name in wanted:
        if name not in names:
            raise ConfigError(
                f"ranker.params.events: {name!r} is not in the data; [data.events] has {', '.join(names)}"
            )
    return tuple(event for event in known if not wanted or event.name in wanted)


def check_weights(events: tuple[Event, ...], weights: Mapping[str, float]) -> None:
    """Raise `ConfigError` for a weight of what is not learned, or that is none."""
    names = [event.name for event in events]
    for name, weight in weights.items():
        if name not in names:
            raise ConfigError(f"ranker.params.event_weights.{name}: not an event that is learned: {', '.join(names)}")
        if not 0 < weight < np.inf:
            raise ConfigError(f"ranker.params.event_weights.{name} = {weight}: give a number above 0")


def _new_users(block: ExampleBlock, known: set[int]) -> Array:
    """Rows of training users that no earlier block had; marks them as known. Users never seen have no history."""
    rows = []
    for row, user in enumerate(block.view.histories.user.tolist()):
        if user >= 0 and not block.held_out[row] and user not in known:
            known.add(user)
            rows.append(row)
    return np.array(rows, np.int64)


def _sampled(
    block: ExampleBlock,
    rows: Array,
    new_users: Array,
    config: RankerConfig,
    events: tuple[Event, ...],
    rng: np.random.Generator,
) -> Sample:
    view = block.view
    arrays = view_arrays(view, config.half_lives, events)
    labels = np.stack([block.labels[event.name] for event in events])
    observed = view.mask & ~np.isnan(labels).all(axis=0)
    positive = observed & (np.nan_to_num(labels) > 0).any(axis=0)
    column, weight = sample(positive[rows], observed[rows], config.sampled, rng)
    at = (rows[:, None], column)
    return Sample(
        arrays=replace(arrays, pair=arrays.pair[at], user=arrays.user[rows]),
        items=view.items[at],
        weight=weight,
        events=events,
        labels={event.name: values[at] for event, values in zip(events, labels, strict=True)},
        held_out=block.held_out[rows],
        histories=view.histories.take(new_users),
        view=view,
    )


def sample(positive: Array, observed: Array, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Up to ``size // 2`` positives and random others, ``min(size, C)`` in all, drawn without replacement.

    positive, observed: bool [R, C]. Returns columns int64 [R, S] and weights float32 [R, S]: in each of the two
    strata, candidates there are / candidates drawn, so that weighted sums are unbiased; 0 for what is not observed.
    """
    size = min(size, positive.shape[1])
    order = np.argsort(rng.random(positive.shape), axis=1)
    stratum = np.where(positive, 0, np.where(observed, 1, 2))
    place = np.take_along_axis(stratum, order, axis=1)
    rank = np.cumsum(place == 0, axis=1)
    others = (place == 1).sum(axis=1, keepdims=True)
    room = np.maximum(size // 2, size - others)  # few others: their room is the positives'
    late = (place == 0) & (rank > room)
    chosen = np.argsort(np.where(late, 3, place), axis=1, kind="stable")[:, :size]
    column = np.take_along_axis(order, chosen, axis=1)
    kept = np.take_along_axis(stratum, column, axis=1)
    weight = np.zeros(column.shape, np.float32)
    for kind in (0, 1):
        there = (stratum == kind).sum(axis=1, keepdims=True)
        drawn = (kept == kind).sum(axis=1, keepdims=True)
        weight = np.where(kept == kind, there / np.maximum(drawn, 1), weight)
    return column, weight.astype(np.float32)


def _joined(parts: list[Sample]) -> Sample:
    first = parts[0]
    histories = first.histories
    return Sample(
        arrays=ViewArrays(
            np.concatenate([part.arrays.pair for part in parts]),
            first.arrays.pair_names,
            np.concatenate([part.arrays.user for part in parts]),
            first.arrays.user_names,
        ),
        items=np.concatenate([part.items for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        events=first.events,
        labels={name: np.concatenate([part.labels[name] for part in parts]) for name in first.labels},
        held_out=np.concatenate([part.held_out for part in parts]),
        histories=replace(
            histories,
            start=np.concatenate([part.histories.start for part in parts]),
            end=np.concatenate([part.histories.end for part in parts]),
            now=np.concatenate([part.histories.now for part in parts]),
            user=np.concatenate([part.histories.user for part in parts]),
            context={},
        ),
        view=first.view,
    )


def mean_amount(sample: Sample, event: Event, rows: Array) -> float:
    """Of the positive ones among these requests; 1 where there are none."""
    label = np.nan_to_num(sample.labels[event.name][rows])
    weight = sample.weight[rows] * (label > 0)
    return float((label * weight).sum() / weight.sum()) if weight.any() else 1.0
