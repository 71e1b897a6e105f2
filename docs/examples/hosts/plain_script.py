"""A script, a DataFrame, no files: learn, pick, recommend.

python plain_script.py
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from paretorec import Engine
from paretorec.errors import NoAnswer


def log(users: int = 200, items: int = 60, days: int = 60, seed: int = 0) -> pd.DataFrame:
    """Who had what, and when: everybody likes a few items best, and all like the first ones."""
    rng = np.random.default_rng(seed)
    taste = rng.dirichlet(np.full(items, 0.1), users) + rng.dirichlet(1 / np.arange(1, items + 1))
    taste /= taste.sum(axis=1, keepdims=True)
    rows = [
        (f"u{user:03}", f"i{item:02}", pd.Timestamp("2026-01-01") + pd.Timedelta(days=float(day)))
        for user in range(users)
        for item, day in zip(rng.choice(items, 40, p=taste[user]), rng.uniform(0, days, 40), strict=True)
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "time"])


def main() -> pd.DataFrame:
    engine = Engine({"objectives": [{"use": "relevance"}, {"use": "novelty"}], "search": {"evaluations": 200}})
    front = engine.run(log())
    try:
        policy = front.pick(maximize="novelty", keep={"relevance": "-5%"})
        print(policy.why)
        shop = engine.serve(policy)
    except NoAnswer as answer:  # nothing could be promised: serve the baseline
        print(answer)
        shop = engine.serve(front.point(front.baseline))
    lists = shop.recommend(users=["u001", "u002"], k=5)
    print(lists.to_string(index=False))
    return lists


if __name__ == "__main__":
    main()
