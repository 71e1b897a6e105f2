"""A dataset in a run's folder: what serving and refitting need, as Parquet and safetensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from paretorec.artifact import read_arrays, read_json, write_arrays, write_atomic, write_json
from paretorec.contracts.dataset import Dataset, Event
from paretorec.contracts.items import Category, ItemTable, Timeline
from paretorec.contracts.run import Array
from paretorec.errors import ArtifactError


def save_dataset(folder: Path, data: Dataset) -> None:
    """Write the whole dataset into `folder`."""
    arrays = {"user": data.user, "item": data.item, "time": data.time}
    arrays |= {f"label.{name}": values for name, values in data.labels.items()}
    arrays |= {f"number.{name}": values for name, values in data.user_numbers.items()}
    arrays |= {f"category.{name}": category.codes for name, category in data.user_categories.items()}
    coded = {name: pd.Categorical(values) for name, values in data.columns.items() if values.dtype == object}
    arrays |= {f"column.{name}": np.asarray(values.codes, np.int32) for name, values in coded.items()}
    arrays |= {f"column.{name}": values for name, values in data.columns.items() if name not in coded}
    write_arrays(folder / "interactions.safetensors", arrays)
    write_texts(folder / "users.parquet", {"id": data.user_ids})
    save_items(folder, data.items)
    write_json(
        folder / "dataset.json",
        {
            "events": [{"name": e.name, "kind": e.kind, "history": e.history} for e in data.events],
            "categories": {name: list(category.names) for name, category in data.user_categories.items()},
            "columns": {name: [str(value) for value in values.categories] for name, values in coded.items()},
            "report": dict(data.report),
        },
    )


def load_dataset(folder: Path) -> Dataset:
    """What `save_dataset` wrote. Raises `ArtifactError` naming the file."""
    arrays = read_arrays(folder / "interactions.safetensors")
    meta = read_json(folder / "dataset.json")

    def group(prefix: str) -> dict[str, Array]:
        return {name[len(prefix) :]: value for name, value in arrays.items() if name.startswith(prefix)}

    columns = group("column.")
    for name, names in meta["columns"].items():
        columns[name] = np.array([*names, None], object)[columns[name]]
    return Dataset(
        user_ids=read_texts(folder / "users.parquet")["id"],
        items=load_items(folder),
        user=arrays["user"],
        item=arrays["item"],
        time=arrays["time"],
        labels=group("label."),
        events=tuple(Event(**event) for event in meta["events"]),
        user_categories={
            name: Category(codes, tuple(meta["categories"][name])) for name, codes in group("category.").items()
        },
        user_numbers=group("number."),
        columns=columns,
        report=meta["report"],
    )


def save_items(folder: Path, items: ItemTable) -> None:
    """Write the item table into `folder`."""
    arrays = {"first_seen": items.first_seen, "features": items.features, "counts": items.counts}
    arrays |= {f"category.{name}": category.codes for name, category in items.categories.items()}
    arrays |= {f"number.{name}": values for name, values in items.numbers.items()}
    for name, timeline in items.timelines.items():
        arrays |= {
            f"timeline.{name}.offsets": timeline.offsets,
            f"timeline.{name}.times": timeline.times,
            f"timeline.{name}.values": timeline.values,
        }
    write_arrays(folder / "items.safetensors", arrays)
    write_texts(folder / "items.parquet", {"id": items.ids, **{f"text.{n}": v for n, v in items.texts.items()}})
    write_json(
        folder / "items.json",
        {
            "categories": {name: list(category.names) for name, category in items.categories.items()},
            "numbers": list(items.numbers),
            "timelines": list(items.timelines),
        },
    )


def load_items(folder: Path) -> ItemTable:
    """What `save_items` wrote."""
    arrays, texts = read_arrays(folder / "items.safetensors"), read_texts(folder / "items.parquet")
    meta = read_json(folder / "items.json")
    return ItemTable(
        ids=texts["id"],
        first_seen=arrays["first_seen"],
        categories={
            name: Category(arrays[f"category.{name}"], tuple(names)) for name, names in meta["categories"].items()
        },
        numbers={name: arrays[f"number.{name}"] for name in meta["numbers"]},
        texts={name[len("text.") :]: values for name, values in texts.items() if name != "id"},
        timelines={
            name: Timeline(*(arrays[f"timeline.{name}.{part}"] for part in ("offsets", "times", "values")))
            for name in meta["timelines"]
        },
        features=arrays["features"],
        counts=arrays["counts"],
    )


def write_texts(path: Path, columns: dict[str, Array]) -> None:
    """Text columns of equal length as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.array(list(values), pa.string()) for name, values in columns.items()})
    write_atomic(path, lambda temporary: pq.write_table(table, temporary))


def read_texts(path: Path) -> dict[str, Array]:
    """What `write_texts` wrote: object arrays of str."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ArtifactError(f"{path} is damaged ({error}); run again or restore it from a copy") from error
    return {name: np.array(table.column(name).to_pylist(), object) for name in table.column_names}
