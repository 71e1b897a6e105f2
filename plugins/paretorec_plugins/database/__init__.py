"""Source `sql`: tables and queries of a database."""

from paretorec.contracts import ComponentSpec, hookimpl


@hookimpl
def paretorec_sources() -> list[ComponentSpec]:
    return [
        ComponentSpec(
            name="sql",
            factory=f"{__name__}.source:SqlSource",
            config=f"{__name__}.config:SqlConfig",
            summary="Tables or queries of any database that SQLAlchemy knows",
            needs=("sqlalchemy",),
            install="paretorec[sql]",
        )
    ]
