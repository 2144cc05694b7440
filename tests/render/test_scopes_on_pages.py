"""What the pages and the letter say about scopes, looks, and how the service lists things."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from reporter.model import Brand, Depth, LeaveOut, Look, MonthFigures, Policy, Report, State
from reporter.period import parse_period
from reporter.render.html import report_html
from reporter.render.json_ import report_dict
from reporter.render.letter import letter_of
from tests.builders import (
    NOW,
    make_answers,
    make_job,
    make_product,
    make_protected,
    make_report,
    make_row,
)
from tests.render.test_languages import PageTexts

BRAND = Brand("Northlight")
AUGUST = datetime(2026, 8, 31, 3, tzinfo=UTC)


def looks(first: datetime = AUGUST, hours: int = 6, last: datetime = NOW) -> list[datetime]:
    """One every few hours."""
    count = (last - first) // timedelta(hours=hours)
    return [first + timedelta(hours=hours * n) for n in range(count + 1)]


def every_day(days: int = 63, first: datetime = AUGUST, **fields: Any) -> list[dict[str, Any]]:
    """A job a day."""
    starts = (first + timedelta(days=n) for n in range(days))
    return [make_job(f"{start:%Y-%m-%dT%H:%M:%SZ}", **fields) for start in starts]


def plain(text: str) -> str:
    return " ".join(text.split())


def page(report: Report, depth: Depth = "full", **look: Any) -> str:
    """What is read on the pages of a report."""
    html = report_html(report, Look(BRAND, depth=depth, **look), logo_url=None)
    return plain(" ".join(PageTexts(html).texts))


def letter(report: Report) -> str:
    figures = json.loads(json.dumps(report_dict(report)))
    return plain(letter_of(figures, Look(BRAND), attached=[]).text)


def everywhere(report: Report) -> list[str]:
    """Page one, all pages and the letter."""
    return [page(report, "page"), page(report), letter(report)]


def scoped(named: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """A daily job of each of these scopes, which ends so."""
    return [
        row | {"jobId": f"{row['jobId']}{name}"}
        for name, status in named
        for row in every_day(status=status, name=name, jobType="IaaS + PaaS", jobModule="Dev Ops")
    ]


@cache
def two_scopes() -> Report:
    return make_report(
        [*every_day(), *scoped([("Tenant A", "Finished"), ("Tenant B", "Failed")])],
        observed=looks(),
    )


def test_a_module_shows_its_scopes_worst_first() -> None:
    """Each with its state; a module of one scope without a name has none below it."""
    text = page(two_scopes(), "standard")
    table = text[text.index("Dev Ops × Critical") :]
    assert table.index("Tenant B × Critical") < table.index("Tenant A ✓ Healthy")
    assert "Daily backup" not in text
    html = report_html(make_report(every_day(), observed=looks()), Look(BRAND), logo_url=None)
    assert 'class="scope"' not in html


def test_reasons_steps_gaps_and_exceptions_name_the_scope() -> None:
    """The reader need not guess which tenant is meant."""
    report = two_scopes()
    assert all("Dev Ops / Tenant B" in text for text in everywhere(report))
    html = report_html(report, Look(BRAND, depth="full"), logo_url=None)
    gaps = html[html.index("Longer without a recovery point") :]
    assert "Dev Ops / Tenant B" in gaps
    annex = html[html.index("Every exception and its cure") :]
    assert "<bdi>Tenant B</bdi>" in annex


def test_idle_off_and_gone_modules_take_one_quiet_line_each() -> None:
    """Modules of one kind and day together, since when, and as of when that was read."""
    off = {"status": "Disabled", "lastModifyTime": "2026-03-08T13:12:10Z"}
    rows = [
        *every_day(),
        make_row(jobModule="Teams Chat", **off),
        make_row(jobModule="Viva Engage", **off),
        make_row(jobModule="Microsoft 365 Groups", status="Finished"),
        make_row(jobModule="Project Online", status="Skipped"),
    ]
    report = make_report(rows, observed=looks())
    assert report.state is State.HEALTHY
    for text in everywhere(report):
        assert "Nothing to back up: Microsoft 365 Groups and Project Online." in text
        assert "Switched off since Mar 8, 2026: Teams Chat and Viva Engage." in text
        assert "All 31 backups succeeded, and every module met its targets" in text
    assert "As the service listed them on Oct 31, 21:00." in page(report)
    assert page(report, "standard").count("Switched off since Mar 8, 2026") == 3
    assert "switched off since" not in page(report, "standard")


def test_only_idle_modules_are_no_alarm() -> None:
    """Nothing is expected, and the headline says so."""
    report = make_report([make_row(status="Finished")], observed=looks())
    for text in everywhere(report):
        assert "No backup is expected: nothing to back up, or switched off" in text


def test_switched_off_within_the_period_asks_a_question() -> None:
    """Since when, as something to confirm."""
    off = make_row(jobModule="Teams Chat", status="Disabled", lastModifyTime="2026-10-08T13:12:10Z")
    report = make_report([*every_day(), off], observed=looks())
    assert "Confirm that these were meant to be switched off: Teams Chat (since Oct 8)" in page(
        report, "page"
    )
    assert "Teams Chat: switched off since Oct 8, 2026" in str(report_dict(report)["reasons"])
    assert "As the service listed them" not in page(report, "page")


@pytest.mark.parametrize(
    ("observed", "marks", "why"),
    [
        (looks(), [], ""),
        (looks(hours=24), ["SPARSE"], "cannot be judged: asked every 24 h"),
        (
            looks(datetime(2026, 10, 12, 3, tzinfo=UTC)),
            ["INCOMPLETE", "SPARSE"],
            "cannot be judged: first look on Oct 12",
        ),
        ([NOW], ["INCOMPLETE", "SPARSE"], "cannot be judged: first look on Nov 2"),
        (
            looks(last=datetime(2026, 10, 20, 12, tzinfo=UTC)),
            ["PRELIMINARY"],
            "cannot be judged: the last look was on Oct 20, 09:00",
        ),
    ],
    ids=["closely", "daily", "first month", "once", "runs"],
)
def test_page_one_shows_how_closely_the_service_was_watched(
    observed: list[datetime], marks: list[str], why: str
) -> None:
    """Incomplete, sparse, preliminary, each where it is so; and why a target cannot be judged."""
    rows = every_day(days=90, first=max(AUGUST, observed[0] - timedelta(hours=2)))
    quarterly = [
        row | {"jobId": f"{row['jobId']}-{n}", "startTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        for row in rows
        for n in range(4)
        for at in [datetime.fromisoformat(row["startTime"]) + timedelta(hours=6 * n)]
    ]
    begun = [row for row in quarterly if row["startTime"] < f"{observed[-1]:%Y-%m-%dT%H:%M:%SZ}"]
    report = make_report(begun, observed=observed)
    for text in everywhere(report):
        assert re.findall(r"(INCOMPLETE|SPARSE|PRELIMINARY)\.", text) == marks
        assert ("of the jobs seen" in text) == ("SPARSE" in marks)


def test_the_first_month_reads_as_what_it_is() -> None:
    """Days before the first look are not counted as missed days."""
    first = datetime(2026, 10, 12, 5, tzinfo=UTC)
    for text in everywhere(make_report(every_day(), observed=looks(first))):
        assert "First look on Oct 12: what happened before it is not known" in text
        assert "Not observed:" not in text
    daily = looks(datetime(2026, 10, 1, 6, tzinfo=UTC), 24)
    for text in everywhere(make_report(every_day(), observed=daily)):
        assert "The service was asked 31 times, every 24 h on average." in text


def test_a_sparse_month_claims_no_more_than_was_seen() -> None:
    """It speaks of the backups that were seen, not of all."""
    for text in everywhere(make_report(every_day(), observed=looks(hours=24))):
        assert "All 31 backups that were seen succeeded" in text
        assert "All 31 backups succeeded" not in text
        assert "The service was asked 31 times, every 24 h on average." in text


def test_possible_gaps_are_listed_apart_from_certain_ones() -> None:
    """They have a list of their own."""
    rows = [row for row in every_day() if row["startTime"][:10] != "2026-10-11"]
    report = make_report(rows, observed=looks())
    (gap,) = report.gaps
    title = "onger without a recovery point than the target allows"
    for certain, possible in ((True, False), (False, True)):
        text = page(replace(report, gaps=(replace(gap, certain=certain),)), "standard")
        assert (f"L{title}" in text, f"Possibly l{title}" in text) == (certain, possible)
        assert ("at most 48 h" in text) is possible


def test_lost_objects_are_on_page_one() -> None:
    """Every job finished, and 21 of 22 mailboxes were not backed up."""
    lost: dict[str, Any] = {"totalCount": "22", "successfulCount": "1", "failedCount": "21"}
    for text in everywhere(make_report(every_day(**lost), observed=looks())):
        assert "All 31 backups finished, but only 4.5 % of the objects were backed up" in text
        assert "backups succeeded" not in text
        assert "only 4.5 % of the objects, target 95 %" in text


def test_volume_says_what_it_covers() -> None:
    """Jobs without a readable size are counted; where the jobs give none, what is stored leads."""
    half = every_day()
    for row in half[::2]:
        row["backupSize"] = "12,7 GB"
    for text in everywhere(make_report(half, observed=looks())):
        assert re.search(r"of 1[56] of 31 jobs", text)
    stored = make_answers([make_protected()], at=looks()[-8])
    none = make_report(every_day(backupSize="0 GB"), observed=looks(), answers=stored)
    for text in everywhere(none):
        assert "512 GB" in text
        assert "the jobs give no sizes" in text
        assert "0 bytes" not in text
    unknown = make_report(every_day(backupSize="0 GB"), observed=looks())
    assert all("not given" in text for text in everywhere(unknown))


def test_a_job_that_runs_for_weeks_is_shown() -> None:
    """Since when, and for how long."""
    seed = make_job("2026-10-08T20:00:00Z", "In Progress", endTime="N/A", jobDuration="N/A")
    for text in everywhere(make_report([seed], observed=looks())):
        assert "Still running: Exchange Online since Oct 8, 24 days." in text


def test_jobs_that_cannot_be_dated_are_on_page_one() -> None:
    """Before the reader learns that no backup was completed."""
    rows = every_day(31, startTime="01.10.2026 22:00:00", endTime="01.10.2026 22:10:00",
                     lastModifyTime="N/A")  # fmt: skip
    for number, row in enumerate(rows):
        row["jobId"] = f"J{number}"
    report = make_report(rows)
    for text in everywhere(report):
        assert "31 jobs cannot be dated, and no other backup was completed" in text
    assert page(report).count("01.10.2026 22:00:00") == 2


def test_what_is_left_out_stays_in_sight() -> None:
    """A section with reason and jobs; a line on page one, whichever sections are included."""
    policy = Policy(left_out=(LeaveOut("IaaS + PaaS", "Dev Ops", "Tenant B", "A test tenant"),))
    rows = [*every_day(), *scoped([("Tenant A", "Finished"), ("Tenant B", "Failed")])]
    report = make_report(rows, observed=looks(), policy=policy)
    assert report.state is State.HEALTHY
    whole = page(report, "standard")
    assert "Left out of the figures" in whole
    assert "IaaS + PaaS / Dev Ops / Tenant B A test tenant 31" in whole
    assert "still holds them" in whole
    for text in everywhere(report):
        assert "Left out of every figure, with 31 jobs: Dev Ops / Tenant B." in text
    assert "Left out" not in page(two_scopes(), "standard")


def test_subscriptions_are_reasons_in_the_headline() -> None:
    """Successful jobs under an expired subscription are not called healthy."""
    products = [make_product(expirationDate="2026-10-20", purchasedUserSeats="100")]
    answers = make_answers([], products, at=looks()[-8])
    report = make_report(every_day(), observed=looks(), answers=answers)
    assert report.state is State.ATTENTION
    for text in everywhere(report):
        assert "every module met its targets; 1 subscription has expired" in text
    whole = page(report, "page")
    assert "Buy more seats, or use fewer licences: Backup 365 (231 of 100)" in whole
    assert "Renew what has expired or soon will" in whole


def test_nothing_is_compared_with_an_unwatched_period() -> None:
    """The page says which of the two it was, and no difference is printed anywhere."""
    october = looks(datetime(2026, 9, 30, 3, tzinfo=UTC))
    months = tuple(
        MonthFigures(parse_period(f"2026-{month:02}", "UTC", NOW), 30, 30, 1.0, 10**12, seen, 30)
        for month, seen in ((9, 1), (10, 30))
    )
    report = replace(make_report(every_day(), observed=october), history=months)
    for text in everywhere(report):
        assert "against September 2026" not in text
    whole = page(report)
    assert (
        "Not compared with the period before: September 2026 was observed on 1 of 30 days." in whole
    )
    compared = make_report(every_day(), observed=looks())
    assert "±0.0 points against September 2026" in page(compared)


def test_days_to_come_are_not_called_unobserved() -> None:
    """The calendar leaves them empty, and they are not counted among the missed days."""
    last = datetime(2026, 10, 20, 12, tzinfo=UTC)
    rows = [row for row in every_day() if row["startTime"] < "2026-10-20T12"]
    report = make_report(rows, observed=looks(last=last))
    text = page(report)
    assert "To come" in text
    assert "INCOMPLETE" not in text
    assert "To come" not in page(two_scopes())


@pytest.mark.parametrize("depth", ["standard", "full"])
def test_a_module_of_fifty_scopes_says_how_many_more_there_are(depth: Depth) -> None:
    """The worst are shown, and the rest are counted."""
    rows = [
        make_job(f"2026-10-{day:02}T01:00:00Z", name=f"Tenant {n:02}", jobId=f"J{day}-{n}")
        for n in range(50)
        for day in (29, 30, 31)
    ]
    assert "and 38 more scopes, in the workbook" in page(make_report(rows), depth)


def test_a_name_of_ten_thousand_letters_is_cut() -> None:
    """On pages and in the letter; the figures keep it whole."""
    name = "Tenant" * 1700
    report = make_report([make_job(status="Failed", name=name), make_row(name="B", jobId="N/A")])
    for text in everywhere(report):
        assert max(map(len, text.split())) < 200
    assert name in json.dumps(report_dict(report))
