"""Source ``simulated-store``: a shop whose customers' true behaviour is known."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_sources() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="simulated-store",
            factory=f"{__name__}.source:SimulatedStore",
            config=f"{__name__}.config:StoreConfig",
            summary="Seeded shop with known true clicks, purchases and dwell times; logs positions and propensities",
        )
    ]
