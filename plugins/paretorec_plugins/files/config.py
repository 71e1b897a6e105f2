"""Where the files are and how they are written."""

from pydantic import ConfigDict, Field

from paretorec.contracts import ComponentConfig


class FilesConfig(ComponentConfig):
    """What every file source needs."""

    interactions: str = Field(
        min_length=1, description="File with one interaction a row; ~ and ${VARIABLE} are filled in."
    )
    items: str = Field(default="", description="File with one item a row; empty: none.")
    users: str = Field(default="", description="File with one user a row; empty: none.")


class CsvConfig(FilesConfig):
    """`[source.params]` of ``csv``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "interactions": "${WORLD}/interactions.csv",
                    "items": "${WORLD}/items.csv",
                    "users": "${WORLD}/users.csv",
                }
            ]
        }
    )

    delimiter: str = Field(default=",", min_length=1, max_length=1, description='Between two fields, such as "\\t".')
    encoding: str = Field(default="utf-8", description="Character encoding of the files.")
    header: bool = Field(default=True, description="The first line names the columns.")
    columns: tuple[str, ...] = Field(default=(), description="Column names of `interactions` when it has no header.")


class ParquetConfig(FilesConfig):
    """`[source.params]` of ``parquet``; a folder of parquet files is one table."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "interactions": "${WORLD}/interactions.parquet",
                    "items": "${WORLD}/items.parquet",
                    "users": "${WORLD}/users.parquet",
                }
            ]
        }
    )
