"""What callers ask for: ``ndcg@10``, ``revenue:event=sales@5``, or a component reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paretorec.contracts.component import ComponentRef
from paretorec.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Wanted:
    """One metric at one list length."""

    label: str
    ref: ComponentRef
    k: int


def parse_metrics(metrics: str | Sequence[str | ComponentRef], k: int) -> tuple[Wanted, ...]:
    """`k` is for metrics that name none. Raises `ConfigError` for what cannot be read."""
    if isinstance(metrics, str):
        metrics = [part.strip() for part in metrics.split(",") if part.strip()]
    if not metrics:
        raise ConfigError("no metric is named; ask for some, such as 'ndcg@10'")
    wanted = tuple(_parse(metric, k) for metric in metrics)
    labels = [one.label for one in wanted]
    for label in labels:
        if labels.count(label) > 1:
            raise ConfigError(f"metric {label!r} is asked for twice; leave one out, or give references different names")
    return wanted


def _parse(metric: str | ComponentRef, k: int) -> Wanted:
    if isinstance(metric, ComponentRef):
        return Wanted(f"{metric.instance}@{_positive(str(k), metric.instance)}", metric, k)
    text, at, depth = metric.partition("@")
    use, *pairs = text.split(":")
    params = dict(pair.partition("=")[::2] for pair in pairs)
    if not use or not all(params.values()):
        raise ConfigError(f"metric {metric!r} is not of the form NAME@K or NAME:KEY=VALUE@K, such as 'ndcg@10'")
    length = _positive(depth if at else str(k), metric)
    return Wanted(f"{text}@{length}", ComponentRef(use=use, params=params), length)


def _positive(depth: str, metric: str) -> int:
    if not depth.isdecimal() or int(depth) < 1:
        raise ConfigError(f"metric {metric!r}: k = {depth or 'nothing'} is not a whole number above 0")
    return int(depth)
