"""Numbers, dates and escaping as people read them."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.report import numbers
from paretorec.report.layout import scalar, tree
from paretorec.report.markup import Markup, tag, text


class _Read(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.data = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.data += data


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@settings(deadline=None)
@given(TEXT, TEXT)
def test_text_and_attributes_read_back_as_they_were(child: str, value: str) -> None:
    read = _Read(tag("p", child, title=value))
    assert read.seen == ["p"]
    assert read.data == child
    assert read.attributes == [("title", value)]


def test_markup_is_kept_and_nothing_is_nothing() -> None:
    assert text([Markup("<b>a</b>"), None, "<"]) == "<b>a</b>&lt;"
    assert tag("option", "x", class_="a", data_id="p01", hidden=True, selected=False) == (
        '<option class="a" data-id="p01" hidden>x</option>'
    )


@pytest.mark.parametrize(
    ("change", "relative", "said"),
    [
        (8.94, True, "+8.9\u202f%"), (-0.004, True, "0.0\u202f%"), (0.013, True, "+0.01\u202f%"),
        (-12.3, True, "\u221212.3\u202f%"),
        (-0.0008, False, "\u22128.00e\u221204"),
        (0.0123, False, "+0.012"), (0.0, False, "0.000"), (123.4, True, "+123\u202f%"), (float("nan"), True, "\u2013"),
    ],
)  # fmt: skip
def test_changes_have_a_sign_and_a_unit(change: float, relative: bool, said: str) -> None:
    assert numbers.signed(change, relative) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0.31415, "0.314"),
        (9.914, "9.914"),
        (10.51, "10.51"),
        (104.26, "104.3"),
        (12345.6, "12,346"),
        (-2.0, "\u22122.000"),
    ],
)
def test_values_have_about_three_digits(number: float, said: str) -> None:
    assert numbers.value(number) == said


def test_a_sentence_is_set_as_in_print() -> None:
    said = numbers.typeset("sales (replay) +8.9 % (at least -1.5%), item-knn and p-01 aside")
    assert said == "Sales (replay) +8.9\u202f% (at least \u22121.5\u202f%), item-knn and p-01 aside."


@pytest.mark.parametrize(
    ("number", "said"), [(2.5, "2.5"), (1000, "1,000"), (0, "0"), (-0.25, "\u22120.25"), (2e-7, "2e\u221207")]
)
def test_ticks_have_no_needless_digits(number: float, said: str) -> None:
    assert numbers.plain(number) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.42, "0.4 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3900, "1 h 05 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert numbers.duration(seconds) == said


@pytest.mark.parametrize(
    ("share", "said"), [(1, "100"), (0.99999, "> 99.9"), (0.9541, "95.4"), (0.5, "50"), (0.0001, "< 0.1"), (0, "0")]
)
def test_only_what_is_exact_reads_0_or_100_percent(share: float, said: str) -> None:
    assert numbers.percent(share) == f"{said}\u202f%"


def test_moments_are_dates_and_counts_are_not() -> None:
    assert scalar(1501459200000) == "2017-07-31"
    assert scalar(1_469_307) == "1,469,307"
    assert "2017-07-31" in tree({"boundaries": {"T0": 1501459200000}})
