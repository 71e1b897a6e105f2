"""Stable hashes of external ids: the same in every process, on every platform, for every vocabulary."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from paretorec.contracts.run import Array


def hash_ids(ids: Array, seed: int) -> Array:
    """uint64 [N] from object [N] of text: the first 8 bytes of BLAKE2b, keyed by `seed` (0 <= seed < 2**64).

    An id's hash depends on the id and the seed alone, so halves of users and the order of ties survive new data.
    """
    key = int(seed).to_bytes(8, "little")
    digests = b"".join(blake2b(str(name).encode(), digest_size=8, key=key).digest() for name in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
