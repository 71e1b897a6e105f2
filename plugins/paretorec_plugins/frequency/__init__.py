"""Encoders that count: what everybody takes (`popularity`) and what this user takes again (`repeat`)."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="popularity",
            factory=f"{__name__}.popularity:PopularityEncoder",
            config=f"{__name__}.popularity:PopularityConfig",
            summary="How many users took the item, recent ones counting more",
        ),
        ComponentSpec(
            name="repeat",
            factory=f"{__name__}.repeat:RepeatEncoder",
            config=f"{__name__}.repeat:RepeatConfig",
            summary="How often this user took the item before, recent times counting more",
        ),
    ]
