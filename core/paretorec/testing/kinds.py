"""The contract class of each kind, and a component's report in one call."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from paretorec.contracts.component import ComponentSpec
from paretorec.registry import Registry
from paretorec.testing.contract import Contract
from paretorec.testing.report import Report


def contract_of(kind: str) -> type[Contract]:
    """The contract class of `kind`, such as `EncoderContract`."""
    found: type[Contract] = getattr(
        importlib.import_module(f"paretorec.testing.{kind}"), f"{kind.capitalize()}Contract"
    )
    return found


def report_of(
    kind: str,
    spec: str | ComponentSpec,
    params: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Report:
    """Run the contract of `kind` on one component; see `Contract` for the arguments."""
    body = {
        "spec": spec,
        "params": dict(params or {}),
        "registry": registry,
        "expected_failures": dict(expected_failures or {}),
    }
    checked: type[Contract] = type("Checked", (contract_of(kind),), body)
    return checked.report()
