"""DataFrames from a database through SQLAlchemy. (Source ``sql`` does the same from a configuration file.)

python from_sqlite.py shop.db
"""

from __future__ import annotations

import sys

import pandas as pd
import sqlalchemy as sa

from paretorec import Engine, Front

QUERY = """
select customer, product, bought_at as time, amount from purchases where bought_at >= :since order by bought_at
"""

CONFIG = {
    "data": {
        "user": "customer",
        "item": "product",
        "events": {"buy": {"column": ""}, "sales": {"column": "amount", "kind": "amount"}},
        "categories": ["department"],
    },
    "objectives": [{"use": "relevance"}, {"use": "sales"}],
    "search": {"evaluations": 200},
}


def main(url: str, since: str = "2000-01-01") -> Front:
    database = sa.create_engine(url)
    with database.connect() as connection:
        purchases = pd.read_sql_query(sa.text(QUERY), connection, params={"since": since})
        products = pd.read_sql_query(sa.text("select product, department from products"), connection)
    front = Engine(CONFIG).run(interactions=purchases, items=products)
    print(f"{len(front.points)} points from {len(purchases)} purchases")
    return front


if __name__ == "__main__":
    main(f"sqlite:///{sys.argv[1]}")
