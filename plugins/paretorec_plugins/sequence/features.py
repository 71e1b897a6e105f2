"""What is known of items beside their ID, in numbers: categories, numbers, given vectors, on the scales of the items
that were learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import MISSING, Array, Category, ItemTable, State
from paretorec.data.by_id import codes_of, read_table, refuse_twice, vectors_of
from paretorec.errors import DataError
from paretorec_plugins.sequence.config import SequenceConfig

CUT = 3.0
"""Standard deviations at which a number is cut off."""


@dataclass(frozen=True, slots=True)
class Named:
    """A category column of M items. The value of an item has parts, each the number of a name; `len(share)`: none is
    known."""

    value: Tensor
    """int64 [M]: the value of each item."""
    parts: Tensor
    """int64 [P]: the parts of value v are ``parts[first[v]:first[v + 1]]``."""
    first: Tensor
    """int64 [values]."""
    share: Tensor
    """float32 [names], sums to 1: the average item learned from."""


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of M items."""

    named: tuple[Named, ...]
    dense: Tensor
    """float32 [M, F]: 0 stands for the average of the items learned from."""
    known: Tensor
    """bool [M]: whether anything is."""

    def take(self, rows: Array) -> Described:
        """The items at `rows`, int64 or bool."""
        at = torch.from_numpy(rows)
        named = tuple(Named(one.value[at], one.parts, one.first, one.share) for one in self.named)
        return Described(named, self.dense[at], self.known[at])

    def to(self, device: torch.device) -> Described:
        """The same on a device."""
        named = tuple(
            Named(*(part.to(device) for part in (one.value, one.parts, one.first, one.share))) for one in self.named
        )
        return Described(named, self.dense.to(device), self.known.to(device))

    def arrays(self) -> list[Array]:
        """Everything, for a fingerprint."""
        columns = [part for one in self.named for part in (one.value, one.parts, one.first)]
        return [part.numpy() for part in (*columns, self.dense, self.known)]


@dataclass(frozen=True, slots=True)
class CategoryMeasure:
    """The names that a category column has among the items learned from; `MISSING` is one where it occurs."""

    column: str
    names: Sequence[str]
    share: Sequence[float]
    """Of each name: mean over items of its share in the item's parts."""

    @classmethod
    def of(cls, column: str, category: Category, separator: str) -> Self:
        """By these items alone."""
        count: dict[str, float] = {}
        items = np.bincount(category.codes, minlength=len(category.names)).tolist()
        for name, times in zip(category.names, items, strict=True):
            parts = _parts(name, separator) if times else []
            for part in parts:
                count[part] = count.get(part, 0.0) + times / len(parts)
        names = sorted(count)
        total = sum(count.values())
        return cls(column, names, [count[name] / total for name in names])

    def describe(self, category: Category, separator: str) -> tuple[Named, Array]:
        """The column of any items, and bool [M]: of which of them a name is known."""
        place = {name: number for number, name in enumerate(self.names)}
        first, known = [], []
        parts: list[int] = []
        for name in category.names:
            found = [place[part] for part in _parts(name, separator) if part in place]
            first.append(len(parts))
            known.append(bool(found) and name != MISSING)
            parts += found or [len(self.names)]
        codes = category.codes.astype(np.int64)
        numbered = (torch.from_numpy(codes), torch.tensor(parts, dtype=torch.int64), torch.tensor(first))
        return Named(*numbered, torch.tensor(self.share, dtype=torch.float32)), np.array(known, bool)[codes]


@dataclass(frozen=True, slots=True)
class NumberMeasure:
    """Mean and standard deviation of a number among the items learned from."""

    column: str
    mean: float
    deviation: float
    """0: it never varies, and says nothing."""
    gaps: bool
    """Whether some of them lack it: a column of its own then tells which."""

    @classmethod
    def of(cls, column: str, values: Array) -> Self:
        """By these values alone."""
        wide = np.asarray(values, np.float64)
        finite = wide[np.isfinite(wide)]
        mean, deviation = (float(finite.mean()), float(finite.std())) if len(finite) else (0.0, 0.0)
        return cls(column, mean, deviation, len(finite) < len(wide))

    def describe(self, values: Array) -> tuple[Array, Array]:
        """float32 [M, 1 or 2] of any items, and bool [M]: which of them have the number."""
        known = np.isfinite(values)
        centred = np.where(known, np.asarray(values, np.float64), self.mean) - self.mean
        scaled = np.clip(centred / (self.deviation or np.inf), -CUT, CUT)
        return _with_gaps(scaled[:, None], known, self.gaps), known


@dataclass(frozen=True, slots=True)
class VectorMeasure:
    """Mean of the given vectors of the items learned from, and the root of the mean square distance from it."""

    mean: Sequence[float]
    length: float
    gaps: bool

    @classmethod
    def of(cls, vectors: Array) -> Self:
        """vectors: [M, V], NaN in rows without one; some are."""
        known = np.isfinite(vectors[:, 0])
        there = vectors[known].astype(np.float64)
        mean = there.mean(0)
        length = float(np.sqrt(((there - mean) ** 2).sum(1).mean()))
        return cls(mean.tolist(), length, not bool(known.all()))

    def describe(self, vectors: Array) -> tuple[Array, Array]:
        """float32 [M, V or V + 1] of any items, and bool [M]: which of them have a vector."""
        known = np.isfinite(vectors[:, 0])
        centred = np.where(known[:, None], vectors - np.array(self.mean), 0)
        return _with_gaps(centred / (self.length or np.inf), known, self.gaps), known


class ItemFeatures:
    """Reads what `SequenceConfig.features` and `item_vectors` name, of any items, as it was measured once."""

    def __init__(
        self,
        config: SequenceConfig,
        categories: tuple[CategoryMeasure, ...],
        numbers: tuple[NumberMeasure, ...],
        vectors: VectorMeasure | None,
        given: Array,
    ) -> None:
        """given: float32 [N, V], the vectors of the first N item codes, NaN in rows without one."""
        self._config, self._categories, self._numbers = config, categories, numbers
        self._vectors, self._given = vectors, given

    @classmethod
    def measure(cls, config: SequenceConfig, items: ItemTable, seen: Array) -> Self:
        """seen: int64, codes of the items to learn from. Raises `DataError` for a column, a file or a vector that is
        not as it should be."""
        _require(config.encoder, config.features, items)
        categories = tuple(
            CategoryMeasure.of(column, _at(items.categories[column], seen), config.separator)
            for column in config.features
            if column in items.categories
        )
        numbers = tuple(
            NumberMeasure.of(column, items.numbers[column][seen])
            for column in config.features
            if column in items.numbers
        )
        if not config.item_vectors:
            return cls(config, categories, numbers, None, np.zeros((len(items), 0), np.float32))
        given = _read_vectors(config, items.ids)
        if not np.isfinite(given[seen, 0]).any():
            raise DataError(
                f"{config.item_vectors} has no vector of an item that the fit part has events with; there is nothing "
                "to learn from"
            )
        return cls(config, categories, numbers, VectorMeasure.of(given[seen]), given)

    def describe(self, items: ItemTable) -> Described:
        """Of all `items`: those that were there when it was measured, and any that joined behind them.

        Vectors of new ones are read from the file. Raises `DataError` where the table lacks a column.
        """
        _require(
            self._config.encoder,
            (*(one.column for one in self._categories), *(one.column for one in self._numbers)),
            items,
        )
        known = np.zeros(len(items), bool)
        named, dense = [], [np.zeros((len(items), 0), np.float32)]
        for category in self._categories:
            column, there = category.describe(items.categories[category.column], self._config.separator)
            named.append(column)
            known |= there
        for number in self._numbers:
            part, there = number.describe(items.numbers[number.column])
            dense.append(part)
            known |= there
        if self._vectors is not None:
            part, there = self._vectors.describe(self._vectors_of(items))
            dense.append(part)
            known |= there
        return Described(tuple(named), torch.from_numpy(np.concatenate(dense, axis=1)), torch.from_numpy(known))

    def _vectors_of(self, items: ItemTable) -> Array:
        given = self._given
        if len(items) <= len(given):
            return given[: len(items)]
        now = _read_vectors(self._config, items.ids)
        if now.shape[1] != given.shape[1]:
            raise DataError(
                f"{self._config.item_vectors} has vectors of {now.shape[1]} numbers; encoder "
                f"{self._config.encoder} was trained with {given.shape[1]}"
            )
        return np.concatenate([given, now[len(given) :]])

    def state(self) -> State:
        """What `restored` needs."""
        meta: dict[str, Any] = {
            "categories": [asdict(one) for one in self._categories],
            "numbers": [asdict(one) for one in self._numbers],
            "vectors": None if self._vectors is None else asdict(self._vectors),
        }
        return State({"given": self._given}, meta)

    @classmethod
    def restored(cls, config: SequenceConfig, state: State) -> Self:
        """As it was."""
        meta = state.meta
        return cls(
            config,
            tuple(CategoryMeasure(**one) for one in meta["categories"]),
            tuple(NumberMeasure(**one) for one in meta["numbers"]),
            None if meta["vectors"] is None else VectorMeasure(**meta["vectors"]),
            np.asarray(state.arrays["given"], np.float32),
        )


def _parts(name: str, separator: str) -> list[str]:
    """The parts of a value, each once."""
    parts = [part.strip() for part in name.split(separator)] if separator else [name]
    return list(dict.fromkeys(part for part in parts if part))


def _at(category: Category, rows: Array) -> Category:
    return Category(category.codes[rows], category.names)


def _with_gaps(values: Array, known: Array, gaps: bool) -> Array:
    """float32, a last column that says where nothing is known if `gaps`."""
    parts = [values, ~known[:, None]] if gaps else [values]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _require(name: str, columns: tuple[str, ...], items: ItemTable) -> None:
    for column in columns:
        if column in items.categories or column in items.numbers:
            continue
        there = ", ".join((*items.categories, *items.numbers)) or "none"
        text = "; texts come in as item_vectors" if column in items.texts else ""
        raise DataError(
            f"encoder {name}: params.features has {column!r}, which is no category or number column of the items "
            f"({there}){text}; correct it, or name it in [data] categories or numbers"
        )


def _read_vectors(config: SequenceConfig, ids: Array) -> Array:
    """float32 [len(ids), V], NaN in rows of ids that the file lacks."""
    name, key = config.item_vectors, config.item
    table = read_table(name)
    codes = codes_of(table, key, ids, name, "params.item")
    refuse_twice(codes, name, f"id in {key!r}")
    vectors = vectors_of(table, key, name, named=True)
    out = np.full((len(ids), vectors.shape[1]), np.nan, np.float32)
    out[codes[codes >= 0]] = vectors[codes >= 0]
    return out
