"""The training loop on a model of one number."""

import threading
from dataclasses import replace

import pytest
import torch

from paretorec.contracts import RunContext
from paretorec.errors import ArtifactError, ConfigError, Interrupted
from paretorec.training import Plan, fit, load_checkpoint, save_checkpoint


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1))


class Slope:
    """Learns y = 2 x from noisy points; scores are given, or the closeness to 2."""

    def __init__(self, scores=None, stop=None, stop_after=None):
        self.model = Line()
        self.scores = iter(scores) if scores is not None else None
        self.stop, self.steps, self.stop_after = stop, 0, stop_after

    def batches(self, rng):
        return [(x, 2 * x + rng.normal(0, 0.1)) for x in rng.random(5)]

    def loss(self, batch):
        self.steps += 1
        if self.steps == self.stop_after:
            self.stop.set()
        x, y = batch
        return ((self.model.slope * x - y) ** 2).sum()

    def validate(self):
        assert not torch.is_grad_enabled()
        assert not self.model.training
        return next(self.scores) if self.scores else -abs(self.model.slope.item() - 2)


PLAN = Plan(epochs=6, learning_rate=0.1)


def test_learns_and_reports():
    task = Slope()
    report = fit(task, replace(PLAN, epochs=40), RunContext(), "slope")
    assert task.model.slope.item() == pytest.approx(2, abs=0.1)
    assert report.epochs == len(report.scores) == len(report.losses) == 40
    assert report.losses[-1] < report.losses[0] / 4
    assert not task.model.training


def test_keeps_the_weights_of_the_best_epoch_and_stops_when_patience_is_spent():
    slopes = []
    task = Slope(scores=[0.1, 0.5, 0.3, 0.5, 0.2, 0.9])
    validate = task.validate
    task.validate = lambda: slopes.append(task.model.slope.item()) or validate()
    report = fit(task, replace(PLAN, patience=3), RunContext(), "slope")
    assert (report.epochs, report.best_epoch) == (5, 2)
    assert task.model.slope.item() == slopes[1]


def test_without_validation_the_last_epoch_stays():
    task = Slope(scores=[None] * 6)
    report = fit(task, replace(PLAN, patience=1), RunContext(), "slope")
    assert (report.epochs, report.best_epoch) == (6, 6)
    assert task.model.slope.item() != 0


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path):
    whole = Slope()
    expected = fit(whole, PLAN, RunContext(seed=3), "slope")
    stop, path = threading.Event(), tmp_path / "deep" / "slope.safetensors"
    with pytest.raises(Interrupted):
        fit(Slope(stop=stop, stop_after=13), PLAN, RunContext(seed=3, stop=stop), "slope", path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    resumed = Slope()
    report = fit(resumed, PLAN, RunContext(seed=3), "slope", path)
    assert resumed.model.slope.item() == whole.model.slope.item()
    assert (report.scores, report.losses) == (expected.scores, expected.losses)
    assert resumed.steps == 20, "two of six epochs of five steps were done before"
    assert not path.exists()


def test_stop_is_seen_before_the_first_step():
    stop = threading.Event()
    stop.set()
    task = Slope()
    with pytest.raises(Interrupted):
        fit(task, PLAN, RunContext(stop=stop), "slope")
    assert task.steps == 0


def test_another_seed_is_another_training_and_the_same_seed_is_not():
    slopes = []
    for seed in (0, 0, 1):
        task = Slope()
        fit(task, PLAN, RunContext(seed=seed), "slope")
        slopes.append(task.model.slope.item())
    assert slopes[0] == slopes[1] != slopes[2]


def test_time_is_a_budget_too():
    report = fit(Slope(), Plan(epochs=10**6, learning_rate=0.1, minutes=1e-9), RunContext(), "slope")
    assert report.epochs == 1


def test_a_loss_that_is_not_finite_says_what_to_change():
    task = Slope()
    task.loss = lambda batch: task.model.slope.sum() * float("inf")
    with pytest.raises(ConfigError, match="slope: the training loss is not finite in epoch 1; set a lower learning_"):
        fit(task, PLAN, RunContext(), "slope")


def test_checkpoints_round_trip_and_replace_as_a_whole(tmp_path):
    path = tmp_path / "a.safetensors"
    assert load_checkpoint(path) is None
    save_checkpoint(path, {"x": torch.arange(3)}, {"epoch": 1, "score": None})
    save_checkpoint(path, {"x": torch.arange(4.0)}, {"epoch": 2, "score": 0.1})
    tensors, meta = load_checkpoint(path)
    assert tensors["x"].tolist() == [0, 1, 2, 3]
    assert meta == {"epoch": 2, "score": 0.1}
    with pytest.raises(TypeError):
        save_checkpoint(path, {}, {"epoch": object()})
    assert load_checkpoint(path)[1]["epoch"] == 2
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_damaged_checkpoint_is_named(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"\0" * 40)
    with pytest.raises(ArtifactError, match="delete it to train from the start"):
        fit(Slope(), PLAN, RunContext(), "slope", path)
