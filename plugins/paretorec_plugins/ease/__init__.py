"""Encoder `ease`: a linear model from the items of a history to all items, in closed form."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_encoders() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="ease",
            factory=f"{__name__}.encoder:EaseEncoder",
            config=f"{__name__}.encoder:EaseConfig",
            summary="Linear item-to-item weights in closed form, recent events counting more; memory grows with items²",
            needs=("scipy",),
        )
    ]
