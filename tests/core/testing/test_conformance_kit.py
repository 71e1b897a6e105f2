"""How the kit counts, what it refuses, and what pytest makes of it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import warnings
from unittest import SkipTest

import numpy as np
import pytest
import torch
from broken_deciders import WordyRule
from broken_learners import SeededEncoder
from broken_twins import twin
from sound_components import Config, Encoder, Rule
from test_conformance_sound import spec_of

from paretorec.cli import execute
from paretorec.contracts import ComponentSpec
from paretorec.errors import ConfigError
from paretorec.registry import Candidate, Registry
from paretorec.testing import Broken, Contract, EncoderContract, RuleContract, check, report_of
from paretorec.testing.globals import shaken

BROKEN = twin("encoder.other-seed", SeededEncoder).spec
WORDY = twin("rule.shapes", WordyRule).spec
WHY = "the seed is to be declared"


def test_a_failure_names_component_check_finding_and_what_to_do():
    report = report_of("rule", WORDY)
    assert (report.ok, report.failed) == (False, 1)
    (fault,) = report.faults()
    assert fault == (
        "rule 'twin' of (host): rule.shapes: mask of 32 requests is int8 [32, 12], not bool [32, 12]: return arrays of "
        "the shape and dtype that the contract names, also for one request and for none"
    )


def test_an_expected_failure_is_counted_and_is_no_fault():
    report = report_of("rule", WORDY, expected_failures={"rule.shapes": WHY})
    assert (report.ok, report.failed, report.expected) == (True, 0, 1)
    assert report.of("expected")[0].message.startswith(WHY)
    assert report.run == report.expected + len(report.of("passed"))


def test_an_expected_failure_that_passes_is_a_fault():
    report = report_of("rule", spec_of(Rule), expected_failures={"rule.shapes": WHY})
    assert report.failed == 1
    assert "rule.shapes: it passes, and was expected to fail" in report.faults()[0]


def test_an_expected_failure_of_no_check_is_refused_with_the_nearest_one():
    with pytest.raises(TypeError, match=r"no check 'encoder\.same-sed'.*'encoder\.same-seed'"):
        type("Typo", (EncoderContract,), {"expected_failures": {"encoder.same-sed": WHY}})


def test_a_report_in_which_nothing_ran_is_no_success():
    class Nothing(Contract):
        kind = "encoder"
        spec = spec_of(Encoder)

        @classmethod
        def checks(cls):
            return ()

    report = Nothing.report()
    assert (report.run, report.ok) == (0, False)
    assert "no check was run" in report.faults()[0]


def test_a_check_that_is_newer_than_the_component_says_nothing_of_it():
    class Newer(RuleContract):
        spec = spec_of(Rule)

        @check("from-the-future", "write it anew", since_api=2)
        def test_future(self):
            """Something that version 1 did not ask for."""
            raise AssertionError

    wanted = Newer.check_of("test_future")
    assert (wanted.id, wanted.claim) == ("rule.from-the-future", "Something that version 1 did not ask for.")
    result = Newer().result(wanted)
    assert (result.outcome, result.message) == ("skipped", "the component was written for version 1 of the contracts")


def test_pytest_is_told_what_a_report_says():
    class Seeded(EncoderContract):
        spec = BROKEN

    expected = type("Expected", (Seeded,), {"expected_failures": {"encoder.other-seed": WHY}})
    Seeded().test_same_seed()
    with pytest.raises(Broken, match=r"encoder\.other-seed: results depend on the seed.*declare the capability"):
        Seeded().test_other_seed()
    with pytest.raises(SkipTest, match="there is no entry point"):
        Seeded().test_light_import()
    with pytest.raises(pytest.xfail.Exception, match=WHY):
        expected().test_other_seed()


def test_what_fails_the_protocol_is_not_measured_further():
    class Nothing:
        def __init__(self, config):
            self.config = config

    report = report_of("encoder", ComponentSpec("nothing", Nothing, Config, "Nothing"))
    failed = {result.id for result in report.of("failed")}
    assert "encoder.protocol" in failed
    assert {name for name in failed if name.startswith("encoder.")} == {"encoder.protocol"}


def test_a_component_that_does_not_load_has_one_fault():
    registry = Registry([Candidate("rule", "rule", "acme", "1.0", "nowhere_to_be_found")], files=())
    report = report_of("rule", "acme/rule", registry=registry)
    assert [result.id for result in report.of("failed")] == ["package.loads"]
    assert str(report) == "rule 'rule' of acme"


def test_params_that_are_needed_are_asked_for():
    report = report_of("rule", ComponentSpec("cap", "paretorec_plugins.rules.cap:Cap", Config, "Cap"))
    assert not report.ok
    registry = Registry(files=())
    asked = report_of("source", "kuairand", registry=registry)
    assert asked.ok
    assert any(result.message.startswith("it needs params") for result in asked.of("skipped"))


def test_params_that_are_refused_are_one_fault():
    report = report_of("rule", spec_of(Rule), params={"widht": 3})
    assert [result.id for result in report.of("failed")] == ["package.builds"]
    assert "params.widht" in report.faults()[0]


def test_the_kit_imports_neither_pytest_nor_torch_nor_a_plugin():
    names = ("pytest", "torch", "paretorec_plugins")
    code = f"import sys, paretorec.testing; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def checked(capsys, *arguments):
    code = execute(["plugins", "check", *arguments])
    return code, capsys.readouterr()


def test_plugins_check_of_a_component(capsys):
    code, said = checked(capsys, "rule.cap")
    assert (code, said.out.splitlines()[-1]) == (0, "1 components, 22 checks: no faults")
    code, said = checked(capsys, "paretorec/cap", "--json")
    (component,) = json.loads(said.out)["components"]
    assert (code, component["name"], component["ok"], component["failed"]) == (0, "cap", True, 0)
    assert {"id": "rule.rows", "outcome": "passed", "message": "", "fix": ""} in component["checks"]


def test_plugins_check_ends_with_1_where_faults_are_found(capsys):
    code, said = checked(capsys, "rule.cool-down", "--expect", "rule.rows")
    assert code == 1
    assert "rule.rows: it passes, and was expected to fail: given by --expect: take it out" in said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-thing"], "there is no component 'no-such-thing'"),
        (["rule.cap", "--params", "{"], "--params is no JSON"),
        (["rule.cap", "--params", "[1]"], "--params is no JSON object"),
        (["paretorec", "--params", "{}x"], "--params is one component's configuration"),
        (["rule.cap", "--expect", "rule.row"], "there is no check 'rule.row'"),
    ],
)
def test_plugins_check_refuses_what_it_does_not_understand(capsys, arguments, message):
    code, said = checked(capsys, *arguments)
    assert code == 2
    assert message in said.err


LEAKS = {
    "the random generator of `random`": random.random,
    "the random generator of `numpy.random`": np.random.random,
    "numpy's handling of errors (numpy.seterr)": lambda: np.seterr(all="ignore"),
    "the environment variables": lambda: os.environ.update(PARETOREC_LEAK="1"),
    "the warning filters": lambda: warnings.simplefilter("ignore"),
    "sys.path": lambda: sys.path.append("nowhere"),
    "the random generator of torch": lambda: torch.rand(1),
    "torch's default dtype": lambda: torch.set_default_dtype(torch.float64),
    "torch's number of threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "torch's gradient mode": lambda: torch.set_grad_enabled(False),
}


@pytest.fixture
def restored(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PARETOREC_LEAK", "0")
    threads = torch.get_num_threads()
    with np.errstate(), warnings.catch_warnings():
        yield
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)
    torch.set_grad_enabled(True)


@pytest.mark.parametrize("what", LEAKS)
@pytest.mark.usefixtures("restored")
def test_what_a_process_shares_is_watched(what):
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    changed = []
    with shaken(changed):
        LEAKS[what]()
    assert changed == [what]
    with shaken(changed):
        pass
    assert changed == [what]
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())


def test_a_contract_without_a_spec_says_so():
    with pytest.raises(ConfigError, match="Empty has no `spec`"):
        type("Empty", (EncoderContract,), {}).report()
