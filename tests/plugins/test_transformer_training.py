"""How the Transformer is trained: bucketed batches, steps of several, averaged weights, on from earlier weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_transformer import ITEMS, SMALL, StopAfter, best, fit_data, fitted, histories_of, table, walks

from paretorec.contracts import MISSING, Category, ItemTable, RunContext, State
from paretorec.errors import ArtifactError, Interrupted
from paretorec.training import length_batches
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.task import NextItem


class Scores(StopAfter):
    """Progress that keeps the validation scores."""

    def __init__(self):
        super().__init__(None, 10**9)

    @property
    def scores(self):
        return [float(note.rsplit(" ", 1)[1]) for note in self.notes]


def losses(lists, batches, **fields):
    """(mean loss over all targets, its gradients by parameter), from these batches of rows."""
    config = TransformerConfig(**(SMALL | {"dropout": 0.0} | fields))
    model = Network(ITEMS, config, torch.Generator().manual_seed(0)).double().train()
    histories = histories_of(lists)
    task = NextItem(model, histories, np.arange(ITEMS + 1), config, torch.Generator(), lambda: None)
    targets = np.minimum(histories.length, config.length + (histories.length <= config.length + 1))
    total = sum(task.loss(batch) * targets[batch].sum() for batch in batches) / targets.sum()
    total.backward()
    return total.item(), {name: parameter.grad for name, parameter in model.named_parameters()}


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=20), min_size=1, max_size=12),
    st.integers(1, 80),
    st.integers(0, 99),
    st.sampled_from([{"positions": "learned", "block": "gelu"}, {"positions": "rotary"}, {"attention": "pointwise"}]),
)
def test_bucketed_batches_have_the_loss_and_the_gradients_of_single_histories(lists, tokens, seed, fields):
    lengths = np.minimum([len(items) for items in lists], SMALL["length"] + 1)
    bucketed = length_batches(lengths, tokens, np.random.default_rng(seed))
    single = [np.array([row]) for row in range(len(lists))]
    (together, gradients), (alone, expected) = (losses(lists, batches, **fields) for batches in (bucketed, single))
    assert together == pytest.approx(alone, rel=1e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-5, rtol=1e-4)


@given(st.integers(1, 400), st.integers(1, 40), st.integers(1, 2000))
def test_little_data_is_learned_in_small_batches(users, wished, most):
    histories = histories_of(walks(users))
    config = TransformerConfig(**(SMALL | {"batch_tokens": most, "min_batches": wished}))
    model = Network(ITEMS, config, torch.Generator().manual_seed(0))
    task = NextItem(model, histories, np.arange(ITEMS + 1), config, torch.Generator(), lambda: None)
    batches = task.batches(np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(users))
    width = np.minimum(histories.length, config.length + 1)
    padded = [len(batch) * width[batch].max() for batch in batches if len(batch) > 1]
    assert max(padded, default=0) <= min(most, max(256, width.sum() // wished))
    if width.sum() // wished >= 256:
        assert len(batches) >= wished


@pytest.mark.parametrize("changes", [{"ema": 1.0, "clip_norm": 0.5}, {"accumulate": 3, "weight_decay": 0.01}], ids=str)
def test_learns_what_comes_next_whatever_a_step_is(changes):
    encoder = fitted(fit_data(walks(150)), epochs=12, **changes)
    assert best(encoder, [[2, 3, 4], [7, 8, 9], [5, 6, 7, 8]]) == [5, 0, 9]


def after(encoder, data, items, run=None, **changes):
    """Another encoder, fitted on `data` from the weights of the first, which was fitted with `items`."""
    later = TransformerEncoder(TransformerConfig(**(SMALL | changes)))
    state = encoder.state()
    later.warm_start(State(dict(state.arrays), dict(state.meta)), items)
    later.fit(data, run or RunContext())
    return later


def test_more_days_from_old_weights_need_fewer_epochs_than_from_scratch():
    first, more = fit_data(walks(150)), fit_data(walks(200, seed=1))
    old = fitted(first, epochs=4)
    scratch, warm = Scores(), Scores()
    slow = {"learning_rate": 0.002, "warm_up": 0}
    fitted(more, RunContext(progress=scratch), epochs=8, **slow)
    after(old, more, first.items, RunContext(progress=warm), epochs=1, **slow)
    assert warm.scores[0] >= max(scratch.scores) - 0.01
    assert scratch.scores[0] < 0.9 * warm.scores[0]


def renamed(order, new=()):
    """The item table with its rows in another order, and new items before them."""
    ids = np.array([*new, *(f"i{code}" for code in order)], object)
    return ItemTable(ids=ids, first_seen=np.zeros(len(ids), np.int64))


def test_items_keep_their_vectors_under_new_codes_and_new_ones_begin_with_the_mean():
    data = fit_data(walks(60))
    old = fitted(data)
    order = np.random.default_rng(0).permutation(ITEMS)
    items = renamed(order, new=["a", "b"])
    code = {name: row for row, name in enumerate(items.ids.tolist())}
    lists = [[code[f"i{item}"] for item in items_] + [code["a"]] for items_ in walks(60)]
    still = {"learning_rate": 1e-12, "final_learning_rate": 0.0, "epochs": 1}
    new = after(old, replace(fit_data(lists, len(items), validation=False), items=items), data.items, **still)
    vectors, before = new.encode_items(items), old.encode_items(data.items)
    for name, row in code.items():
        expected = before[int(name[1:])] if name.startswith("i") else before.mean(0)
        np.testing.assert_allclose(vectors[row], expected, atol=1e-6)
    history = [1, 2, 3]
    np.testing.assert_allclose(
        new.encode_users(histories_of([[code[f"i{item}"] for item in history]])),
        old.encode_users(histories_of([history])),
        atol=1e-5,
    )


def coloured(colours):
    names = (MISSING, *sorted(set(colours)))
    codes = np.array([names.index(colour) for colour in colours], np.int32)
    plain = table(len(colours))
    return replace(plain, categories={"colour": Category(codes, names)})


def test_names_of_a_category_keep_their_vectors_where_new_ones_come_between():
    told = {"features": ("colour",), "use_ids": False}
    data = replace(fit_data(walks(60)), items=coloured(["red", "blue"] * 5))
    old = fitted(data, **told)
    still = {"learning_rate": 1e-12, "final_learning_rate": 0.0, "epochs": 1}
    more = replace(fit_data(walks(60)), items=coloured(["red", "blue"] * 4 + ["green", "blue"]))
    new = after(old, more, data.items, **told, **still)
    before, now = old.encode_items(data.items), new.encode_items(more.items)
    np.testing.assert_allclose(now[:8], before[:8], atol=1e-6)
    np.testing.assert_allclose(now[8], before[:2].mean(0), atol=1e-6)


def test_weights_of_another_shape_are_refused_with_every_field_that_differs():
    old = fitted(fit_data(walks(20)), epochs=1)
    other = TransformerEncoder(TransformerConfig(**(SMALL | {"width": 8, "layers": 1})))
    with pytest.raises(ArtifactError, match=r"with width = 16, the configuration has 8; layers = 2, .* has 1$"):
        other.warm_start(old.state(), table(ITEMS))
    state = old.state()
    arrays = dict(state.arrays) | {"norm.weight": np.ones(3, np.float32)}
    other = TransformerEncoder(TransformerConfig(**SMALL))
    other.warm_start(State(arrays, state.meta), table(ITEMS))
    with pytest.raises(ArtifactError, match=r"another shape \(norm.weight is \[3\], not \[16\]\); learn anew"):
        other.fit(fit_data(walks(20)), RunContext())


def test_a_checkpoint_of_a_fit_from_other_weights_is_not_used(tmp_path):
    data = fit_data(walks(40))
    olds = [fitted(data, RunContext(seed=seed), epochs=1) for seed in (1, 2)]
    stop = StopAfter(None, 1)
    stop.stop = RunContext().stop
    with pytest.raises(Interrupted):
        after(olds[0], data, data.items, RunContext(folder=tmp_path, stop=stop.stop, progress=stop))
    for old, resumed in ((olds[1], False), (olds[0], True)):
        progress = Scores()
        after(old, data, data.items, RunContext(folder=tmp_path, progress=progress))
        assert (progress.notes[0] == "resumed") == resumed
