"""Encoder `given`: scores or vectors that the host already has, from tables."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="given",
            factory=f"{__name__}.encoder:GivenEncoder",
            config=f"{__name__}.config:GivenConfig",
            summary="Scores, or user and item vectors, from a table of yours",
        )
    ]
