"""Whose fault it is when foreign code raises while it works: read from the traceback, so that nothing is wrapped.

A component's methods are called in hot loops; asking who raised costs nothing until somebody did.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, TypeVar, cast

from paretorec.errors import ComponentFailed, ParetoRecError

F = TypeVar("F", bound=Callable[..., Any])


class Origins:
    """Remembers what every living component is called in errors. Components are told apart by identity."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], str]] = {}

    def remember(self, component: Any, origin: str) -> None:
        """`origin`: kind, name, distribution, version and module. What cannot be referred to weakly is left out."""
        key = id(component)
        try:
            reference = weakref.ref(component, lambda _: self._known.pop(key, None))
        except TypeError:
            return
        self._known[key] = (reference, origin)

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """What a component raises here and did not mean for people becomes a `ComponentFailed` that names it."""
        try:
            yield
        except ParetoRecError:
            raise
        except Exception as error:
            guilty = self._incomplete(error) or self._guilty(error.__traceback__)
            if not guilty:
                raise
            reason = " ".join(str(error).split())
            raise ComponentFailed(
                f"{guilty}: {type(error).__name__}: {reason}; "
                "upgrade that distribution, tell its authors, or use another component"
            ) from error

    def _incomplete(self, error: Exception) -> str:
        """Whoever lacks what core asked it for: core's own frame raised."""
        known = self._known.get(id(error.obj)) if isinstance(error, AttributeError) else None
        return f"{known[1]} has no attribute {error.name!r}" if known and isinstance(error, AttributeError) else ""

    def _guilty(self, traceback: TracebackType | None) -> str:
        """The innermost call into a component: the outer ones waited for it."""
        found = ""
        while traceback is not None:
            frame = traceback.tb_frame
            known = self._known.get(id(_receiver(frame)))
            if known is not None:
                found = f"{known[1]} failed in {frame.f_code.co_name}"
            traceback = traceback.tb_next
        return found


def _receiver(frame: FrameType) -> Any:
    """The object whose method a frame runs. Functions of core take components as arguments and are not meant."""
    code = frame.f_code
    core = str(frame.f_globals.get("__name__", "")).split(".")[0] == "paretorec"
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount and not core else None


def blames(method: F) -> F:
    """Decorator: whatever a component of ``self.registry`` raises during this method is laid at its door."""

    @functools.wraps(method)
    def wrapper(self: Any, *arguments: Any, **named: Any) -> Any:
        with self.registry.origins.blaming():
            return method(self, *arguments, **named)

    return cast(F, wrapper)
