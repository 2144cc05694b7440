"""Protected data and subscriptions in print, workbook and portfolio, in every language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import load_workbook

from reporter.analysis.portfolio import portfolio_of, standing_of, without_data
from reporter.config.sections import LANGUAGES
from reporter.model import Answer, Lack, Look, Portfolio, Product, Report
from reporter.render.html import report_html
from reporter.render.pdf import write_pdf
from reporter.render.portfolio import (
    write_portfolio_html,
    write_portfolio_pdf,
    write_portfolio_xlsx,
)
from reporter.render.protection import protection_title, remaining, subscription_title
from reporter.render.text import Words
from reporter.render.verdict import steps
from reporter.render.workbook.titles import PROTECTION, title_of
from tests.builders import (
    NOW,
    make_answers,
    make_job,
    make_product,
    make_protected,
    make_refusals,
    make_report,
)
from tests.render.test_languages import PageTexts
from tests.render.workbook_cases import PRODUCTS, PROTECTED, written

SECTION = Look(sections=("protection",))
WORDS = Words()


def report_of(answers: Sequence[Answer] = ()) -> Report:
    return make_report([make_job()], answers=answers)


def full() -> Report:
    return report_of(make_answers(PROTECTED, PRODUCTS))


def text_of(report: Report, folder: Path) -> str:
    """The words of its PDF, as a reader copies them."""
    path = folder / "report.pdf"
    write_pdf(report, SECTION, path)
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def words_of(report: Report, look: Look = SECTION) -> str:
    """The words of the page that is printed."""
    return " ".join(" ".join(PageTexts(report_html(report, look, logo_url=None)).texts).split())


def sheet_of(report: Report, folder: Path, look: Look = SECTION) -> list[list[Any]]:
    """The rows of the sheet Protection, as another program reads them."""
    book = load_workbook(written(report, folder, look))
    name = title_of(Words(look.locale), PROTECTION)
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def test_the_section_shows_what_is_protected_and_until_when(tmp_path: Path) -> None:
    """A message, every module and product, and when the service said so."""
    text = text_of(full(), tmp_path).replace("\xa0", " ")
    for part in (
        "Exchange Online: 1,204 of 1,310 objects found are protected",
        "Exchange Online 1,310 1,204 91.9 % 512 GB —",
        "OneDrive 2,000 1,999 99.9 % 512 GB —",
        "Power BI — 7 — 512 GB —",
        "Teams Chat 12,000 12,000 100.0 % — 1.50 TB",
        "Viva Engage 10 11 — 512 GB —",
        "All modules 15,320 15,221 99.3 % 2.00 TB 1.50 TB",
        "Cloud Backup for IaaS + PaaS has expired",
        "! 263 / 250",
        "! 6.00 TB / 5.00 TB",
        "× Oct 20, 2026 12 days ago",
        "! Dec 10, 2026 39 days left",
        "As of Nov 2, 2026, 06:00",
    ):
        assert part in text, part


@pytest.mark.parametrize("kind", [lack for lack in Lack if lack is not Lack.SAVED_REPLIES])
def test_the_reason_for_missing_data_is_shown(kind: Lack, tmp_path: Path) -> None:
    """In print and in the workbook; a missing permission by its name."""
    report = report_of(make_refusals(kind, "partner.some.read.all"))
    text = words_of(report)
    cells = [str(row[0]) for row in sheet_of(report, tmp_path) if row and row[0]]
    says = [cell for cell in cells if cell.endswith(".") or "partner" in cell]
    assert len(says) == 3
    for sentence in says:
        assert sentence in text
    if kind in (Lack.NOT_PERMITTED, Lack.FAILED):
        assert text.count("partner.some.read.all") == 3


def test_an_empty_list_is_reported() -> None:
    """A complete reply without a line is neither a failure nor a zero."""
    text = words_of(report_of(make_answers()))
    assert "lists no protected data of this customer" in text
    assert "lists no product of this customer" in text


def test_saved_replies_have_no_such_section(tmp_path: Path) -> None:
    """They contain nothing about it: the report leaves the section out, and the sheet says why."""
    report = report_of()
    assert "Subscription" not in report_html(report, Look(depth="full"), logo_url=None)
    assert "say nothing of protected data" in str(sheet_of(report, tmp_path))


@pytest.mark.parametrize("depth", ["standard", "full"])
def test_it_is_part_of_the_longer_reports(depth: Any) -> None:
    """But not of the director's page."""
    sentence = "1,204 of 1,310 objects found are protected"
    assert sentence in report_html(full(), Look(depth=depth), logo_url=None)
    assert sentence not in report_html(full(), Look(depth="page"), logo_url=None)


def test_names_are_text_and_not_markup() -> None:
    """Whatever the service calls them."""
    nasty = '<b>&"{x}'
    answers = make_answers(
        [make_protected(serviceModule=nasty)],
        [make_product(service=nasty, retention=nasty, expirationDate="2026-11-09")],
    )
    page = report_html(report_of(answers), Look(depth="full"), logo_url=None)
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;&#34;{x}" in page


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([(10, 10)], "All 10 objects found are protected"),
        ([(1, 1)], "The one object found is protected"),
        ([(10, 10), (10, 9)], "Exchange Online: 9 of 10 objects found are protected"),
        ([(10, 10), ("N/A", 9)], "All objects found are protected; 1 module has no share"),
        ([("N/A", 9)], "Protected data"),
        ([(0, 0)], "Protected data"),
        ([(10, 11)], "Protected data"),
    ],
)
def test_the_message_claims_no_more_than_is_known(
    lines: list[tuple[object, object]], sentence: str
) -> None:
    """It says "all" only where every module has a share, and each share is complete."""
    rows = [make_protected(totalScannedObjects=a, totalProtectedObjects=b) for a, b in lines]
    assert protection_title(report_of(make_answers(rows)).protection, WORDS) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "No product expires within 60 days"),
        ({"expirationDate": "N/A"}, "Subscription"),
        ({"expirationDate": "2026-10-31"}, "Cloud Backup for Microsoft 365 has expired"),
        ({"expirationDate": "2026-11-02"}, "Cloud Backup for Microsoft 365 expires in 1 day"),
        (
            {"protectedCapacity": "6 TB"},
            "Cloud Backup for Microsoft 365: more is protected than was bought",
        ),
        (
            {"microsoftLicenseAssigned": "251"},
            "Cloud Backup for Microsoft 365: more licences in use than seats bought",
        ),
    ],
)
def test_the_message_of_a_subscription(fields: dict[str, str], sentence: str) -> None:
    """The most urgent; nothing urgent only where every day is known."""
    answers = make_answers((), [make_product(**fields)])
    assert subscription_title(report_of(answers).subscription, WORDS) == sentence


def test_what_expires_is_a_step_to_take() -> None:
    """On page one, after what is wrong with the backups."""
    renewal = "Renew what has expired or soon will"
    modules = {step.what: step.modules for step in steps(full(), WORDS)}
    assert list(modules).index(renewal) == 1
    assert "Cloud Backup for IaaS + PaaS (Oct 20, 2026)" in modules[renewal]
    assert "Salesforce" not in modules[renewal]
    quiet = steps(report_of(make_answers((), [make_product()])), WORDS)
    assert renewal not in [step.what for step in quiet]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_figures(language: str, tmp_path: Path) -> None:
    """Section and sheet in each; only words and separators differ."""
    look, words = replace(SECTION, locale=language), Words(language)
    text = words_of(full(), look).replace("\xa0", " ").replace("\u202f", " ")
    for part in (
        words.number(15_221),
        words.percent(0.999),
        words.size(1.5 * 1024**4),
        words.whole_day(date(2026, 12, 10)),
    ):
        assert part.replace("\xa0", " ").replace("\u202f", " ") in text, part
    rows = sheet_of(full(), tmp_path, look)
    numbers = [[cell for cell in row if isinstance(cell, float)] for row in rows]
    assert [1310.0, 1204.0, 1204 / 1310, 512.0] in numbers
    assert any(row[:2] == [250.0, 263.0] for row in numbers)


def test_the_sheet_has_numbers_days_and_empty_cells(tmp_path: Path) -> None:
    """What is missing is an empty cell, never a zero."""
    rows = sheet_of(full(), tmp_path)
    heads = [n for n, row in enumerate(rows) if row[0] in ("Service", "Product")]
    modules, products = (
        [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 : head + 1 + many]]
        for head, many in zip(heads, (len(PROTECTED), len(PRODUCTS)), strict=True)
    )
    assert modules[2]["Objects found"] == ""
    assert modules[2]["Objects protected"] == 7
    assert modules[3]["In own storage (GB)"] == 1536
    assert [row["Expires"] for row in products] == [date(2026, 10, 20), date(2026, 12, 10), ""]
    assert [row["Days left"] for row in products] == [-12, 39, ""]
    assert products[0]["Remark"] == "12 days ago"
    assert products[0]["Units"] == 12


def portfolio() -> Portfolio:
    """A customer with products to renew, one without, one refused, and one without any data."""
    reports = [full(), report_of(make_answers((), [make_product()])), report_of()]
    standings = [standing_of(report, {}) for report in reports]
    nobody = without_data(reports[0].customer, "No snapshot.")
    return portfolio_of(reports[0].period, [*standings, nobody])


def test_the_portfolio_lists_what_is_to_be_renewed(tmp_path: Path) -> None:
    """In all three files, the soonest first, with the number of customers of whom nothing
    is known.
    """
    overview = portfolio()
    write_portfolio_pdf(overview, Look(), tmp_path / "p.pdf")
    write_portfolio_html(overview, Look(), tmp_path / "p.html")
    write_portfolio_xlsx(overview, Look(), tmp_path / "p.xlsx")
    text = " ".join(PdfReader(tmp_path / "p.pdf").pages[0].extract_text().split())
    page = (tmp_path / "p.html").read_text("utf-8")
    for part in (
        "2 products have expired or will within 60 days",
        "Nothing is known of the subscriptions of 2 customers.",
        "× Oct 20, 2026",
        "! Dec 10, 2026",
    ):
        assert part in text
        assert part in page
    rows = load_workbook(tmp_path / "p.xlsx").get_sheet_by_name("Subscriptions").to_python()
    assert rows[0][0] == "2 products have expired or will within 60 days"
    assert [row[3] for row in rows[4:6]] == [-12, 39]
    assert "subscriptions of 2 customers" in str(rows[6])


def test_a_portfolio_never_says_none_when_nothing_is_known(tmp_path: Path) -> None:
    """Without any subscription nothing is claimed about expiry."""
    overview = portfolio_of(report_of().period, [standing_of(report_of(), {})])
    write_portfolio_html(overview, Look(), tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "No product expires" not in page
    assert "Nothing is known of the subscription of 1 customer." in page


def test_how_long_a_product_lasts_is_shown_when_it_matters() -> None:
    """Not for one with months to go, nor for one without an expiry day."""
    answers = make_answers(
        (),
        [
            make_product(expirationDate=expiry)
            for expiry in ("2026-10-31", "2026-11-01", "2027-05-05", "N/A")
        ],
        at=NOW,
    )
    products: tuple[Product, ...] = report_of(answers).subscription.products
    assert [remaining(product, WORDS) for product in products] == [
        "1 day ago",
        "0 days left",
        "",
        "",
    ]
