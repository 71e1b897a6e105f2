"""score = product of (epsilon + signal) ^ exponent, ranked by its logarithm."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig
from paretorec_plugins.weighted.linear import Linear


class ProductConfig(ComponentConfig):
    """`product`: how much a signal of 0 costs."""

    epsilon: float = Field(
        default=0.01, gt=0, le=1, description="Added to every signal; the smaller, the harder a signal of 0 counts."
    )


class Product(Linear[ProductConfig]):
    """Weighted product of the signals, as used for multi-task fusion (Ma et al., "ESMM", SIGIR 2018: pCTR x pCVR).

    The logarithm of the score is linear in log(epsilon + signal), so that everything made for linear policies holds.
    Exponents are at least 0 and add up to 1 (scaling all of them changes no list). Signals below 0, which only the
    normalisers ``zscore`` and ``none`` give, count as 0.
    """

    def prepare(self, values: Array) -> Array:
        # In float64, rounded to float32: the logarithm of a number must not depend on where in an array it is.
        return np.log(self.config.epsilon + np.maximum(values, 0.0).astype(np.float64)).astype(np.float32)
