"""Writes reports in every language, to be judged: `python -m tests.in_every_language DIR`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from reporter.analysis.portfolio import portfolio_of, standing_of, without_data
from reporter.analysis.restatement import changes_between
from reporter.analysis.restoring import restoring_of
from reporter.config.sections import LANGUAGES
from reporter.model import (
    Answer,
    Change,
    Comment,
    Customer,
    KnownRoot,
    Lack,
    LeaveOut,
    Look,
    MonthFigures,
    Names,
    Policy,
    Portfolio,
    Report,
    Restatement,
    RestoreResult,
    RestoreTest,
    Texts,
)
from reporter.period import parse_period
from reporter.render.json_ import report_dict
from reporter.render.pdf import write_pdf
from reporter.render.portfolio import write_portfolio_pdf, write_portfolio_xlsx
from reporter.render.workbook import write_workbook
from tests.builders import (
    NOW,
    make_answers,
    make_job,
    make_product,
    make_protected,
    make_refusals,
    make_report,
    make_row,
    make_user,
    make_users,
)
from tests.render.workbook_cases import BERLIN, busy_report


def months() -> tuple[MonthFigures, ...]:
    """A year of which two months are known."""
    return tuple(
        MonthFigures(
            parse_period(f"2026-{month:02}", BERLIN, NOW), jobs, jobs, rate, 10**12, 31, 31
        )
        for month, jobs, rate in ((8, 0, None), (9, 40, 0.97), (10, 50, 0.9))
    )


@cache
def reports() -> list[Report]:
    """Reports that together say everything there is to say."""
    busy = replace(busy_report(), history=months())
    quiet = make_report([make_job()], policy=Policy(warning="success", cancelled="excluded"))
    late = make_report([make_job(status="Failed")])
    late = replace(
        late, version=2, restatement=Restatement(1, NOW, corrections(), redefined=True, late=False)
    )
    busy = replace(
        busy,
        version=3,
        restatement=Restatement(2, NOW, (), redefined=False, late=True),
        restore_tests=restoring_of(RESTORE_TESTS, busy.period, busy.as_of.date()),
    )
    return [
        busy,
        quiet,
        make_report([], answers=make_answers()),
        late,
        *(make_report([make_job()], answers=make_refusals(kind, "x")) for kind in Lack),
        *(make_report([], answers=answers) for answers in _fortunes()),
        *(
            make_report([make_job()], restore_tests=restore_tests)
            for restore_tests in _rehearsals()
        ),
        *_listings(),
        *_with_users(),
    ]


def _with_users() -> list[Report]:
    """Users who are named in every way, were lost, joined or never had, and are more or fewer."""
    many = [make_user(number, moduleStatus=LACKING) for number in range(50)]
    few = [make_user(1, moduleStatus=LACKING), make_user(2)]
    before = NOW - timedelta(days=33)

    def listed(names: Names, users: list[Any], *earlier: list[Any]) -> Report:
        lists = [make_users(each, at=before) for each in earlier]
        return make_report(
            [], answers=[*make_answers(), make_users(users)], users_before=lists, names=names
        )

    return [
        listed("full", many, few),
        listed("masked", few, many),
        listed("none", few, few),
        listed("full", few),
        listed("full", [make_user(1)]),
        listed("full", []),
    ]


LACKING = [{"module": 0, "isProtected": False}, {"module": 2, "isProtected": False}]


def _listings() -> list[Report]:
    """Scopes listed in every way, watched closely, rarely, from mid-month on, and not to
    the end.
    """
    off = {"status": "Disabled", "lastModifyTime": "2026-03-08T13:12:10Z"}
    gone: dict[str, Any] = {"jobModule": "OneDrive", "name": "Tenant C"}
    rows = [
        *(make_job(f"2026-10-{day:02}T01:00:00Z", name=name, jobId=f"{name}{day}", status=status,
                   totalCount="22", successfulCount="1", failedCount="21")
          for day in range(1, 32)
          for name, status in (("Tenant A", "Finished"), ("Tenant B", "Failed"))),
        make_row(jobModule="Teams Chat", **off),
        make_row(jobModule="Viva Engage", **off | {"lastModifyTime": "2026-10-08T13:12:10Z"}),
        make_row(jobModule="Microsoft 365 Groups", status="Finished"),
        make_row(jobModule="Power BI", status="Rejected"),
        make_job("2026-10-08T20:00:00Z", "In Progress", endTime="N/A", **gone),
        make_job(startTime="01.10.2026", endTime="N/A", lastModifyTime="N/A", jobId="U"),
        make_job("2026-10-09T20:00:00Z", backupSize="0 GB", jobModule="SharePoint Online"),
    ]  # fmt: skip
    answers = make_answers(
        [make_protected()],
        [make_product(expirationDate="2026-10-20", microsoftLicenseAssigned="300")],
        at=NOW - timedelta(days=3),
    )
    left_out = Policy(left_out=(LeaveOut("Microsoft 365", "Teams Chat", None, "Test"),))
    first = datetime(2026, 10, 12, tzinfo=UTC)
    quiet = [make_row(status="Finished"), make_row(jobModule="Teams Chat", **off)]
    return [
        make_report(rows, observed=_looks(first, 6), answers=answers, policy=left_out),
        make_report(rows, observed=_looks(first - timedelta(days=50), 24)),
        make_report(rows, observed=_looks(first - timedelta(days=50), 6)[:-80]),
        make_report(rows, observed=[first]),
        make_report(rows[:1], observed=_looks(first - timedelta(days=50), 6)),
        make_report(quiet, observed=_looks(first - timedelta(days=50), 6)),
        make_report([rows[-2]]),
    ]


def _looks(first: datetime, hours: int) -> list[datetime]:
    """One every few hours from the first on."""
    count = (NOW - first) // timedelta(hours=hours)
    return [first + timedelta(hours=hours * n) for n in range(count + 1)]


RESTORE_TESTS = (
    RestoreTest(date(2026, 1, 20), "db-03", RestoreResult.FAILED, "0 / 12", "2026-01-22"),
    RestoreTest(date(2026, 7, 2), "SharePoint Online", RestoreResult.PASSED),
    RestoreTest(date(2026, 10, 14), "Exchange Online", RestoreResult.PARTLY, "1 / 2", by="Weber"),
)


def _rehearsals() -> list[tuple[RestoreTest, ...]]:
    """Restore tests with one message each."""
    first, second, third = RESTORE_TESTS
    return [(), (first,), (third,), (replace(second, date=date(2024, 7, 2)), third)]


def _fortunes() -> list[tuple[Answer, ...]]:
    """Protected data and subscriptions with one message each."""
    whole = make_protected(totalScannedObjects=9, totalProtectedObjects=9)
    uncounted = make_protected(totalScannedObjects="N/A")
    return [
        make_answers([whole], [make_product()]),
        make_answers([whole, uncounted], [make_product(protectedCapacity="6 TB")]),
        make_answers([uncounted], [make_product(microsoftLicenseAssigned="300")]),
        make_answers([], [make_product(expirationDate="2026-12-10")]),
    ]


def corrections() -> tuple[Change, ...]:
    """One of each figure there is: from nothing to what the busiest report says of it."""
    report = report_dict(busy_report())
    nothing = dict.fromkeys(report["policy"])
    before = report | {"totals": {}, "modules": [], "state": None, "policy": nothing}
    tested = make_report([], restore_tests=RESTORE_TESTS)
    now = report | {"restore_tests": report_dict(tested)["restore_tests"]}
    return changes_between(before, now)


def look(locale: str, **changes: Any) -> Look:
    comment = Comment("Gut.", "Jonas Weber", date(2026, 11, 1))
    fullest = Look(
        locale=locale,
        depth="full",
        comment=comment,
        known_root=KnownRoot(14, "9f" * 32, "2026-09"),
        texts=Texts(cover="Mit Gruß"),
    )
    return replace(fullest, **changes)


def portfolio() -> Portfolio:
    """Customers with known data, and one without any."""
    every_report = reports()
    names = ("Contoso Ltd", "חברת גיבוי", "주식회사 백업")
    standings = [
        replace(standing_of(report, {"pdf": "a.pdf"}), customer=Customer(name, name))
        for report, name in zip(every_report, names, strict=False)
    ]
    return portfolio_of(
        every_report[0].period, [*standings, without_data(every_report[0].customer, "\u2026")]
    )


def main(folder: Path) -> None:
    """Write the busiest report and the portfolio in each language."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        fullest = look(language)
        write_pdf(reports()[0], fullest, folder / f"report-{language}.pdf")
        write_workbook(reports()[0], fullest, folder / f"report-{language}.xlsx")
        write_portfolio_pdf(portfolio(), fullest, folder / f"portfolio-{language}.pdf")
        write_portfolio_xlsx(portfolio(), fullest, folder / f"portfolio-{language}.xlsx")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
