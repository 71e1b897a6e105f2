"""Serving: an immutable recommender that any number of threads may ask. External ids in, external ids out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from paretorec.asking import RequestShape
from paretorec.bundle import Bundle, SignalPlan, shape_of
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.histories import Histories
from paretorec.contracts.policy import PolicyKind
from paretorec.contracts.run import Array
from paretorec.data.columns import as_id
from paretorec.data.hashing import hash_ids
from paretorec.data.histories import HistoryIndex
from paretorec.errors import ArtifactError, ConfigError, DataError
from paretorec.explore import explored
from paretorec.judge import ranked
from paretorec.policyfile import PolicyFile
from paretorec.registry import Registry
from paretorec.registry.blame import blames
from paretorec.registry.explain import explain
from paretorec.scores import candidate_scores

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


class Listed(NamedTuple):
    """Lists in codes."""

    items: Array
    """int32 [B, k], -1 = none."""
    scores: Array
    """float64 [B, k]."""
    propensity: Array | None
    """float64 [B, k]; None: nothing is left to chance."""


@dataclass(frozen=True)
class Recommender:
    """A policy over a bundle, with the histories and items of its users.

    ``basis`` in the answers is ``history`` where the user's own history was used, else ``no history``.
    """

    bundle: Bundle
    bundle_id: str
    history: HistoryIndex
    user_codes: Mapping[str, int]
    item_codes: Mapping[str, int]
    shape: RequestShape
    end: int
    """Milliseconds: the moment right after the data's last event; the default `at`."""
    policy: PolicyFile
    kind: PolicyKind
    """Of `policy`; with the configuration that the policy file has."""
    rules: tuple[Any, ...]
    registry: Registry

    @classmethod
    def load(cls, folder: str | Path, *, policy: Any = None, registry: Registry | None = None) -> Recommender:
        """A recommender from a saved run; checks checksums, schema, bundle and plugin versions first."""
        from paretorec.engine import Engine

        engine = Engine.load(folder, registry=registry)
        saved = Path(folder) / "policy.json"
        if policy is None and not saved.is_file():
            raise ArtifactError(
                f"{folder} has no picked policy; give one: Recommender.load({str(folder)!r}, policy=...) "
                "or `paretorec pick RUN --save policy.json`"
            )
        return engine.serve(saved if policy is None else policy)

    def with_policy(self, policy: Any) -> Recommender:
        """The same recommender under another policy (a file, mapping, point or pick). Nothing is fitted."""
        chosen = PolicyFile.load(getattr(policy, "policy", policy))
        if chosen.bundle != self.bundle_id:
            raise ArtifactError(
                f"the policy belongs to bundle {chosen.bundle}, this recommender has {self.bundle_id}; "
                "pick a policy of this run"
            )
        built = self.registry.build("policy", ComponentRef(use=chosen.kind, params=chosen.config), "policy")
        return replace(self, policy=chosen, kind=built.component)

    @blames
    def recommend(
        self,
        users: Sequence[Any] | None = None,
        histories: Mapping[Any, Sequence[Any]] | None = None,
        k: int = 10,
        *,
        at: int | str | dt.datetime | None = None,
        context: Mapping[str, Any] | None = None,
        candidates: Sequence[Sequence[Any]] | None = None,
        rules: Sequence[Any] | None = None,
        policy: Any = None,
        seed: int = 0,
    ) -> pd.DataFrame:
        """The best `k` items for each user: columns user_id, item_id, rank, score, basis.

        A policy that explores adds the column ``propensity``: the probability of the item at its place given those
        listed before it, exactly (`paretorec.explore`). The draw depends on `seed`, the user and `at` alone.

        users: known ids; an unknown one gets a history-free list. histories: name -> item ids, oldest first, for
        people whom the data does not hold. at: the moment (default: the end of the data). rules: instead of the
        run's own, as a configuration has them, ``{"use": "block", "params": {...}}``, or built components.
        context: request column -> one value, or one for each user; what is not given is unknown. candidates: for each
        user the items to be re-ranked, in runs with ``candidates.mode = "logged"``; without, all items are ranked.
        An empty list after rules gives no rows for that user.
        """
        import pandas as pd

        if policy is not None:
            return self.with_policy(policy).recommend(
                users, histories, k, at=at, context=context, candidates=candidates, rules=rules, seed=seed
            )
        if (users is None) == (histories is None):
            raise ConfigError("give either users=[...] or histories={name: [item ids]}")
        if not isinstance(k, int | np.integer) or not 1 <= k <= len(self.bundle.items):
            raise ConfigError(
                f"k = {k!r}: the catalogue has {len(self.bundle.items)} items; choose a whole number between 1 and that"
            )
        if not isinstance(seed, int | np.integer) or seed < 0:
            raise ConfigError(f"seed = {seed!r}; give a whole number from 0 on")
        now = self.end if at is None else milliseconds(at)
        if histories is None:
            names = ids(users, "users")
            codes = np.array([self.user_codes.get(name, -1) for name in names], np.int32)
            asked = self.history.at(codes, np.full(len(codes), now, np.int64))
        else:
            if not isinstance(histories, Mapping):
                raise ConfigError("histories must be a mapping, such as {'guest': ['item-1', 'item-2']}")
            names = [str(name) for name in histories]
            items_of = [ids(items, f"histories[{name!r}]") for name, items in histories.items()]
            asked = self.history.external([self._codes(items) for items in items_of], now)
        asked = replace(asked, context=self.shape.contexts(context, len(asked)))
        hashed = hash_ids(np.array(names, object), 0) if self.policy.explore else ()
        keys = [(int(seed), int(user), now % 2**64) for user in hashed]
        items, scores, propensity = self._listed(asked, k, rules, self._candidates(candidates, len(asked)), keys)
        real = items >= 0
        row, column = np.nonzero(real)
        known = asked.length > 0
        columns = {
            "user_id": np.array(names, object)[row] if names else np.zeros(0, object),
            "item_id": self.bundle.items.ids[items[real]],
            "rank": column + 1,
            "score": scores[real],
            "basis": np.where(known[row], "history", "no history") if len(row) else np.zeros(0, object),
        }
        if propensity is not None:
            columns["propensity"] = propensity[real]
        return pd.DataFrame(columns)

    @blames
    def rank(
        self, asked: Histories, k: int, rules: Sequence[Any] | None = None, logged: Array | None = None
    ) -> tuple[Array, Array]:
        """(item codes int32 [B, k], -1 padded; scores float64 [B, k]): lists without exploration, in codes."""
        listed = self._listed(asked, k, rules, logged, None)
        return listed.items, listed.scores

    def _listed(
        self,
        asked: Histories,
        k: int,
        rules: Sequence[Any] | None,
        logged: Array | None,
        keys: Sequence[Sequence[int]] | None,
    ) -> Listed:
        """keys: what seeds an exploring policy's draws, one for each request; None: without exploration."""
        active = self.rules if rules is None else self._built(rules)
        plan = SignalPlan(self.policy.signals, self.policy.normalisers)
        batch = self.bundle.signals(asked, plan, active, logged)
        theta, shape = self.policy.theta(self.kind.space(self.policy.signals)), shape_of(active, self.bundle)
        propensity = None
        if self.policy.explore is None or keys is None:
            places = ranked(batch, self.kind, theta[None], k, shape)[0]
        else:
            places, propensity = explored(batch, self.kind, theta, k, self.policy.explore, keys, shape)
        at = np.arange(len(batch))[:, None], np.maximum(places, 0)
        scores = candidate_scores(self.kind, theta, batch.values[at], batch.histories)
        if scores is None:  # a kind that only ranks
            scores = np.broadcast_to(1.0 / (1 + np.arange(k)), places.shape)
        return Listed(np.where(places >= 0, batch.items[at], -1), np.where(places >= 0, scores, 0.0), propensity)

    def _built(self, rules: Sequence[Any]) -> tuple[Any, ...]:
        """Rule components. Raises `ConfigError` for what is none, rather than show what should be hidden."""
        if isinstance(rules, str | Mapping) or not isinstance(rules, Iterable):
            raise ConfigError(f"rules is {type(rules).__name__}; give a list, such as [{{'use': 'available', ...}}]")
        out = []
        for place, rule in enumerate(rules):
            if isinstance(rule, Mapping | ComponentRef):
                built = self.registry.build("rule", parse_ref(rule, f"rules[{place}]"), f"rules[{place}]")
                out.append(built.component)
            elif hasattr(rule, "mask") or hasattr(rule, "shape"):
                out.append(rule)
            else:
                raise ConfigError(
                    f"rules[{place}] is {rule!r}, which is no rule; give {{'use': NAME, 'params': {{...}}}} or a "
                    "component with `mask` or `shape`"
                )
        return tuple(out)

    def _candidates(self, given: Sequence[Sequence[Any]] | None, count: int) -> Array | None:
        if given is None:
            return None
        if self.bundle.candidates.mode != "logged":
            raise ConfigError(
                'candidates are for runs with candidates.mode = "logged"; this one chooses its own, so give '
                "rules=[{'use': 'allow', 'params': {'items': [...]}}] instead"
            )
        named = [ids(items, f"candidates[{place}]") for place, items in enumerate(given)]
        return self.shape.lists(named, self.item_codes, count)

    def _codes(self, items: Sequence[str]) -> Array:
        codes = [self.item_codes.get(item, -1) for item in items]
        return np.array([code for code in codes if code >= 0], np.int32)


def ids(values: Any, what: str) -> list[str]:
    """External ids as the data's own were read: 12 and 12.0 are ``"12"``. Raises `ConfigError` naming `what`."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ConfigError(f"{what} is {type(values).__name__}; give a list of ids, such as ['a', 'b']")
    out = [as_id(value) for value in values]
    if None in out:
        raise ConfigError(f"{what}: the id at place {out.index(None) + 1} is missing; leave it out")
    return [name for name in out if name is not None]


def parse_ref(value: Mapping[str, Any] | ComponentRef, where: str) -> ComponentRef:
    """A component as a configuration names it. Raises `ConfigError` naming `where`."""
    if isinstance(value, ComponentRef):
        return value
    try:
        return ComponentRef.model_validate(value)
    except ValidationError as error:
        raise ConfigError(explain(error, ComponentRef, value, where)) from error


def milliseconds(at: Any) -> int:
    """A moment as milliseconds since 1970: a datetime, a text such as ``2017-12-31``, or milliseconds."""
    import pandas as pd

    if isinstance(at, int | np.integer) and not isinstance(at, bool):
        return int(at)
    try:
        stamp = pd.Timestamp(at)
    except (TypeError, ValueError) as error:
        raise DataError(f"at = {at!r} is not a time; give a datetime or a text such as '2017-12-31'") from error
    if pd.isna(stamp):
        raise DataError(f"at = {at!r} is not a time; give a datetime or a text such as '2017-12-31'")
    return int((stamp.tz_convert(None) if stamp.tzinfo else stamp).timestamp() * 1000)
