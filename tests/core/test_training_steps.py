"""What one step of the training loop is: averaged weights, clipping, several batches, decay, devices, memory."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.contracts import RunContext
from paretorec.errors import ArtifactError, ConfigError
from paretorec.training import (
    AveragedWeights,
    Plan,
    compiled,
    fit,
    make_optimizer,
    memory_named,
    parameter_groups,
    to_device,
)

PLAN = Plan(epochs=3, learning_rate=0.005, optimizer="sgd", schedule="constant")


class Fit:
    """Least squares of a small network with a table."""

    def __init__(self, batches=6):
        generator = torch.Generator().manual_seed(1)
        self.model = torch.nn.Sequential(torch.nn.Embedding(7, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 1))
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.normal_(generator=generator)
        self.count = batches
        self.validated = []

    def batches(self, rng):
        return [rng.integers(0, 7, 5) for _ in range(self.count)]

    def loss(self, batch):
        x = torch.from_numpy(batch)
        return ((self.model(x)[:, 0] - x % 3) ** 2).mean()

    def validate(self):
        self.validated.append(flat(self.model))


def flat(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def trained(plan, **options):
    task = Fit(**options)
    report = fit(task, plan, RunContext(), "fit")
    return task, report


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 20), st.integers(1, 12), st.integers(0, 99))
def test_the_average_is_the_weighted_mean_of_all_weights_so_far(half_life, steps, seed):
    model = torch.nn.Linear(2, 1)
    averaged, rng, seen = AveragedWeights(model), np.random.default_rng(seed), []
    for _ in range(steps):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(torch.from_numpy(rng.standard_normal(parameter.shape)))
        averaged.update(half_life)
        seen.append(flat(model).double().numpy())
    weight = 2.0 ** (-np.arange(steps)[::-1] / half_life)
    expected = (weight[:, None] * np.array(seen)).sum(0) / weight.sum()
    live = flat(model)
    with averaged.applied():
        np.testing.assert_allclose(flat(model), expected, atol=1e-5)
    assert torch.equal(flat(model), live)


def test_the_averaged_weights_are_validated_and_kept_and_the_others_go_on_learning():
    plain, smooth = trained(PLAN)[0], trained(replace(PLAN, ema=0.5))[0]
    assert torch.equal(smooth.validated[-1], flat(smooth.model))
    assert not torch.allclose(flat(plain.model), flat(smooth.model), atol=1e-3)
    short = trained(replace(PLAN, ema=1e-6))[0]  # as good as no memory: the training itself is not touched
    assert torch.equal(flat(short.model), flat(plain.model))


def test_gradients_are_cut_to_a_length():
    start = flat(Fit().model)
    moved = (flat(trained(replace(PLAN, epochs=1, clip_norm=1e-3), batches=1)[0].model) - start).norm()
    # Nesterov's first step is 1.9 times the gradient.
    assert moved.item() == pytest.approx(PLAN.learning_rate * 1.9 * 1e-3, rel=1e-2)
    far = trained(replace(PLAN, epochs=1, clip_norm=1e9), batches=1)[0]
    assert torch.equal(flat(far.model), flat(trained(replace(PLAN, epochs=1), batches=1)[0].model))


def test_several_batches_make_one_step_with_their_mean_gradient_and_what_is_left_over_one_more():
    task, report = trained(replace(PLAN, epochs=1, accumulate=3), batches=4)
    plain, total = Fit(), 0.0
    optimizer = make_optimizer("sgd", plain.model.parameters(), PLAN.learning_rate)
    batches = plain.batches(RunContext().rng("fit/epoch/0"))[:4]
    for step in (batches[:3], batches[3:]):
        losses = [plain.loss(batch) for batch in step]
        total += float(sum(losses).detach())
        optimizer.zero_grad()
        (sum(losses) / len(step)).backward()
        optimizer.step()
    torch.testing.assert_close(flat(task.model), flat(plain.model))
    assert report.losses[0] == pytest.approx(total / 4)


def test_only_matrices_decay():
    model = Fit().model
    groups = parameter_groups(model, 0.1)
    decayed = {id(p) for group in groups if group["weight_decay"] for p in group["params"]}
    assert decayed == {id(model[2].weight)}
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    assert len(parameter_groups(model, 0.0)) == 1


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_a_fused_step_is_one_operator_after_the_other(name):
    ends = []
    for plain in (False, True):
        model = Fit().model
        optimizer = make_optimizer(name, parameter_groups(model, 0.1), PLAN.learning_rate)
        if plain:
            for group in optimizer.param_groups:
                group |= {"fused": False, "foreach": False}
        gradients = torch.Generator().manual_seed(0)
        for _ in range(5):
            for parameter in model.parameters():
                parameter.grad = torch.randn(parameter.shape, generator=gradients)
            optimizer.step()
        ends.append(flat(model))
    assert not torch.equal(ends[0], flat(Fit().model))
    torch.testing.assert_close(*ends, atol=1e-6, rtol=1e-5)


def test_a_checkpoint_of_another_model_is_refused_with_what_differs(tmp_path):
    path = tmp_path / "fit.safetensors"
    task = Fit()
    task.validate = lambda: (_ for _ in ()).throw(KeyboardInterrupt) if len(seen) else seen.append(1)
    seen = []
    with pytest.raises(KeyboardInterrupt):
        fit(task, PLAN, RunContext(), "fit", path)
    other = Fit()
    other.model = torch.nn.Sequential(torch.nn.Embedding(9, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 1))
    with pytest.raises(ArtifactError, match=r"another model \(0.weight is \[7, 4\], not \[9, 4\]\); delete it"):
        fit(other, PLAN, RunContext(), "fit", path)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried"),
        MemoryError(),
    ],
)
def test_out_of_memory_names_what_to_lower(error):
    task = Fit()
    task.loss = lambda _: (_ for _ in ()).throw(error)
    plan = replace(PLAN, memory_keys=("batch_tokens = 3200", "negatives = 1024"))
    lower = "lower batch_tokens = 3200 or negatives = 1024$"
    with pytest.raises(ConfigError, match=r"fit: .* has too little memory .*; " + lower):
        fit(task, plan, RunContext(), "fit")


def test_a_real_allocation_that_fails_is_recognised_and_other_errors_stay():
    with pytest.raises(ConfigError, match="lower the sizes of its batches"), memory_named("fit", ()):
        torch.empty(2**60)
    with pytest.raises(RuntimeError, match="shapes cannot"), memory_named("fit", ()):
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_autocast_keeps_weights_and_gradients_in_float32():
    task = Fit()
    products = []
    task.model[2].register_forward_hook(lambda _, __, out: products.append(out.dtype))
    fit(task, replace(PLAN, autocast=True), RunContext(), "fit")
    assert set(products) == {torch.bfloat16}
    assert {parameter.dtype for parameter in task.model.parameters()} == {torch.float32}
    torch.testing.assert_close(flat(task.model), flat(trained(PLAN)[0].model), atol=0.2, rtol=0.2)


def test_without_a_compiler_one_warning_says_so_and_training_goes_on(monkeypatch):
    def missing(*_, **__):
        raise RuntimeError("\n  Failed to find C++ compiler. Please specify via CXX environment variable.\n")

    monkeypatch.setattr(torch, "compile", missing)
    with pytest.warns(RuntimeWarning) as caught:
        task, _ = trained(replace(PLAN, compile=True))
    (one,) = caught
    assert "compile = true has no effect" in str(one.message)
    assert "(Failed to find C++ compiler. Please specify via CXX" in str(one.message)
    assert torch.equal(flat(task.model), flat(trained(PLAN)[0].model))


def test_compiled_only_within_the_block(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **_: lambda *inputs: calls.append(1) or function(*inputs))
    model, calls = torch.nn.Linear(1, 1), []
    with compiled(model):
        calls.clear()
        model(torch.ones(1, 1))
        assert len(calls) == 1
    model(torch.ones(1, 1))
    with warnings.catch_warnings(), compiled(model, wanted=False):
        warnings.simplefilter("error")
        model(torch.ones(1, 1))
    assert len(calls) == 1


def test_arrays_come_to_the_device_as_they_are():
    for values in (np.arange(3), np.ones((2, 2), np.float32)):
        moved = to_device(values, torch.device("cpu"))
        assert moved.dtype == torch.from_numpy(values).dtype
        np.testing.assert_array_equal(moved.numpy(), values)
    assert to_device(np.arange(3), "meta").device.type == "meta"
