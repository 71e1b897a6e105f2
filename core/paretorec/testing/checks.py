"""A check: one thing that a component must keep to, with a stable id, what it claims, and what to do about it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from unittest import SkipTest

from paretorec.contracts.component import API

if TYPE_CHECKING:
    from paretorec.testing.contract import Contract


class Broken(AssertionError):
    """What a check found, in one sentence."""


@dataclass(frozen=True)
class Check:
    """A check of a contract."""

    id: str
    """Stable, such as ``encoder.same-seed``: `expected_failures` and reports name it."""
    claim: str
    """What holds for a sound component."""
    fix: str
    """What the author does when it does not hold."""
    since_api: int
    """Components written for an earlier version of the contracts are not measured by it."""
    body: Callable[[Any], None]


def check(name: str, fix: str, since_api: int = API) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a method of a contract class a check: pytest collects it, `Contract.report` runs it.

    name: ``group.name``, or only the name, which the contract's kind then completes. The docstring is the claim.
    """

    def decorate(body: Callable[[Any], None]) -> Callable[[Any], None]:
        @functools.wraps(body)
        def test(self: Contract) -> None:
            _to_pytest(self, self.check_of(test.__name__))

        claim = " ".join((body.__doc__ or "").split())
        test.made = lambda kind: Check(  # type: ignore[attr-defined]
            name if "." in name else f"{kind}.{name}", claim, fix, since_api, body
        )
        return test

    return decorate


def _to_pytest(contract: Contract, wanted: Check) -> None:
    result = contract.result(wanted)
    if result.outcome == "skipped":
        raise SkipTest(result.message)
    if result.outcome == "expected" and "pytest" in sys.modules:
        sys.modules["pytest"].xfail(result.message)
    if result.outcome == "failed":
        raise Broken(f"{wanted.id}: {result.message}: {wanted.fix}") from result.cause


def broken(message: str) -> NoReturn:
    """End the check: `message` says what was found."""
    raise Broken(message)


def skip(reason: str) -> NoReturn:
    """End the check: it says nothing about this component."""
    raise SkipTest(reason)


def require_methods(component: object, names: Iterable[str], what: str) -> None:
    """`Broken` unless each name is a method of the component."""
    absent = [name for name in names if not callable(getattr(component, name, None))]
    if absent:
        broken(f"{type(component).__qualname__} has no method {', '.join(absent)}, which {what} has")
