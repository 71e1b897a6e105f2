"""From ranking examples to a fitted network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from paretorec.contracts import Array, Event, RankingExamples, RunContext
from paretorec.errors import DataError
from paretorec.training import Plan, checkpoint_path, fit, torch_threads
from paretorec_plugins.rankers.calibration import Platt, amount_factor
from paretorec_plugins.rankers.config import MlpConfig
from paretorec_plugins.rankers.examples import Sample, check_weights, chosen_events, collect, mean_amount
from paretorec_plugins.rankers.fitted import Fitted, Inputs, build_network
from paretorec_plugins.rankers.heads import LARGEST_LOG_AMOUNT
from paretorec_plugins.rankers.items import ItemStatistics, category_codes, item_features
from paretorec_plugins.rankers.network import initialise
from paretorec_plugins.rankers.scaler import Scaler
from paretorec_plugins.rankers.task import RankingTask, Tensors

WARM_UP = 0.15
"""Share of the training in which the learning rate rises."""
WINSOR = 0.999
"""Quantile of the positive amounts at which larger ones are cut in training; calibration sees them whole."""


def learn(examples: RankingExamples, config: MlpConfig, run: RunContext) -> Fitted:
    """Collect, standardise, train, calibrate. Raises `DataError` when there is nothing to learn from."""
    check_weights(chosen_events(examples.events, config.events), config.event_weights)
    sample = collect(examples, config, run)
    train = np.flatnonzero(~sample.held_out)
    if not len(train):
        raise DataError("the ranker mlp has no training requests, only held-out ones; widen the rank part of [split]")
    events = sample.events
    table, vectors = sample.view.table, sample.view.item_vectors
    statistics = ItemStatistics.learn(sample.histories, len(table), events)
    item = item_features(statistics, table, vectors, np.arange(len(table)))
    inputs = Inputs(
        half_lives=config.half_lives,
        events=events,
        scalers={
            "pair": Scaler.of(sample.arrays.pair[train], sample.weight[train]),
            "user": Scaler.of(sample.arrays.user[train]),
            "item": Scaler.of(item),
        },
        statistics=statistics,
        categories={name: len(category.names) for name, category in table.categories.items()},
        pair_names=sample.arrays.pair_names,
        user_names=sample.arrays.user_names,
    )
    unit = {event.name: mean_amount(sample, event, train) for event in events if event.kind != "binary"}
    network = build_network(inputs, config, len(events) + len(unit))
    initialise(network, torch.Generator().manual_seed(int(run.rng("mlp/weights").integers(2**62))))
    task = RankingTask(
        model=network,
        data=_tensors(sample, inputs, item, unit, train),
        train=train,
        held_out=np.flatnonzero(sample.held_out),
        amounts=tuple(column for column, event in enumerate(events) if event.name in unit),
        batch_requests=config.batch_requests,
        listwise=config.listwise,
        event_weights=tuple(config.event_weights.get(event.name, 1.0) for event in events),
    )
    plan = Plan(
        epochs=config.epochs,
        learning_rate=config.learning_rate,
        warm_up=config.epochs * WARM_UP,
        optimizer=config.optimizer,
        weight_decay=config.weight_decay,
        patience=config.patience,
        memory_keys=(f"batch_requests = {config.batch_requests}", f"sampled = {config.sampled}"),
    )
    data_read = (sample.arrays.pair, sample.arrays.user, sample.weight, *sample.labels.values())
    checkpoint = checkpoint_path(run, "mlp", config, data_read)
    # One thread: batches are small, so a second one gains a fifth on an idle machine and loses ten times on a busy
    # one, waiting at barriers; and what is learned does not depend on the number of threads.
    fit(task, plan, replace(run, threads=1), "mlp", checkpoint)
    with torch_threads(1):
        platt, unit = _calibrated(task, sample, events, unit)
    return Fitted(network, inputs, platt, unit)


def _tensors(sample: Sample, inputs: Inputs, item: Array, unit: Mapping[str, float], train: Array) -> Tensors:
    labels = []
    for event in inputs.events:
        label = sample.labels[event.name]
        if event.name in unit:
            positive = label[train][np.nan_to_num(label[train]) > 0]
            largest = np.quantile(positive, WINSOR) if len(positive) else 1.0
            label = np.minimum(label, largest) / unit[event.name]
        labels.append(label)
    codes = np.arange(len(item))
    return Tensors(
        pair=torch.from_numpy(inputs.scalers["pair"](sample.arrays.pair)),
        user=torch.from_numpy(inputs.scalers["user"](sample.arrays.user)),
        items=torch.from_numpy(np.maximum(sample.items, 0).astype(np.int64)),
        item=torch.from_numpy(inputs.scalers["item"](item)),
        codes=torch.from_numpy(category_codes(inputs.categories, sample.view.table, codes)),
        weight=torch.from_numpy(sample.weight),
        labels=torch.from_numpy(np.stack(labels, axis=-1).astype(np.float32)),
    )


def _calibrated(
    task: RankingTask, sample: Sample, events: tuple[Event, ...], unit: Mapping[str, float]
) -> tuple[dict[str, Platt], dict[str, float]]:
    """(event -> correction of the logit, amount event -> unit times a factor), from the held-out requests."""
    rows = task.held_out
    if not len(rows):
        return {event.name: Platt() for event in events}, dict(unit)
    with torch.no_grad():
        parts = [task.data.forward(task.model, part) for part in torch.split(torch.from_numpy(rows), 256)]
    out = torch.cat(parts).numpy().astype(np.float64)
    platt, units = {}, {}
    for column, event in enumerate(events):
        label = sample.labels[event.name][rows].astype(np.float64)
        weight = sample.weight[rows] * ~np.isnan(label)
        label = np.nan_to_num(label)
        logit = out[..., column]
        platt[event.name] = Platt.learn(logit.ravel(), (label > 0).ravel(), weight.ravel())
        if event.name in unit:
            log_mean = out[..., len(events) + task.amounts.index(column)]
            mean = np.exp(np.clip(log_mean, -LARGEST_LOG_AMOUNT, LARGEST_LOG_AMOUNT)) * unit[event.name]
            expected = mean / (1 + np.exp(-platt[event.name](logit)))
            units[event.name] = unit[event.name] * amount_factor(expected, label, weight)
    return platt, units
