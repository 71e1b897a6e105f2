"""Observer `tensorboard`: what it wrote, read by TensorBoard itself."""

from __future__ import annotations

import pytest
from simulated_shop import SHOP, TRANSFORMER

from paretorec import Engine, Registry

events = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator",
    reason="tensorboard is not installed: pip install 'paretorec[tensorboard]'",
)


def test_curves_of_a_run_are_read_by_tensorboard(tmp_path):
    config = {
        **SHOP,
        "source": {"use": "simulated-store", "params": {"users": 80, "weeks": 12, "items": 40}},
        "encoders": [{"use": "popularity"}, TRANSFORMER],
        "objectives": [{"use": "relevance"}, {"use": "sales"}],
        "search": {"evaluations": 40},
        "pick": {},
        "observers": [{"use": "tensorboard", "params": {"folder": str(tmp_path / "logs")}}],
    }
    engine = Engine(config, registry=Registry(files=()))
    front = engine.run(out=tmp_path / "shop")
    assert not engine.observers.failures
    (folder,) = (tmp_path / "logs").iterdir()
    assert folder.name.startswith("shop-")
    read = events.EventAccumulator(str(folder)).Reload()
    assert {"nsga2/hypervolume", "random/hypervolume", "transformer/loss", "fit/popularity/seconds"} <= set(
        read.Tags()["scalars"]
    )
    assert read.Scalars("nsga2/hypervolume")[-1].step == 40
    assert read.Scalars("certify/points")[0].value == len(front.points)
    texts = {tag.removesuffix("/text_summary") for tag in read.Tags()["tensors"]}
    assert {"configuration", "pick", "outcome"} <= texts
