"""`paretorec pick`: choose a policy of a run's front by a wish."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json


def pick(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    maximize: Annotated[str, typer.Option(metavar="OBJECTIVE", help="What to have more of; default: all.")] = "",
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="OBJECTIVE=CHANGE", help="Least change allowed, such as relevance=-2%; repeatable."),
    ] = None,
    knee: Annotated[bool, typer.Option("--knee", help="From where more of one goal costs most of the others.")] = False,
    weights: Annotated[
        str, typer.Option(metavar="OBJECTIVE=WEIGHT,...", help="Highest weighted sum, such as relevance=1,sales=.5.")
    ] = "",
    reference: Annotated[
        str, typer.Option(metavar="OBJECTIVE=CHANGE,...", help="Nearest to a wish, such as sales=+5%,relevance=-1%.")
    ] = "",
    lexicographic: Annotated[
        str, typer.Option(metavar="OBJECTIVE,...", help="Best in the first, among its equals in the second, ...")
    ] = "",
    tolerance: Annotated[
        str, typer.Option(metavar="OBJECTIVE=AMOUNT,...", help="What counts as equal in --lexicographic; default: 1%.")
    ] = "",
    confidence: Annotated[
        float | None, typer.Option(help="How sure, between 0.5 and 1; default: as sure as the run's certificate.")
    ] = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the policy file.")] = None,
    json: Json = False,
) -> None:
    """Pick the policy that promises most; exit 3 where none qualifies."""
    from paretorec.artifact import unseal
    from paretorec.cli.show import show_pick
    from paretorec.pick import pick as choose
    from paretorec.policyfile import PolicyFile
    from paretorec.runfolder import read_front

    unseal(run)
    found = choose(
        read_front(run),
        maximize,
        assignments("--keep", ",".join(keep or ()), "relevance=-2%"),
        confidence,
        knee=knee,
        weights=numbers("--weights", weights),
        reference_point=assignments("--reference", reference, "sales=+5%,relevance=-1%"),
        lexicographic=[name.strip() for name in lexicographic.split(",") if name.strip()],
        tolerance=assignments("--tolerance", tolerance, "relevance=0.5%"),
    )
    chosen = found.to_json()
    if save is not None:
        PolicyFile.load(chosen["policy"]).save(save)
    if json:
        print_json(chosen)
    else:
        show_pick(chosen)
        if save is not None:
            typer.echo(f"policy file: {save}")


def assignments(option: str, text: str, example: str) -> dict[str, str]:
    """``a=1,b=2`` as a mapping. Raises `ConfigError` naming the option."""
    from paretorec.errors import ConfigError

    out = {}
    for part in _parts(text):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise ConfigError(f"{option} {part!r} is not OBJECTIVE=VALUE, such as {example}")
        out[name] = value
    return out


def numbers(option: str, text: str) -> dict[str, float]:
    """``a=1,b=.5`` as numbers. Raises `ConfigError` naming the option."""
    from paretorec.errors import ConfigError

    example = "relevance=1,sales=.5"
    out = {}
    for name, value in assignments(option, text, example).items():
        try:
            out[name] = float(value)
        except ValueError:
            raise ConfigError(
                f"{option} {name}={value}: {value!r} is no number; give weights such as {example}"
            ) from None
    return out


def _parts(text: str) -> Iterable[str]:
    return (part for part in text.split(",") if part.strip())
