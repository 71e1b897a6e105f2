"""How large the shop is and how it behaves."""

from pydantic import Field

from paretorec.contracts import ComponentConfig


class StoreConfig(ComponentConfig):
    """`[source.params]` of ``simulated-store``."""

    users: int = Field(default=1000, ge=1, description="Customers in the log.")
    items: int = Field(default=400, ge=20, description="Items in the catalogue.")
    weeks: int = Field(default=26, ge=1, description="Weeks that the log covers, from 2024-01-01.")
    visits: float = Field(default=1.0, gt=0, description="Visits of a customer and week, on average.")
    shown: int = Field(default=10, ge=1, le=20, description="Items shown a visit.")
    categories: int = Field(default=12, ge=2, le=12, description="Item categories.")
    exploration: float = Field(
        default=1.0, gt=0, description="Temperature of the logging policy: higher shows items more evenly."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the catalogue, the customers and their behaviour.")
