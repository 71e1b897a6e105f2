"""Sources ``csv`` and ``parquet``: tables from files."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_sources() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="csv",
            factory=f"{__name__}.csv_source:CsvSource",
            config=f"{__name__}.config:CsvConfig",
            summary="Delimited text files, plain or compressed",
        ),
        ComponentSpec(
            name="parquet",
            factory=f"{__name__}.parquet_source:ParquetSource",
            config=f"{__name__}.config:ParquetConfig",
            summary="Parquet files",
        ),
    ]
