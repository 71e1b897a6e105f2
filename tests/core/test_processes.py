"""Who takes part in a run, and on which device, before anything is computed."""

import pytest
import torch

from paretorec import Engine, processes
from paretorec.errors import ConfigError


def test_one_process_joins_nobody(monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    with processes.joined():
        assert (processes.started(), processes.on_this_machine(), processes.count()) == (1, 1, 1)
        assert processes.first()
        processes.wait()
    assert not torch.distributed.is_initialized()


def test_more_processes_than_gpus_are_refused(monkeypatch):
    for name, value in (("WORLD_SIZE", "4"), ("RANK", "3"), ("LOCAL_WORLD_SIZE", "4"), ("LOCAL_RANK", "3")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    refused = pytest.raises(ConfigError, match="4 processes on a machine with 2 GPUs; give it --nproc-per-node 2")
    with refused, processes.joined():
        pass


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
def test_cuda_asked_for_and_absent_is_said_before_anything_is_learned():
    config = {"device": "cuda", "source": {"use": "simulated-store", "params": {"users": 40, "weeks": 12}}}
    with pytest.raises(
        ConfigError, match=r'device = "cuda", but torch finds no CUDA device here .* set device = "auto"'
    ):
        Engine({**config, "encoders": [{"use": "transformer"}]}).run()
