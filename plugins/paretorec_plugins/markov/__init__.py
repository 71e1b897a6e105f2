"""Encoder `markov`: what came next after the newest items, counted over several lags."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="markov",
            factory=f"{__name__}.encoder:MarkovEncoder",
            config=f"{__name__}.encoder:MarkovConfig",
            summary="What came next after the newest items: counts over several lags",
            needs=("scipy",),
        )
    ]
