"""Which terms count, and items as counts of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paretorec.contracts import MISSING, Array, Category, ItemTable
from paretorec_plugins.content.words import terms

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def split_names(category: Category, separator: str) -> list[list[str]]:
    """The values that each name of a category column stands for; `MISSING` stands for none."""
    return [
        [] if name == MISSING else [part.strip() for part in (name.split(separator) if separator else [name])]
        for name in category.names
    ]


def item_terms(items: ItemTable, columns: Sequence[str], separator: str, ngram: int) -> tuple[Array, Array]:
    """(row int64 [S], term object [S]): every word of text columns, and ``COLUMN=VALUE`` of category columns."""
    rows, found = [], []
    for column in columns:
        if column in items.texts:
            lists = [terms(text, ngram) for text in items.texts[column]]
            which = np.arange(len(items))
        else:
            category = items.categories[column]
            lists = [[f"{column}={part}" for part in parts if part] for parts in split_names(category, separator)]
            which = category.codes
        length = np.array([len(one) for one in lists], np.int64)[which]
        rows.append(np.repeat(np.arange(len(items)), length))
        found += [term for one in which for term in lists[one]]
    return np.concatenate(rows), np.array(found, object)


def choose_terms(row: Array, term: Array, seen: Array, least: int, most: int) -> tuple[list[str], Array]:
    """(terms in alphabetical order, int64 [T]: seen items that have each). Of equally common ones the first stay."""
    pairs = pd.DataFrame({"row": row, "term": term})[seen[row]].drop_duplicates()
    count = pairs.groupby("term", sort=True)["row"].size()
    count = count[count >= least].sort_values(ascending=False, kind="stable").head(most).sort_index()
    return [str(one) for one in count.index], count.to_numpy(np.int64)


def count_terms(row: Array, term: Array, kept: Sequence[str], items: int) -> csr_array:
    """float64 [N, T]: how often each item has each of the kept terms."""
    from scipy.sparse import csr_array

    column = pd.Index(np.array(kept, object)).get_indexer(pd.Index(term))
    known = column >= 0
    counts = csr_array((np.ones(int(known.sum())), (row[known], column[known])), shape=(items, len(kept)))
    counts.sum_duplicates()
    return counts
