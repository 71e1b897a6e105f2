"""Loading runs foreign code: whatever it does, the error names who did it, and nothing else breaks."""

from __future__ import annotations

import sys
import threading

import pytest

from paretorec.contracts import KINDS, ComponentRef
from paretorec.contracts.component import HOOKS
from paretorec.contracts.hooks import ComponentHooks
from paretorec.errors import PluginLoadError
from paretorec.registry import Registry

HEAD = """
from paretorec.contracts import ComponentConfig, ComponentSpec, hookimpl
import functools
class Config(ComponentConfig): pass
def make(config): return object()
"""


def one(spec: str, decorator: str = "@hookimpl", define: str = "def") -> str:
    return f"{HEAD}\n{decorator}\n{define} paretorec_encoders():\n    return {spec}\n"


BROKEN = {
    "import": ("import nowhere_to_be_found", "importing its module failed with ModuleNotFoundError"),
    "syntax": ("def", "importing its module failed with SyntaxError"),
    "exit": ("raise SystemExit(3)", "importing its module failed with SystemExit: 3"),
    "nothing": ("x = 1", "no @hookimpl function paretorec_encoders"),
    "unmarked": (f"{HEAD}\ndef paretorec_encoders(): return []", "no @hookimpl function paretorec_encoders"),
    "mistyped": (
        f"{HEAD}\n@hookimpl\ndef paretorec_encodrs(): return []",
        "registering its hooks failed with PluginValidationError: unknown hook 'paretorec_encodrs'",
    ),
    "argument": (
        f"{HEAD}\n@hookimpl\ndef paretorec_encoders(config): return []",
        "registering its hooks failed with PluginValidationError",
    ),
    "coroutine": (one("[]", define="async def"), "paretorec_encoders is a coroutine function"),
    "wrapper": (f"{HEAD}\n@hookimpl(wrapper=True)\ndef paretorec_encoders(): return (yield)", "is a hook wrapper"),
    "raises": (one("1 / 0"), "calling its hook paretorec_encoders failed with ZeroDivisionError"),
    "late": (
        f"{HEAD}\n@hookimpl\ndef paretorec_encoders():\n    yield from [1 / 0]",
        "calling its hook paretorec_encoders failed with ZeroDivisionError",
    ),
    "none": (one("None"), "calling its hook paretorec_encoders failed with TypeError"),
    "stranger": (one("['rnn']"), "'rnn', which is no ComponentSpec"),
    "other-name": (one("[ComponentSpec('lstm', make, Config, '')]"), "offers only 'lstm'"),
    "twice": (one("[ComponentSpec('rnn', make, Config, '')] * 2"), "offers a name twice"),
    "newer": (one("[ComponentSpec('rnn', make, Config, '', api=99)]"), "upgrade paretorec"),
    "older": (one("[ComponentSpec('rnn', make, Config, '', api=0)]"), "upgrade bad-older"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_named_and_leaves_nothing_behind(site, case):
    source, says = BROKEN[case]
    module = f"bad_{case.replace('-', '_')}"
    site.plugin(module, source)
    site.plugin("good_plugin", name="good", source=one("[ComponentSpec('good', make, Config, '')]"))
    registry = site.registry()

    for _ in range(2):  # a second attempt must not meet the remains of the first
        with pytest.raises(PluginLoadError) as caught:
            registry.resolve("encoder", "rnn")
        message = str(caught.value)
        assert says in message
        assert "encoder 'rnn'" in message
        assert f"bad-{case} 1.0 ({module})" in message
        assert "\n" not in message
    assert registry.resolve("encoder", "good").spec.name == "good"


def test_the_cause_is_chained(site):
    site.plugin("bad_cause", "import nowhere_to_be_found")
    with pytest.raises(PluginLoadError) as caught:
        site.registry().resolve("encoder", "rnn")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("factory", "config", "says"),
    [
        ("'nowhere_at_all:make'", "Config", "importing its factory 'nowhere_at_all:make' failed"),
        ("make", "'bad_reference:Missing'", "importing its config 'bad_reference:Missing' failed with AttributeError"),
        ("'make'", "Config", "its factory 'make' is not 'package.module:attribute'"),
        ("make", "int", "is not a subclass of ComponentConfig"),
        ("lambda config: 1 / 0", "Config", "making it failed with ZeroDivisionError"),
        ("3", "Config", "making it failed with TypeError"),
    ],
)
def test_what_a_spec_refers_to_is_checked_when_it_is_used(site, factory, config, says):
    site.plugin("bad_reference", one(f"[ComponentSpec('rnn', {factory}, {config}, '')]"))
    registry = site.registry()
    registry.resolve("encoder", "rnn")
    with pytest.raises(PluginLoadError) as caught:
        registry.build("encoder", ComponentRef(use="rnn"))
    assert says in str(caught.value)
    assert "encoder 'rnn' of bad-reference 1.0 (bad_reference)" in str(caught.value)


def test_one_module_may_offer_several_kinds_and_several_plugins_one_kind(site):
    both = one("[ComponentSpec('rnn', make, Config, '')]") + (
        "@hookimpl\ndef paretorec_rankers():\n    return [ComponentSpec('deep', make, Config, '')]\n"
    )
    site.module("both_kinds", both)
    site.install("both", {"encoder": {"rnn": "both_kinds"}, "ranker": {"deep": "both_kinds"}})
    site.install("again", {"encoder": {"rnn": "both_kinds"}})
    registry = site.registry()
    assert registry.resolve("ranker", "deep").spec.name == "deep"
    assert registry.resolve("encoder", "both/rnn").provenance.distribution == "both"
    assert registry.resolve("encoder", "again/rnn").provenance.distribution == "again"


def test_a_generator_hook_is_a_list_too(site):
    site.plugin(
        "lazy_plugin", f"{HEAD}\n@hookimpl\ndef paretorec_encoders():\n    yield ComponentSpec('rnn', make, Config, '')"
    )
    assert site.registry().resolve("encoder", "rnn").spec.name == "rnn"


def test_registries_share_nothing_and_load_once_each(site):
    counting = one("calls.append(1) or [ComponentSpec('rnn', make, Config, '')]").replace(
        "import functools", "calls = []"
    )
    site.plugin("counting_plugin", counting)
    first, second = site.registry(), site.registry()
    threads = [threading.Thread(target=first.resolve, args=("encoder", "rnn")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls = sys.modules["counting_plugin"].calls
    assert len(calls) == 1
    second.resolve("encoder", "rnn")
    assert len(calls) == 2


def test_there_is_a_hook_for_every_kind():
    hooks = {name for name in vars(ComponentHooks) if name.startswith("paretorec_")}
    assert hooks == {HOOKS[kind] for kind in KINDS}
    assert all(vars(ComponentHooks)[name].__doc__ for name in hooks)


def test_a_module_that_is_no_name_is_the_plugins_fault(site):
    site.install("acme", {"encoder": {"rnn": "acme.mod:attr"}})
    with pytest.raises(PluginLoadError, match="importing its module failed"):
        Registry(site.candidates(), files=()).resolve("encoder", "rnn")
