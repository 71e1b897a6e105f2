"""Which database, and what to read from it."""

from pydantic import ConfigDict, Field

from paretorec.contracts import ComponentConfig


class SqlConfig(ComponentConfig):
    """Configuration of `SqlSource`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "sqlite:///${WORLD}/shop.db", "interactions": "interactions"}]}
    )

    url: str = Field(
        min_length=1,
        description="SQLAlchemy URL, such as postgresql+psycopg://shop:${SHOP_PASSWORD}@host/shop; ${VARIABLE} is "
        "filled in, and a password stands nowhere else.",
    )
    interactions: str = Field(
        min_length=1,
        description="A table, or SCHEMA.TABLE, or a query, with one interaction a row, in the order in which rows of "
        "equal time should count.",
    )
    items: str = Field(default="", description="Table or query with one item a row; empty: none.")
    users: str = Field(default="", description="Table or query with one user a row; empty: none.")
    parameters: dict[str, str | int | float] = Field(
        default_factory=dict, description="Values of :NAME in the queries; ${VARIABLE} is filled in texts."
    )
    chunk: int = Field(default=100_000, ge=1, description="Rows fetched at a time.")
