"""How numbers, dates and durations read in the report."""

from __future__ import annotations

import datetime as dt
import math
import re

MINUS = "\u2212"
THIN = "\u202f"
"""Narrow no-break space: between a number and its percent sign, and between thousands."""


def value(number: float | None) -> str:
    """A metric's own value with about three significant digits: ``0.431``, ``10.2``, ``1,204``."""
    if number is None or not math.isfinite(number):
        return "\u2013"
    size = abs(number)
    if size >= 1000:
        shown = f"{number:,.0f}"
    elif size >= 100:
        shown = f"{number:.1f}"
    elif size >= 10:
        shown = f"{number:.2f}"
    elif size >= 0.001 or size == 0:
        shown = f"{number:.3f}"
    else:
        shown = f"{number:.2e}"
    return shown.replace("-", MINUS)


def signed(number: float | None, relative: bool) -> str:
    """A change: ``+8.9 %`` where relative, ``+0.012`` where absolute."""
    if number is None or not math.isfinite(number):
        return "\u2013"
    size = abs(number)
    if relative:
        digits = f"{size:,.0f}" if size >= 100 else f"{size:.1f}" if size >= 0.05 or size < 0.005 else f"{size:.2f}"
        suffix = f"{THIN}%"
    else:
        digits, suffix = value(size), ""
    if not float(digits.replace(",", "").replace(MINUS, "-")):
        return f"0{digits[1:]}{suffix}"
    return f"{'+' if number > 0 else MINUS}{digits}{suffix}"


def percent(share: float | None) -> str:
    """A share of one as a percentage: 0.954 -> ``95.4 %``; only what is exact reads 0 or 100."""
    if share is None or not math.isfinite(share):
        return "\u2013"
    if 0.9995 <= share < 1:
        return f"> 99.9{THIN}%"
    if 0 < share < 0.0005:
        return f"< 0.1{THIN}%"
    return f"{share * 100:.1f}".removesuffix(".0") + f"{THIN}%"


def count(number: float) -> str:
    """A whole number with thousands marked."""
    return f"{number:,.0f}"


def plain(number: float) -> str:
    """A round number, as on an axis: ``2.5``, ``1,000``, ``2e-07``."""
    if 0 < abs(number) < 1e-4:
        return f"{number:.3g}".replace("-", MINUS)
    return f"{number:,.6f}".rstrip("0").rstrip(".").replace("-", MINUS)


def capital(sentence: str) -> str:
    """With a capital first letter."""
    return sentence[:1].upper() + sentence[1:]


def typeset(sentence: str) -> str:
    """A sentence for a page: capital, full stop, minus signs, no line break between a number and its percent sign."""
    ended = sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
    return re.sub(r"(\d) ?%", rf"\1{THIN}%", re.sub(r"(?<![\w-])-(?=\d)", MINUS, capital(ended)))


def counted(number: float, noun: str, plural: str = "") -> str:
    """``1 row``, ``2 rows``."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """``0.4 s``, ``48 s``, ``3 min 20 s``, ``1 h 05 min``."""
    if seconds < 0.05:
        return "< 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def is_moment(number: float) -> bool:
    """Whether a number reads as milliseconds since 1970 (1979 to 2096): no dataset here has counts as large."""
    return 3e11 <= number < 4e12


def date(milliseconds: float) -> str:
    """Milliseconds since 1970 as a UTC date, with the time where it is not midnight."""
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    midnight = moment.time() == dt.time()
    return moment.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M")
