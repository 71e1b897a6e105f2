"""`paretorec recommend`: lists from a saved run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paretorec.cli.shared import Json, print_json, print_table, registry_of


def recommend(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    users: Annotated[str, typer.Option(metavar="ID,ID", help="Users by id.")] = "",
    history: Annotated[str, typer.Option(metavar="ID,ID", help="Items of somebody new, oldest first.")] = "",
    k: Annotated[int, typer.Option("-k", min=1, help="Length of the lists.")] = 10,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="Policy file; default: the run's pick.")] = None,
    at: Annotated[str, typer.Option(metavar="TIME", help="The moment; default: the end of the data.")] = "",
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another list of a policy that explores.")] = 0,
    json: Json = False,
) -> None:
    """Recommend for known users, or for a history of somebody new."""
    import numpy as np

    from paretorec.engine import Engine
    from paretorec.errors import ConfigError
    from paretorec.explain import titles

    if bool(users) == bool(history):
        raise ConfigError("give either --users ID,ID or --history ID,ID")
    engine = Engine.load(run, registry=registry_of(ctx))
    saved = run / "policy.json"
    shop = engine.serve(policy or (saved if saved.is_file() else None))
    asked = users.split(",") if users else None
    guest = {"guest": [item for item in history.split(",") if item]} if history else None
    lists = shop.recommend(users=asked, histories=guest, k=k, at=at or None, seed=seed)
    codes = np.array([shop.item_codes[item] for item in lists["item_id"]], np.int64)
    lists["title"] = titles(shop.bundle.items, codes) if shop.bundle.items.texts else lists["item_id"]
    if json:
        print_json(lists.to_dict("records"))
        return
    columns = ["user", "rank", "item", "title", "score", "basis"]
    rows = [
        [str(row.user_id), str(row.rank), str(row.item_id), str(row.title), f"{row.score:.4f}", str(row.basis)]
        for row in lists.itertuples()
    ]
    if "propensity" in lists:
        columns.append("propensity")
        for row, propensity in zip(rows, lists["propensity"], strict=True):
            row.append(f"{propensity:.4f}")
    print_table(columns, rows)
    if "propensity" in lists:
        typer.echo("lists vary at random, as the policy says; its certificate is of the lists without that", err=True)
    if not rows:
        typer.echo("nothing may be shown: the rules leave no candidate", err=True)
