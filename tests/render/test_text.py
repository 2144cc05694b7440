"""Numbers, sizes and times for people: honest rounding, and nothing for what is undefined."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.render.color import READABLE, contrast, readable, text_on
from reporter.render.text import Words

WORDS = Words()


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("success", "completed", "printed"),
    [(1, 1, "100.0 %"), (0, 5, "0.0 %"), (1999, 2000, "99.9 %"), (1, 10_000, "0.1 %"),
     (9999, 10_000, "99.9 %"), (1, 3, "33.3 %")],
)  # fmt: skip
def test_rounding_never_claims(success: int, completed: int, printed: str) -> None:
    """100.0 % is printed only where all succeeded, 0.0 % only where none did."""
    assert plain(WORDS.percent(success / completed)) == printed


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_all_and_none_are_never_rounded_to(success: int, more: int) -> None:
    """Of any numbers: a rate short of one does not read 100.0 %, one above zero not 0.0 %."""
    rate = success / (success + more)
    printed = plain(WORDS.percent(rate))
    assert printed != "100.0 %"
    assert (printed == "0.0 %") == (success == 0)


def test_what_is_undefined_is_a_dash() -> None:
    """No rate, no size, no time: a dash, never a zero."""
    undefined = [WORDS.percent(None), WORDS.size(None), WORDS.duration(None), WORDS.moment(None)]
    assert undefined == ["—"] * 4


@pytest.mark.parametrize(
    ("size", "binary", "decimal"),
    [(0, "0 bytes", "0 bytes"), (1023, "1,023 bytes", "1.02 KB"), (1024**3, "1.00 GB", "1.07 GB"),
     (123_456_789_012, "115 GB", "123 GB"), (999_999_999_999, "931 GB", "1.00 TB"),
     (15 * 1024**4, "15.0 TB", "16.5 TB")],
)  # fmt: skip
def test_sizes_have_three_digits_and_a_unit(size: int, binary: str, decimal: str) -> None:
    """Three significant digits, in the units the policy names."""
    assert plain(WORDS.size(size)) == binary
    assert plain(Words(units="decimal").size(size)) == decimal


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [(0, "0 s"), (59, "59 s"), (3600, "1 h"), (87_900, "24 h 25 min"), (187_200, "52 h"),
     (446_400, "5 d 4 h"), (2_682_000, "31 d 1 h")],
)  # fmt: skip
def test_durations_have_two_units(seconds: int, printed: str) -> None:
    """Hours up to three days, so that 24 h 25 min is told from a target of 24 h."""
    assert plain(WORDS.duration(seconds)) == printed


def test_days_are_told_as_ranges() -> None:
    """Days in a row are one range."""
    days = [date(2026, 10, day) for day in (3, 4, 5, 17)]
    assert plain(WORDS.days(days)) == "Oct 3 – Oct 5, Oct 17"
    assert plain(Words("en_GB").days(days)) == "3 Oct – 5 Oct, 17 Oct"


def test_a_change_from_nothing_is_not_made_up() -> None:
    """Without a volume before there is no per cent to tell."""
    assert WORDS.change(0, 5) is None
    assert plain(str(WORDS.change(100, 133.1))) == "+33.1 %"


def test_long_lists_say_how_many_more() -> None:
    """Nothing is left out of a list without a word."""
    assert Words("en_GB").listed(["a", "b", "c"]) == "a, b and c"
    assert WORDS.listed([str(n) for n in range(9)], 4) == "0, 1, 2 and 6 more"


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_text_is_readable_in_every_brand_colour(color: str) -> None:
    """Whatever the brand's colour: text in it, and text on it, has contrast of 4.5 or more."""
    assert contrast(readable(color), "#ffffff") >= READABLE
    assert contrast(text_on(color), color) >= READABLE
