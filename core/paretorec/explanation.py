"""What a policy changes for people: items that gain and lose exposure, whose lists change, lists before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from paretorec.errors import ArtifactError, ConfigError

AGAIN = "run it again with this version"


@dataclass(frozen=True, slots=True)
class Shown:
    """An item in a list."""

    item: str
    """External id."""
    title: str
    """What people call it; the id where there is no text."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An item whose exposure changes."""

    item: str
    title: str
    before: int
    """Lists of the baseline that it is in."""
    after: int
    """Lists of the policy that it is in."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lists of one kind of user."""

    value: str
    lists: int
    changed: float
    """Share of the lists that hold other items."""
    entered: float
    """New items a list, on average."""


@dataclass(frozen=True, slots=True)
class Example:
    """One user's list under both policies."""

    user: str
    """``Example user 1``: people stay anonymous."""
    history: tuple[Shown, ...]
    """Latest first."""
    before: tuple[Shown, ...]
    after: tuple[Shown, ...]


@dataclass(frozen=True)
class Explanation:
    """What one policy changes against the baseline."""

    point: str
    against: str
    """Id of the baseline."""
    part: str
    """``certify``, or ``select`` where the run is uncertified: whose requests the lists are of."""
    lists: int
    length: int
    """Places of a list."""
    changed: float
    """Share of the lists that hold other items."""
    reordered: float
    """Share of the lists that hold the same items in another order."""
    entered: float
    """New items a list, on average."""
    gain: tuple[Moved, ...]
    """Items that gain most, in lists."""
    lose: tuple[Moved, ...]
    """Items that lose most."""
    groups: Mapping[str, tuple[Group, ...]]
    """What users are told apart by (events in the history, each user category) -> its values."""
    examples: tuple[Example, ...]
    """Users drawn by hash."""

    @property
    def why(self) -> str:
        """One sentence."""
        text = (
            f"policy {self.point} changes {share(self.changed)} of {self.lists:,} lists: on average "
            f"{self.entered:.1f} of {self.length} items are new against {self.against}"
        )
        if self.reordered:
            text += f", and {share(self.reordered)} hold the same items in another order"
        if self.gain:
            text += f"; {_moved(self.gain[0])} gains most"
        if self.lose:
            text += f"; {_moved(self.lose[0])} loses most"
        return text

    def to_json(self) -> dict[str, Any]:
        """JSON values: the fields, and `why`."""
        return {**asdict(self), "why": self.why}


def _moved(item: Moved) -> str:
    return f"{item.title} ({item.before:,} to {item.after:,} lists)"


def share(value: float) -> str:
    """``83 %``; only what is exact reads 0 or 100."""
    if 0 < value < 0.005:
        return "less than 1 %"
    if 0.995 <= value < 1:
        return "more than 99 %"
    return f"{100 * value:.0f} %"


def explanation(document: Mapping[str, Any], point: str) -> Explanation:
    """One policy's part of a run's ``explain.json``, whose lists name items by id and whose titles stand once.

    Raises `ConfigError` for a policy that is not of the front, `ArtifactError` for a run that explains nothing.
    """
    if not document:
        raise ArtifactError(f"this run was saved without explanations; {AGAIN}")
    found = document["points"].get(point)
    if found is None:
        known = list(document["points"])
        raise ConfigError(
            f"{point!r} is no policy of the front; there are {', '.join(known)}"
            if known
            else "the front holds no policy to explain"
        )

    titles = document["items"]

    def shown(ids: Sequence[str]) -> tuple[Shown, ...]:
        return tuple(Shown(item, titles[item]) for item in ids)

    def moved(rows: Sequence[Sequence[Any]]) -> tuple[Moved, ...]:
        return tuple(Moved(item, titles[item], before, after) for item, before, after in rows)

    return Explanation(
        point=point,
        against=document["against"],
        part=document["part"],
        lists=document["lists"],
        length=document["length"],
        changed=found["changed"],
        reordered=found["reordered"],
        entered=found["entered"],
        gain=moved(found["gain"]),
        lose=moved(found["lose"]),
        groups={name: tuple(Group(*row) for row in rows) for name, rows in found["groups"].items()},
        examples=tuple(
            Example(f"Example user {i + 1}", shown(known["history"]), shown(known["before"]), shown(after))
            for i, (known, after) in enumerate(zip(document["examples"], found["after"], strict=True))
        ),
    )
