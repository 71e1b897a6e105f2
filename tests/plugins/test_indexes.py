"""Indexes: what they find of what exact search finds, built the same every time, bad vectors named."""

import numpy as np
import pytest

from paretorec.contracts import ComponentRef, RunContext, State
from paretorec.errors import ArtifactError, DataError
from paretorec.registry import Registry
from paretorec.topk import top_k

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(30, 16))
VECTORS = (CENTRES[RNG.integers(0, 30, 3000)] + 0.7 * RNG.normal(size=(3000, 16))).astype(np.float32)
QUERIES = (CENTRES[RNG.integers(0, 30, 64)] + 0.7 * RNG.normal(size=(64, 16))).astype(np.float32)


def make(use, **params):
    return Registry(files=()).build("index", ComponentRef(use=use, params=params), "index").component


def built(use, vectors=VECTORS, **params):
    index = make(use, **params)
    index.build(vectors, RunContext())
    return index


def recall(index, allowed=None, k=10):
    found, wanted = index.search(QUERIES, k, allowed)[0], top_k(QUERIES, VECTORS, k, allowed=allowed)[0]
    return np.mean([np.isin(wanted[row], found[row]).mean() for row in range(len(QUERIES))])


FAISS = [{"kind": "hnsw", "ef_construction": 40}, {"kind": "ivf"}]


@pytest.mark.parametrize("params", FAISS, ids=lambda params: params["kind"])
def test_faiss_finds_nearly_what_exact_search_finds(params):
    pytest.importorskip("faiss")
    index = built("faiss", **params)
    assert recall(index) > 0.95
    half = np.random.default_rng(1).random((64, 3000)) < np.resize([0.5, 0.005], (64, 1))
    half[1::4] = half[1]
    assert recall(index, half) > 0.95


@pytest.mark.parametrize("params", FAISS, ids=lambda params: params["kind"])
def test_faiss_is_built_the_same_every_time(params):
    pytest.importorskip("faiss")
    one, other = (built("faiss", VECTORS[:600], **params).state().arrays["index"] for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_more_effort_finds_more():
    pytest.importorskip("faiss")
    assert recall(built("faiss", kind="ivf", nprobe=1)) < recall(built("faiss", kind="ivf", nprobe=8))


def test_a_vector_that_is_no_number_is_named():
    pytest.importorskip("faiss")
    vectors = VECTORS[:9].copy()
    vectors[4, 2] = np.nan
    with pytest.raises(DataError, match="item code 4 is not a number in column 2"):
        built("faiss", vectors)
    codes, _ = built("exact", vectors).search(QUERIES[:3], 9, None)
    assert sorted(codes[0]) == [-1, 0, 1, 2, 3, 5, 6, 7, 8]


def test_a_state_of_other_vectors_is_refused():
    pytest.importorskip("faiss")
    state = built("faiss", VECTORS[:50]).state()
    with pytest.raises(ArtifactError, match="50 vectors of length 16"):
        make("faiss").restore(State(state.arrays), VECTORS[:40])
