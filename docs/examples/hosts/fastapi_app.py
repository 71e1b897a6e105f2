"""A web service with two engines in one process, each with plugins of its own choice.

    pip install paretorec fastapi uvicorn
    uvicorn fastapi_app:app

Recommenders are immutable, so requests are served from any number of threads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException

from paretorec import Engine, Recommender, Registry
from paretorec.registry import RegistrySettings

SHOP = {
    "source": {"use": "simulated-store", "params": {"users": 150, "weeks": 16}},
    "search": {"evaluations": 100},
}

SHOPS: dict[str, tuple[dict[str, Any], RegistrySettings]] = {
    "calm": ({**SHOP, "encoders": [{"use": "popularity"}]}, RegistrySettings()),
    "keen": ({**SHOP, "encoders": [{"use": "repeat"}, {"use": "item-knn"}]}, RegistrySettings()),
}
"""Shop -> its configuration, and whose plugins its names mean: settings such as ``choose`` differ between engines."""


def recommender(config: dict[str, Any], settings: RegistrySettings) -> Recommender:
    """Learn and serve the standing wish. A real service loads a saved run: ``Recommender.load(folder)``."""
    engine = Engine(config, registry=Registry(settings=settings))
    engine.run()
    return engine.serve()


def create_app(shops: dict[str, tuple[dict[str, Any], RegistrySettings]]) -> FastAPI:
    serving: dict[str, Recommender] = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        serving.update({name: recommender(*shop) for name, shop in shops.items()})
        yield
        serving.clear()

    begin: Callable[[FastAPI], AbstractAsyncContextManager[None]] = lifespan
    made = FastAPI(lifespan=begin)

    @made.get("/{shop}/users/{user}")
    def lists(shop: str, user: str, k: int = 10) -> list[dict[str, Any]]:  # a plain function: runs in a thread
        if shop not in serving:
            raise HTTPException(404, f"there is no shop {shop!r}; there are {', '.join(serving)}")
        rows = serving[shop].recommend(users=[user], k=k)
        return [{"item": item, "score": score} for item, score in zip(rows["item_id"], rows["score"], strict=True)]

    return made


app = create_app(SHOPS)
