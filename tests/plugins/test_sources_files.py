"""Sources ``csv`` and ``parquet``: what is read, and one sentence for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from paretorec.config import DataConfig
from paretorec.data.tables import build_dataset
from paretorec.errors import ConfigError, DataError
from paretorec_plugins.files.config import CsvConfig, ParquetConfig
from paretorec_plugins.files.csv_source import CsvSource
from paretorec_plugins.files.parquet_source import ParquetSource

LOG = "user_id,item_id,time\n007,a,2024-01-01\n7,b,2024-01-02\n"


def load_csv(path: Path, text: str | bytes, **config: object) -> pd.DataFrame:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CsvSource(CsvConfig.model_validate({"interactions": str(path), **config})).load().interactions


def test_csv_keeps_every_field_as_text(tmp_path: Path) -> None:
    table = load_csv(tmp_path / "log.csv", LOG)
    assert table["user_id"].tolist() == ["007", "7"]
    assert table.columns.tolist() == ["user_id", "item_id", "time"]


def test_csv_with_items_and_users_becomes_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "items.csv").write_text("item_id,price\na,1.5\nb,\n")
    (tmp_path / "users.csv").write_text("user_id,age\n007,40\n")
    config = CsvConfig(**{name: str(tmp_path / f"{file}.csv") for name, file in FILES.items()})
    data = build_dataset(CsvSource(config).load(), DataConfig(numbers=("price",), user_numbers=("age",)))
    assert data.user_ids.tolist() == ["007", "7"]
    assert data.items.numbers["price"].tolist() == [1.5, 1.5]
    assert data.user_numbers["age"].tolist() == [40, 40]


FILES = {"interactions": "log", "items": "items", "users": "users"}


def test_csv_without_header_takes_names_from_the_configuration(tmp_path: Path) -> None:
    table = load_csv(tmp_path / "log.txt", "1 5\n1 6\n", delimiter=" ", header=False, columns=["user", "item"])
    assert table.to_dict("list") == {"user": ["1", "1"], "item": ["5", "6"]}
    with pytest.raises(ConfigError, match=r"source\.params\.columns"):
        CsvSource(CsvConfig(interactions="log.txt", header=False))


def test_csv_reads_compressed_files_and_a_byte_order_mark(tmp_path: Path) -> None:
    pd.DataFrame({"user_id": ["1"], "item_id": ["2"]}).to_csv(tmp_path / "log.csv.gz", index=False)
    config = CsvConfig(interactions=str(tmp_path / "log.csv.gz"))
    assert CsvSource(config).load().interactions["item_id"].tolist() == ["2"]
    assert load_csv(tmp_path / "log.csv", b"\xef\xbb\xbf" + LOG.encode()).columns[0] == "user_id"


def test_paths_may_name_environment_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    monkeypatch.setenv("SHOP_DATA", str(tmp_path))
    assert len(CsvSource(CsvConfig(interactions="${SHOP_DATA}/log.csv")).load().interactions) == 2
    with pytest.raises(DataError, match=r"\$\{NOT_SET_ANYWHERE\}/log\.csv: an environment variable .* is not set"):
        CsvSource(CsvConfig(interactions="${NOT_SET_ANYWHERE}/log.csv")).load()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"log\.csv is empty"),
        ("user_id,item_id,time\n", r"log\.csv has a header but no rows"),
        ("user_id;item_id;time\n1;2;3\n", r"one column only.*set source\.params\.delimiter = ';'"),
        ("user_id\titem_id\n1\t2\n", r"set source\.params\.delimiter = '\\t'"),
        ('user_id,item_id\n1,2\n"3,4\n', r"log\.csv is not a table with delimiter ','"),
        (b"user_id,item_id\n\xff\xfe,2\n", r"log\.csv is not utf-8 text .*source\.params\.encoding"),
    ],
)
def test_csv_refuses_in_one_sentence(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        load_csv(tmp_path / "log.csv", text)
    assert "\n" not in str(error.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    for source in (CsvSource(CsvConfig(interactions="no.csv")), ParquetSource(ParquetConfig(interactions="no.csv"))):
        with pytest.raises(DataError, match=r"no\.csv: there is no such file"):
            source.load()
    with pytest.raises(DataError, match="is a folder"):
        CsvSource(CsvConfig(interactions=str(tmp_path))).load()


def test_parquet_keeps_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"user_id": [1, 2], "item_id": ["x", "y"], "time": pd.to_datetime(["2024-01-01", "2024-01-02"])}
    )
    frame.to_parquet(tmp_path / "log.parquet")
    tables = ParquetSource(ParquetConfig(interactions=str(tmp_path / "log.parquet"))).load()
    assert build_dataset(tables, DataConfig()).user_ids.tolist() == ["1", "2"]


def test_parquet_refuses_what_is_not_parquet_or_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "log.parquet").write_text(LOG)
    with pytest.raises(DataError, match=r"log\.parquet is not a readable parquet file"):
        ParquetSource(ParquetConfig(interactions=str(tmp_path / "log.parquet"))).load()
    pd.DataFrame({"user_id": []}).to_parquet(tmp_path / "none.parquet")
    with pytest.raises(DataError, match="has no rows"):
        ParquetSource(ParquetConfig(interactions=str(tmp_path / "none.parquet"))).load()


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        CsvConfig.model_validate({"interactions": "log.csv", "sep": ";"})
