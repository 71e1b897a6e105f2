"""What may be shown: the same rules while judging and while serving."""

from __future__ import annotations

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_rules() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="allow",
            factory=f"{__name__}.chosen:Allow",
            config=f"{__name__}.chosen:ChosenConfig",
            summary="Shows only the items or categories named",
        ),
        ComponentSpec(
            name="available",
            factory=f"{__name__}.available:Available",
            config=f"{__name__}.available:AvailableConfig",
            summary="Shows only what is in stock, by an item column, a value that changes with time, or a list of ids",
        ),
        ComponentSpec(
            name="block",
            factory=f"{__name__}.chosen:Block",
            config=f"{__name__}.chosen:ChosenConfig",
            summary="Never shows the items or categories named",
        ),
        ComponentSpec(
            name="cap",
            factory=f"{__name__}.cap:Cap",
            config=f"{__name__}.cap:CapConfig",
            summary="At most so many items of one category in a list",
        ),
        ComponentSpec(
            name="cool-down",
            factory=f"{__name__}.cool_down:CoolDown",
            config=f"{__name__}.cool_down:CoolDownConfig",
            summary="Does not show what the user had in the last days, or ever",
        ),
    ]
