"""Numbers, sizes and times for people: honest rounding, and a dash for what is undefined."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.period import parse_period
from reporter.render.color import READABLE, contrast, readable, text_on
from reporter.render.text import Words
from tests.builders import NOW, make_job, make_report

WORDS = Words()
OCTOBER = parse_period("2026-10", "UTC", NOW)


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
def test_rates_are_never_rounded_to_all_or_none(success: int, more: int) -> None:
    """For any numbers: a rate below one never reads 100.0 %, one above zero never 0.0 %."""
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
    """Hours up to three days, so that 24 h 25 min differs visibly from a target of 24 h."""
    assert plain(WORDS.duration(seconds)) == printed


@pytest.mark.parametrize(
    ("seconds", "allowed", "printed"),
    [(93_601, 93_600, "26 h 1 s"), (94_200, 93_600, "26 h 10 min"),
     (607_200, 604_800, "7 d 40 min"), (446_401, 93_600, "5 d 4 h"), (93_600.2, 93_600, "26 h")],
)  # fmt: skip
def test_what_is_too_long_never_reads_as_allowed(
    seconds: float, allowed: float, printed: str
) -> None:
    """Smaller units are left out only where the two still differ without them."""
    assert plain(WORDS.longer(seconds, allowed)) == printed


@pytest.mark.parametrize(
    ("rate", "target", "printed"),
    [
        (0.9499, 0.95, "94.99 %"),
        (0.94996, 0.95, "94.996 %"),
        (0.94, 0.95, "94.0 %"),
        (0.95, 0.95, "95.0 %"),
        (0.9999999, 1.0, "99.9 %"),
        (None, 0.95, "—"),
    ],
)
def test_a_missed_rate_looks_missed(rate: float | None, target: float, printed: str) -> None:
    """It is not rounded up to the target it misses."""
    assert plain(WORDS.below(rate, target)) == printed


def test_days_are_shown_as_ranges() -> None:
    """Days in a row are one range."""
    days = [date(2026, 10, day) for day in (3, 4, 5, 17)]
    assert plain(Words.about(OCTOBER).days(days)) == "Oct 3 – Oct 5, Oct 17"
    assert plain(Words.about(OCTOBER, "en_GB").days(days)) == "3 Oct – 5 Oct, 17 Oct"


@pytest.mark.parametrize(
    ("label", "printed"),
    [
        ("2026-10", ["Dec 3, 2025", "Oct 5"]),
        ("2025-12-20..2026-01-10", ["Dec 3", "Oct 5"]),
        ("2024", ["Dec 3, 2025", "Oct 5, 2026"]),
    ],
)
def test_a_day_of_another_year_is_shown_with_its_year(label: str, printed: list[str]) -> None:
    """A day of the period's own year has none, with or without a time of day."""
    words = Words.about(parse_period(label, "UTC", NOW))
    moments = [datetime(2025, 12, 3, 4, 5, tzinfo=UTC), datetime(2026, 10, 5, 4, 5, tzinfo=UTC)]
    assert [words.short_day(moment) for moment in moments] == printed
    assert [words.short_moment(moment) for moment in moments] == [
        f"{day}, 04:05" for day in printed
    ]


@pytest.mark.parametrize(
    ("least", "most", "printed"),
    [
        (None, None, "—"),
        (87_900.0, 87_900.0, "24 h 25 min"),
        (183_600.0, 259_200.0, "at least 51 h, at most 3 d"),
        (0.0, 259_200.0, "at most 3 d"),
        (259_200.0, 259_201.0, "3 d"),
    ],
)
def test_a_gap_has_two_figures_only_when_they_differ(
    least: float | None, most: float | None, printed: str
) -> None:
    """The certain and the possible length; only one where both read the same."""
    assert plain(WORDS.gap(least, most)) == printed


def test_missing_volume_is_not_zero() -> None:
    """No job gives a dash, no sizes say so, and sizes of some jobs are counted."""
    figures = make_report(
        [make_job(), make_job("2026-10-06T01:00:00Z", backupSize="12,7 GB")]
    ).totals
    assert (plain(WORDS.volume(figures)), WORDS.sized(figures)) == ("1.00 GB", "of 1 of 2 jobs")
    unsized = replace(figures, bytes=None, sized_jobs=0)
    assert (WORDS.volume(unsized), WORDS.sized(unsized)) == ("not given", "in 2 jobs")
    assert WORDS.volume(make_report([]).totals) == "—"


def test_no_percentage_is_made_up_without_a_former_volume() -> None:
    """Without a former volume there is no percentage to show."""
    assert WORDS.change(0, 5) is None
    assert plain(str(WORDS.change(100, 133.1))) == "+33.1 %"


def test_long_lists_say_how_many_more() -> None:
    """Nothing is silently left out of a list."""
    assert Words("en_GB").listed(["a", "b", "c"]) == "a, b and c"
    assert WORDS.listed([str(n) for n in range(9)], 4) == "0, 1, 2 and 6 more"


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_text_is_readable_in_every_brand_colour(color: str) -> None:
    """Whatever the brand's colour: text in it, and text on it, has contrast of 4.5 or more."""
    assert contrast(readable(color), "#ffffff") >= READABLE
    assert contrast(text_on(color), color) >= READABLE
