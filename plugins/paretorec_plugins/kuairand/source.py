"""KuaiRand-Pure (Gao et al., CIKM 2022; CC BY-SA 4.0) as prepared parquet files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import Field

from paretorec.contracts import ComponentConfig, Tables
from paretorec.errors import DataError

MAPPING: Final[dict[str, Any]] = {
    "user": "user_id",
    "item": "video_id",
    "time": "time_ms",
    "events": {
        "watch": {"column": "watch"},
        "click": {"column": "is_click"},
        "long_view": {"column": "long_view"},
        "like": {"column": "is_like"},
    },
    "history": ("watch",),
    "categories": ("author_id", "upload_type", "tag"),
    "numbers": ("video_duration",),
}
"""The `[data]` section that fits; a run's own keys win."""

HOUR: Final = 3_600_000


class KuaiRandConfig(ComponentConfig):
    """`[source.params]` of ``kuairand``."""

    folder: str = Field(
        min_length=1,
        description="Folder with log_standard_0425_0430.parquet, user_history_to_0424.parquet and "
        "item_features.parquet; ~ and ${VARIABLE} are filled in.",
    )


class KuaiRand:
    """Videos shown on 25 to 30 April 2022 with clicks, long views and likes; before them, what each user had watched.

    The history has an order but no times, and says which of its videos were watched long or liked; whether they were
    clicked is not observed. Its videos are placed an hour apart before the user's last one. Event ``watch``: everything
    in a history, and what was clicked of what was shown.
    """

    def __init__(self, config: KuaiRandConfig) -> None:
        self.config = config

    def load(self) -> Tables:
        folder = Path(os.path.expandvars(self.config.folder)).expanduser()
        log = _read(folder / "log_standard_0425_0430.parquet")
        history = _read(folder / "user_history_to_0424.parquet")
        shown = log[["user_id", "video_id", "time_ms", "is_click", "long_view", "is_like"]]
        return Tables(
            interactions=pd.concat([_watched(history), shown.assign(watch=shown["is_click"])], ignore_index=True),
            items=_read(folder / "item_features.parquet"),
            origin="KuaiRand-Pure",
            data=MAPPING,
        )


def _watched(history: pd.DataFrame) -> pd.DataFrame:
    """One row per video of each user's history, oldest first."""
    count = history["watch_seq"].str.len().to_numpy()
    user = np.repeat(np.arange(len(history)), count)
    video = np.concatenate(history["watch_seq"].to_numpy())
    newer = np.repeat(np.cumsum(count), count) - 1 - np.arange(len(video))

    def marked(column: str) -> pd.Series:
        marks = history[column].explode().dropna()
        pairs = pd.MultiIndex.from_arrays([marks.index, marks.astype(np.int64)])
        return pd.Series(pd.MultiIndex.from_arrays([history.index[user], video]).isin(pairs).astype(np.float64))

    return pd.DataFrame(
        {
            "user_id": history["user_id"].to_numpy()[user],
            "video_id": video,
            "time_ms": history["last_time_ms"].to_numpy()[user] - newer * HOUR,
            "watch": 1.0,
            "long_view": marked("long_watch_seq"),
            "is_like": marked("like_seq"),
        }
    )


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is missing or no readable parquet file; set source.params.folder to the folder of KuaiRand-Pure "
            "(an environment variable named in it must be set)"
        ) from error
