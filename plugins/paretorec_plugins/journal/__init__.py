"""Observers `jsonl` and `progress`: what happened, line by line, in a file and on stderr."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_observers() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="jsonl",
            factory=f"{__name__}.lines:JsonLines",
            config=f"{__name__}.lines:JsonLinesConfig",
            summary="One JSON document a line for everything that happens, in a file",
        ),
        ComponentSpec(
            name="progress",
            factory=f"{__name__}.progress:ProgressLines",
            config=f"{__name__}.progress:ProgressConfig",
            summary="A line on stderr now and then, where nobody watches progress bars",
        ),
    ]
