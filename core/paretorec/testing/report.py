"""What a component's contract found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["passed", "failed", "expected", "skipped"]


@dataclass(frozen=True)
class Result:
    """One check of one component."""

    id: str
    outcome: Outcome
    """``expected``: it failed, as `expected_failures` says. An expected failure that passes is ``failed``."""
    message: str = ""
    """What was found, or why it was skipped."""
    fix: str = ""
    """What to do about a failure."""
    cause: BaseException | None = None


@dataclass(frozen=True)
class Report:
    """All checks of one component."""

    kind: str
    name: str
    distribution: str
    version: str
    results: tuple[Result, ...]

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        """The results with this outcome."""
        return tuple(result for result in self.results if result.outcome == outcome)

    @property
    def run(self) -> int:
        """Checks that said something about the component: all but those skipped."""
        return len(self.results) - len(self.of("skipped"))

    @property
    def expected(self) -> int:
        """Checks that failed as expected."""
        return len(self.of("expected"))

    @property
    def failed(self) -> int:
        """Checks that failed, or passed against expectation."""
        return len(self.of("failed"))

    @property
    def ok(self) -> bool:
        """Whether at least one check ran and none failed."""
        return self.run > 0 and not self.failed

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} of {self.distribution} {self.version}".rstrip()

    def faults(self) -> tuple[str, ...]:
        """One line for each failed check: the component, the check, what was found, what to do."""
        if not self.run:
            return (f"{self}: no check was run: {self.results[0].message if self.results else 'there is none'}",)
        return tuple(f"{self}: {result.id}: {result.message}: {result.fix}" for result in self.of("failed"))

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "kind": self.kind,
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "ok": self.ok,
            "run": self.run,
            "expected": self.expected,
            "failed": self.failed,
            "skipped": len(self.of("skipped")),
            "checks": [
                {"id": result.id, "outcome": result.outcome, "message": result.message, "fix": result.fix}
                for result in self.results
            ],
        }
