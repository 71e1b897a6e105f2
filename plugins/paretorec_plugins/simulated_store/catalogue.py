"""The shop's items: what they are and what people like about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from paretorec.contracts import Array

TASTES: Final = 8
"""Dimensions of taste."""

NOUNS: Final = (
    ("Coffee", "Espresso"),
    ("Bread", "Baguette"),
    ("Cheese", "Yoghurt"),
    ("Apples", "Berries"),
    ("Pasta", "Noodles"),
    ("Chocolate", "Biscuits"),
    ("Shampoo", "Soap"),
    ("Lamp", "Candle"),
    ("Headphones", "Speaker"),
    ("Novel", "Cookbook"),
    ("Sneakers", "Boots"),
    ("Tent", "Backpack"),
)
CATEGORIES: Final = (
    "coffee",
    "bakery",
    "dairy",
    "fruit",
    "pasta",
    "sweets",
    "care",
    "home",
    "audio",
    "books",
    "shoes",
    "outdoor",
)
CONSUMABLE: Final = np.array([True] * 7 + [False] * 5)
"""By category: bought again and again, or once."""
ADJECTIVES: Final = ("Plain", "Golden", "Wild", "Gentle", "Bold", "Nordic", "Little", "Fresh", "Dark", "Sunny")
BRANDS: Final = ("Aster", "Birch", "Cove", "Dune", "Elm", "Fjord", "Grove", "Haven")


@dataclass(frozen=True)
class Catalogue:
    """N items; all arrays [N] unless said otherwise."""

    category: Array
    """int64."""
    brand: Array
    """int64."""
    taste: Array
    """float32 [N, TASTES] of length about 1: what an item is about."""
    appeal: Array
    """How much it invites a click, whether or not it then pleases."""
    quality: Array
    """How much it pleases; the more appealing items please slightly less."""
    price: Array
    """List price."""
    duration: Array
    """Seconds that its page or video takes."""
    cycle: Array
    """Days until a buyer of it needs it again; inf: never."""
    launch: Array
    """Days after the start of the log at which it enters the shop; 0 for most."""
    title: tuple[str, ...]

    def table(self, start: int) -> pd.DataFrame:
        """The item table that the log comes with; start: milliseconds of day 0."""
        day = pd.Timedelta(days=1)
        return pd.DataFrame(
            {
                "item_id": item_ids(len(self.price)),
                "title": self.title,
                "category": [CATEGORIES[code] for code in self.category],
                "brand": [BRANDS[code] for code in self.brand],
                "list_price": self.price,
                "duration": self.duration,
                "launched": pd.Timestamp(start, unit="ms") + self.launch * day,
            }
        )


def item_ids(count: int) -> list[str]:
    return [f"i{number:04d}" for number in range(count)]


def make_catalogue(count: int, categories: int, days: float, rng: np.random.Generator) -> Catalogue:
    """Draw the items; one in ten is launched during the first two thirds of the log."""
    category = rng.integers(categories, size=count)
    centres = rng.normal(size=(categories, TASTES))
    taste = centres[category] + 0.8 * rng.normal(size=(count, TASTES))
    taste /= np.linalg.norm(taste, axis=1, keepdims=True)
    appeal = rng.normal(size=count)
    quality = -0.4 * appeal + 0.9 * rng.normal(size=count)
    base = np.where(CONSUMABLE[category], 1.4, 3.4)
    price = np.round(np.exp(base + 0.6 * rng.normal(size=count)), 2)
    brand = rng.integers(len(BRANDS), size=count)
    words = rng.integers([len(ADJECTIVES), 2], size=(count, 2))
    return Catalogue(
        category=category,
        brand=brand,
        taste=taste.astype(np.float32),
        appeal=appeal,
        quality=quality,
        price=price,
        duration=np.round(np.exp(4 + 0.6 * rng.normal(size=count))),
        cycle=np.where(CONSUMABLE[category], np.exp(2.7 + 0.4 * rng.normal(size=count)), np.inf),
        launch=np.where(rng.random(count) < 0.1, np.floor(rng.uniform(1, max(days * 2 / 3, 2), size=count)), 0.0),
        title=tuple(
            f"{BRANDS[b]} {ADJECTIVES[a]} {NOUNS[c][n]}" for b, (a, n), c in zip(brand, words, category, strict=True)
        ),
    )
