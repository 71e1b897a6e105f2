"""`paretorec evaluate`: metrics of lists that anybody made, from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paretorec.cli.shared import Json, print_json, print_table, registry_of

if TYPE_CHECKING:
    import pandas as pd


def evaluate(
    ctx: typer.Context,
    recommendations: Annotated[
        Path, typer.Option(metavar="FILE", help="Lists: user_id, item_id, and rank or score; CSV or Parquet.")
    ],
    truth: Annotated[
        Path,
        typer.Option(metavar="FILE", help="What users took: user_id, item_id, and label columns if there are any."),
    ],
    versus: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Other lists; changes against them are paired by user.")
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The catalogue: item_id and attributes; for diversity, coverage."),
    ] = None,
    interactions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What users had before: user_id, item_id; for novelty, discovery."),
    ] = None,
    metrics: Annotated[
        str, typer.Option(help="Names with list lengths, such as ndcg@10,revenue:event=sales@5.", show_default=False)
    ] = "",
    confidence: Annotated[float, typer.Option(help="Confidence of each interval by itself.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.")] = 0,
    json: Json = False,
) -> None:
    """What lists are worth, with intervals by resampling users, and by how much they differ from others."""
    from paretorec.evaluation import DEFAULT_METRICS
    from paretorec.evaluation import evaluate as judge

    table = judge(
        read_table(recommendations),
        read_table(truth),
        metrics=metrics or DEFAULT_METRICS,
        versus=None if versus is None else read_table(versus),
        items=None if items is None else read_table(items),
        interactions=None if interactions is None else read_table(interactions),
        confidence=confidence,
        seed=seed,
        registry=registry_of(ctx),
    )
    if json:
        return print_json({**table.attrs, "metrics": table.to_dict("records")})
    columns = [name for name in table.columns if name != "users"]
    print_table(columns, [[_text(value) for value in row] for row in table[columns].itertuples(index=False)])
    typer.echo(_counts({str(key): value for key, value in table.attrs.items()}))
    return None


def read_table(path: Path) -> pd.DataFrame:
    """A CSV or Parquet file; ids are read as text, so that leading zeros stay. Raises `DataError`."""
    import pandas as pd

    from paretorec.errors import DataError

    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        if path.suffix in {".parquet", ".pq"}:
            return pd.read_parquet(path)
        table = pd.read_csv(path, dtype={"user_id": str, "item_id": str})
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path}: the file is empty; give one with a header and rows") from error
    except (ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"{path}: this is no readable CSV or Parquet file ({reason})") from error
    header = str(table.columns[0])
    if table.shape[1] == 1 and (separator := next((mark for mark in ";\t|" if mark in header), "")):
        raise DataError(f"{path}: columns are separated by {separator!r}; save the file with commas between them")
    return table


def _text(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _counts(attrs: dict[str, Any]) -> str:
    system = {"": "recommendations", "versus_": "versus"}
    parts = [
        f"{name}: {attrs[f'{prefix}without_list']} of them without a list, "
        f"{attrs[f'{prefix}left_out']} others left out since the truth lacks them"
        for prefix, name in system.items()
        if f"{prefix}left_out" in attrs
    ]
    labels = ", ".join(f"{name} ({kind})" for name, kind in dict(attrs["events"]).items())
    return f"{attrs['users']} users; {'; '.join(parts)}; labels: {labels}; {attrs['confidence']:.0%} intervals"
