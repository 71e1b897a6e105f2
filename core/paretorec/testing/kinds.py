"""The contract class of each kind, and the reports of components in one call."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest import SkipTest

from paretorec.contracts.component import ComponentRef, ComponentSpec
from paretorec.errors import ParetoRecError
from paretorec.registry import Registry
from paretorec.registry.resolve import HOST
from paretorec.testing.contract import WORKER, Contract
from paretorec.testing.processes import all_light, rebuilt
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
    return bound(kind, spec, params, registry, expected_failures).report()


def reports_of(contracts: Sequence[type[Contract]]) -> Iterator[Report]:
    """Run contracts of components of one registry; new processes are shared by all of them, not one or two each."""
    ready: list[tuple[type[Contract], tuple[str, ComponentRef]]] = []
    modules = []
    for contract in contracts:
        one = contract()
        try:
            provenance = one.loaded.provenance
            modules += [provenance.module] * (provenance.distribution != HOST)
            one.new()
            ready.append((contract, (one.kind, one.ref)))
        except (SkipTest, ParetoRecError):
            continue  # its report says why
    all_light(modules)
    if ready:
        errors = rebuilt(ready[0][0]().source, [wanted for _, wanted in ready])
        for (contract, _), error in zip(ready, errors, strict=True):
            contract.memory[WORKER] = error
    for contract in contracts:
        yield contract.report()


def bound(
    kind: str,
    spec: str | ComponentSpec,
    params: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> type[Contract]:
    """The contract class of `kind`, for one component."""
    body = {
        "spec": spec,
        "params": dict(params or {}),
        "registry": registry,
        "expected_failures": dict(expected_failures or {}),
    }
    found: type[Contract] = type("Checked", (contract_of(kind),), body)
    return found
