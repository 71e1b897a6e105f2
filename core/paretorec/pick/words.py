"""How changes read in a sentence: a sign, few digits, percent or the objective's own unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from paretorec.front import Change
from paretorec.pick.promises import Promises


def number(value: float, relative: bool) -> str:
    """``+11.7 %``, or an absolute change with three significant digits."""
    return f"{round(value, 1) + 0.0:+.1f} %" if relative else f"{value + 0.0:+.3g}"


def size(value: float, relative: bool) -> str:
    """As `number`, of a difference between two changes: without a sign, in points."""
    return f"{round(value, 1) + 0.0:.1f} points" if relative else f"{value + 0.0:.3g}"


def looser(bound: float, relative: bool) -> str:
    """The least change to ask for so that `bound` keeps it, rounded down, as `keep` takes it."""
    if relative:
        return f"{math.floor(bound * 10) / 10:+.1f}%"
    step = float(f"1e{math.floor(math.log10(abs(bound))) - 2}") if bound else 1.0
    return f"{math.floor(bound / step) * step:+.3g}"


def listed(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for nothing."""
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def told(change: Change, promises: Promises, in_full: bool) -> str:
    """A change with its bound; the words are spelled out once."""
    text = number(change.change, change.relative)
    if not promises.front.certified:
        return text
    return f"{text} ({'at least ' if in_full else ''}{number(change.low, change.relative)})"


def all_told(changes: Mapping[str, Change], promises: Promises, but: str = "") -> str:
    """``a changes by +1.0 % (at least +0.2 %) and b changes by -0.5 % (-1.0 %)`` of all objectives but one; may be
    empty."""
    names = [name for name in changes if name != but]
    return listed(
        f"{promises.label(name)} changes by {told(changes[name], promises, name == names[0])}" for name in names
    )


def sure(promises: Promises) -> str:
    """How sure everything is at once; empty where nothing is."""
    if not promises.front.certified:
        return ""
    policies, goals = len(promises.front.points), len(promises.names)
    return f"{100 * promises.confidence:.4g} % sure for all {policies} policies and {goals} objectives at once"


def grounds(text: str, promises: Promises) -> str:
    """The sentence with what it rests on."""
    front = promises.front
    if not front.certified:
        return f"{text}, on the select requests, which the search has seen; not certified: {front.uncertified}"
    if not front.requests:
        return f"{text}, on requests that the search never saw"
    return f"{text}, on {front.requests:,} requests of {front.users:,} users that the search never saw"


def could_certify(smallest: Mapping[str, float], promises: Promises) -> str:
    """What these requests could have certified, as the end of an honest no; empty where nothing is certified."""
    if not smallest:
        return ""
    each = listed(f"{promises.label(name)} {number(x, promises.relative(name))}" for name, x in smallest.items())
    return f"; the smallest changes that these requests could certify are about {each}"
