"""Users without protection in print and in the workbook, named as far as that is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from reporter.model import Look, Names, Report
from reporter.render.page import MOST_USERS
from tests.builders import NOW, make_answers, make_job, make_report, make_user, make_users
from tests.in_every_language import LACKING
from tests.render.test_protection_section import sheet_of, text_of, words_of
from tests.render.workbook_cases import written

PAGE_ONE = Look(sections=("summary",))
BEFORE = NOW.replace(month=9, day=30)


def report_of(
    names: Names = "masked", count: int = 2, earlier: list[dict[str, Any]] | None = None
) -> Report:
    """`count` users of whom each lacks both modules, and one who is protected."""
    users = [make_user(0), *(make_user(n, moduleStatus=LACKING) for n in range(1, count + 1))]
    return make_report(
        [make_job()],
        answers=[*make_answers(), make_users(users)],
        users_before=[] if earlier is None else [make_users(earlier, at=BEFORE)],
        names=names,
    )


def users_sheet(report: Report, folder: Path) -> list[list[Any]] | None:
    """The rows of the sheet Users; None without one."""
    book = load_workbook(written(report, folder))
    if "Users" not in book.sheet_names:
        return None
    return book.get_sheet_by_name("Users").to_python()


@pytest.mark.parametrize(
    ("earlier", "change"),
    [
        (None, "no earlier list"),
        ([make_user(1)], "2 more than before"),
        ([make_user(n, moduleStatus=LACKING) for n in range(2)], "unchanged"),
        ([make_user(n, moduleStatus=LACKING) for n in range(5)], "3 fewer than before"),
    ],
)
def test_page_one_counts_them_with_the_change(
    earlier: list[dict[str, Any]] | None, change: str
) -> None:
    """One line, against the last list before the period."""
    text = words_of(report_of(earlier=earlier), PAGE_ONE)
    line = f"Users without protection: Mailbox 2 of 3 ({change}), OneDrive 2 of 3 ({change})."
    assert text.count(line) == 1


def test_page_one_is_silent_where_nothing_is_known() -> None:
    """The section says why."""
    assert "Users without" not in words_of(make_report([make_job()]), PAGE_ONE)


@pytest.mark.parametrize("names", ["full", "masked", "none"])
def test_the_pdf_names_people_in_full_or_not_at_all(names: Names, tmp_path: Path) -> None:
    """Always the counts; a list only by choice, with how each stood before."""
    text = text_of(report_of(names, earlier=[make_user(1)]), tmp_path).replace("\xa0", " ")
    assert "Mailbox: 2 of 3 users without protection" in text
    assert "OneDrive 3 2 0" in text
    listed = "Mailbox Anna Keller 1 anna.keller1@contoso.example still protected on Sep 30, 2026"
    assert (listed in text) is (names == "full")
    assert ("not listed on Sep 30, 2026" in text) is (names == "full")
    assert "an…@" not in text
    assert {
        "full": "are given in full",
        "masked": "names and addresses masked",
        "none": "does not name them",
    }[names] in text


def test_a_long_list_is_cut_in_print_alone(tmp_path: Path) -> None:
    """The workbook has them all."""
    report = report_of("full", MOST_USERS)
    assert f"{MOST_USERS} more in the workbook, sheet Users" in words_of(report)
    assert len(users_sheet(report, tmp_path) or ()) == 3 + 2 * MOST_USERS


@pytest.mark.parametrize(
    ("names", "name", "address"),
    [
        ("full", "Anna Keller 1", "anna.keller1@contoso.example"),
        ("masked", "A. K. 1.", "an…@contoso.example"),
    ],
)
def test_the_workbook_lists_each_user(
    names: Names, name: str, address: str, tmp_path: Path
) -> None:
    """By module, named as the configuration allows."""
    rows = users_sheet(report_of(names), tmp_path)
    assert rows
    assert rows[2] == ["Module", "User", "Address", "Before"]
    assert rows[3] == ["Mailbox", name, address, "unprotected in every list since Nov 2, 2026"]
    assert [row[0] for row in rows[3:]] == ["Mailbox", "Mailbox", "OneDrive", "OneDrive"]


def test_without_names_there_is_no_list(tmp_path: Path) -> None:
    """The counts stand on the sheet Protection, and that names are left out."""
    report = report_of("none")
    assert users_sheet(report, tmp_path) is None
    rows = [row[:4] for row in sheet_of(report, tmp_path)]
    assert ["Mailbox", 3, 2, ""] in rows
    assert any(row[0] == "This report does not name them." for row in rows)


def test_everybody_protected_is_good_news(tmp_path: Path) -> None:
    """Said as such, without a list."""
    report = report_of("full", 0)
    assert "Every user listed is protected" in words_of(report)
    assert "names and addresses" not in words_of(report)
    assert users_sheet(report, tmp_path) is None


def test_an_empty_list_is_neither_good_nor_bad() -> None:
    """A complete list of nobody."""
    text = words_of(make_report([make_job()], answers=[*make_answers(), make_users([])]))
    assert "The service lists no user of this customer." in text
    assert "Every user" not in text


def test_what_the_service_writes_is_text(tmp_path: Path) -> None:
    """Names may look like formulas, markup, or nothing at all; scripts mix."""
    names = ["=1+1", "<b>x</b>", "محمد علي", "山田 花子", "x" * 10_000, "", None]
    users = [
        make_user(number, displayName=name, moduleStatus=LACKING)
        for number, name in enumerate(names)
    ]
    report = make_report([make_job()], answers=[*make_answers(), make_users(users)], names="full")
    assert "<b>x</b>" in text_of(report, tmp_path)
    rows = users_sheet(report, tmp_path)
    assert rows
    assert {"=1+1", "<b>x</b>", "محمد علي", "山田 花子", ""} <= {row[1] for row in rows[3:]}
