"""`estimate`: the value of a policy that was not running, from the log of one that was; or why it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from paretorec.errors import ConfigError, NoAnswer
from paretorec.judge.clusters import Clusters
from paretorec.offpolicy.gates import Gate, Limits, gates
from paretorec.offpolicy.logs import read_log
from paretorec.offpolicy.rewards import cross_fitted
from paretorec.offpolicy.values import (
    Value,
    direct,
    doubly_robust,
    doubly_robust_change,
    on_policy,
    snips,
    weights,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimate:
    """Mean rewards of a list, and whether they are worth anything."""

    estimator: str
    """The one that answers; its difference's width is among the gates."""
    logging: Value
    """The logging policy: what was observed."""
    values: Mapping[str, Value]
    """Estimator -> the target policy."""
    changes: Mapping[str, Value]
    """Estimator -> target minus logging policy, paired."""
    gates: tuple[Gate, ...]
    requests: int
    users: int
    confidence: float

    @property
    def value(self) -> Value:
        """The target policy, by the estimator that answers."""
        return self.values[self.estimator]

    @property
    def change(self) -> Value:
        """Target minus logging policy, paired, by the estimator that answers."""
        return self.changes[self.estimator]

    @property
    def estimable(self) -> bool:
        return all(gate.passed for gate in self.gates)

    @property
    def why(self) -> str:
        """One sentence: the first gate that fails, with its figure; or the answer."""
        for gate in self.gates:
            if not gate.passed:
                return f"not estimable: {gate.sentence}"
        change, sure = self.change, f"{self.confidence:.0%} sure"
        return (
            f"the target policy earns {self.value.value:.4g} a list where the logging policy earns "
            f"{self.logging.value:.4g}, a difference of {change.value:+.3g} ({change.low:+.3g} to {change.high:+.3g}, "
            f"{sure}), by {self.requests:,} requests of {self.users:,} users"
        )

    def required(self) -> Estimate:
        """Itself. Raises `NoAnswer` with `why` when it is not estimable."""
        if not self.estimable:
            raise NoAnswer(self.why)
        return self

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "estimable": self.estimable,
            "why": self.why,
            "estimator": self.estimator,
            "confidence": self.confidence,
            "requests": self.requests,
            "users": self.users,
            "logging": self.logging.to_json(),
            "values": {name: value.to_json() for name, value in self.values.items()},
            "changes": {name: value.to_json() for name, value in self.changes.items()},
            "gates": [gate.to_json() for gate in self.gates],
        }


def estimate(
    log: pd.DataFrame,
    *,
    actions: pd.DataFrame | None = None,
    columns: Mapping[str, str] | None = None,
    features: Sequence[str] = (),
    lists: Literal["item-position", "cascade"] = "item-position",
    estimator: Literal["dr", "snips"] = "dr",
    limits: Limits | None = None,
    confidence: float = 0.95,
    folds: int = 5,
    seed: int = 0,
) -> Estimate:
    """What a target policy would have earned a list, from the log of another policy that drew at random.

    Parameters
    ----------
    log
        One row per item shown: ``user_id``, ``request`` (one moment of one user; missing: each row is one),
        ``position`` (missing: lists of one item), ``item_id`` (needed with `actions`), ``reward`` (a click, an
        amount), ``propensity`` (the logging policy's probability of the item there) and ``target`` (the target
        policy's; not needed with `actions`).
    actions
        Everything that the target policy may show: ``request``, ``position`` (if the log has it), ``item_id`` and
        ``target``, which adds up to 1 over each request and position. Lets the reward model tell items apart, and adds
        the direct method for comparison. With ``propensity`` in it, the logging policy's of the same items, the
        doubly robust difference is that of two doubly robust values, which narrows its interval.
    columns
        Role (``user``, ``request``, ``position``, ``item``, ``reward``, ``propensity``, ``target``) -> column, where
        names differ from those above.
    features
        Columns that the reward model may use: of the request (a segment, the hour), known before anything was shown;
        with `actions`, also of the item, if both tables have them. Never a score of the policy that is judged.
    lists
        What the probabilities are, and what rewards depend on. ``item-position``: of the item at its position, for
        rewards that do not depend on the other items (for Plackett-Luce policies: `position_probabilities`).
        ``cascade``: given the items above, for rewards that do not depend on the items below (`given_above`); weights
        multiply down the list, so intervals are wider.
    estimator
        What answers: ``dr``, doubly robust with a reward model fitted on other users, or ``snips``, self-normalised
        importance sampling. All are reported.
    limits
        What the gates ask for.
    confidence
        Of each interval by itself.

    Returns
    -------
    The estimates and the gates. Intervals are normal, by linearisation, with users as clusters; differences against
    the logging policy are paired on the log (Jeunen & Ustimenko, "Delta-OPE", RecSys 2024).

    Raises
    ------
    DataError
        A missing column, an id or number missing, a propensity that is 0 or no probability, a request of two users, a
        place in a list given twice, actions that do not add up to 1.
    ConfigError
        `actions` with ``lists="cascade"``, a confidence outside (0, 1), fewer than two folds.
    """
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence = {confidence}: give a number between 0 and 1, such as 0.95")
    if folds < 2:
        raise ConfigError(f"folds = {folds}: a reward model is learned from other users, so give 2 or more")
    for name, value, known in (
        ("lists", lists, ("item-position", "cascade")),
        ("estimator", estimator, ("dr", "snips")),
    ):
        if value not in known:
            raise ConfigError(f"{name} = {value!r}: choose {' or '.join(map(repr, known))}")
    if actions is not None and lists == "cascade":
        raise ConfigError("actions are probabilities of an item at a position; with lists = 'cascade' leave them out")
    coded = read_log(log, columns or {}, features, actions)
    weight = weights(coded, lists)
    predicted = cross_fitted(coded, min(folds, max(coded.users, 2)), seed)
    found = {"dr": doubly_robust(coded, weight, predicted), "snips": snips(coded, weight)}
    if actions is not None:
        found["dm"] = direct(coded, predicted)
    clusters, logging = Clusters(coded.user), on_policy(coded)
    differences = {name: parts - logging for name, parts in found.items()}
    differences["dr"] = doubly_robust_change(coded, weight, predicted)
    changes = {name: parts.with_interval(clusters, confidence) for name, parts in differences.items()}
    before = logging.with_interval(clusters, confidence)
    return Estimate(
        estimator=estimator,
        logging=before,
        values={name: parts.with_interval(clusters, confidence) for name, parts in found.items()},
        changes=changes,
        gates=gates(coded, weight, changes[estimator], before, limits or Limits()),
        requests=coded.requests,
        users=coded.users,
        confidence=confidence,
    )
