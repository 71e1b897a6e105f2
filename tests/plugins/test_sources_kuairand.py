"""Source ``kuairand``: histories in their order before the log, and the log as it was shown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paretorec.config import DataConfig
from paretorec.data.tables import build_dataset, resolve_data
from paretorec.errors import DataError
from paretorec_plugins.kuairand.source import KuaiRand, KuaiRandConfig

HOUR = 3_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shown = {"user_id": [7, 7, 8], "video_id": [1, 2, 1], "time_ms": [100 * HOUR, 100 * HOUR + 1, 101 * HOUR]}
    labels = {"is_click": [1, 0, 0], "long_view": [1, 0, 0], "is_like": [0, 0, 0]}
    pd.DataFrame(shown | labels).to_parquet(tmp_path / "log_standard_0425_0430.parquet")
    history = pd.DataFrame(
        {
            "user_id": [7, 9],
            "last_time_ms": [50 * HOUR, 40 * HOUR],
            "watch_seq": [[3, 1, 3], [2]],
            "like_seq": [[], [2]],
            "long_watch_seq": [[3], []],
        }
    )
    history.to_parquet(tmp_path / "user_history_to_0424.parquet")
    items = {"video_id": [1, 2, 3], "author_id": [5, 5, 6], "upload_type": "a", "tag": "1", "video_duration": 9.0}
    pd.DataFrame(items).to_parquet(tmp_path / "item_features.parquet")
    return tmp_path


def test_what_was_watched_comes_before_what_was_shown_in_its_order(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("VIDEOS", str(folder))
    rows = KuaiRand(KuaiRandConfig(folder="${VIDEOS}")).load().interactions
    seven = rows[rows["user_id"] == 7].sort_values("time_ms")
    assert seven["video_id"].tolist() == [3, 1, 3, 1, 2]
    assert seven["time_ms"].tolist()[:3] == [48 * HOUR, 49 * HOUR, 50 * HOUR]
    assert seven["watch"].tolist() == [1, 1, 1, 1, 0]
    assert seven["long_view"].tolist() == [1, 0, 1, 1, 0]
    assert rows.loc[rows["user_id"] == 9, "is_like"].tolist() == [1]
    assert seven["is_click"].isna().tolist() == [True, True, True, False, False], "a history does not tell clicks"


def test_it_brings_the_meaning_of_its_columns(folder: Path) -> None:
    tables = KuaiRand(KuaiRandConfig(folder=str(folder))).load()
    data = build_dataset(tables, resolve_data(tables, DataConfig()))
    assert list(data.labels) == ["watch", "click", "long_view", "like"]
    assert np.nansum(data.labels["click"]) == 1
    assert data.positive().sum() == 5, "exposures without a click enter no history"


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "item_features.parquet").unlink()
    with pytest.raises(DataError, match=r"item_features\.parquet is missing.*source\.params\.folder"):
        KuaiRand(KuaiRandConfig(folder=str(folder))).load()
