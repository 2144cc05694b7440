"""The portfolio: who comes first, what all amount to, and the three files read back."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import TypeAdapter
from pypdf import PdfReader

from reporter.analysis.portfolio import portfolio_of, standing_of, without_data
from reporter.model import (
    Brand,
    Customer,
    Look,
    Policy,
    Portfolio,
    Reason,
    ReasonKind,
    Standing,
    State,
)
from reporter.render.portfolio import (
    write_portfolio_html,
    write_portfolio_pdf,
    write_portfolio_xlsx,
)
from reporter.render.portfolio.sentences import portfolio_headline, why
from reporter.render.text import Words
from tests.builders import make_busy_month, make_job, make_report

LOOK = Look(Brand("Northlight", color="#ffd400", footer="Secret"))
PERIOD = make_report([]).period
NASTY = '=1+<b>&"</b><script>alert(1)</script>'


def standing(name: str, state: State | None = State.HEALTHY, **figures: Any) -> Standing:
    """A customer with only the relevant values."""
    return Standing(Customer(f"id-{name}", name), state, **figures)


def mixed() -> Portfolio:
    """One customer of each kind, in no order."""
    return portfolio_of(
        PERIOD,
        [
            standing(
                "Healed", previous_state=State.CRITICAL, jobs=9, completed=9, succeeded=9,
                success_rate=1.0, target=0.95, links=(("pdf", "h/a b.pdf"),),
            ),
            without_data(Customer("id-Nobody", "Nobody"), "No snapshot <yet>."),
            standing(
                NASTY, State.CRITICAL, previous_state=State.HEALTHY, jobs=2, completed=1, failed=1,
                success_rate=0.0, target=0.95,
            ),
            standing("Silent", State.NO_DATA, previous_state=State.HEALTHY),
            standing("Fresh", State.ATTENTION, jobs=10, completed=10, succeeded=9,
                     success_rate=0.9, target=0.95, bytes=2**30),
        ],
    )  # fmt: skip


def test_a_report_gives_its_figures() -> None:
    """A customer's standing is what its report says, and can be passed between processes."""
    report = make_report(make_busy_month())
    standing = standing_of(report, {"pdf": "x.pdf"})
    assert (standing.jobs, standing.completed, standing.bytes) == (
        report.totals.jobs,
        report.totals.completed,
        report.totals.bytes,
    )
    assert standing.success_rate == standing.succeeded / standing.completed
    assert report.previous is not None
    assert standing.previous_rate == report.previous.totals.success_rate
    assert standing.reason == report.reasons[0]
    assert pickle.loads(pickle.dumps(standing)) == standing  # noqa: S301  our own
    assert len(pickle.dumps(standing)) < 4_000


def test_warnings_count_as_the_policy_says() -> None:
    """The rate over all customers counts warnings as each customer's own rate does."""
    rows = [make_job(status="Finished with exception"), make_job("2026-10-06T01:00:00Z")]
    lenient = standing_of(make_report(rows, policy=Policy(warning="success")), {})
    strict = standing_of(make_report(rows), {})
    assert (lenient.succeeded, strict.succeeded) == (2, 1)
    assert portfolio_of(PERIOD, [lenient, strict]).totals.success_rate == 0.75


def test_the_worst_come_first_and_unknown_customers_are_not_healthy() -> None:
    """State, then rate, then name; those without data are listed separately."""
    portfolio = mixed()
    assert [standing.customer.name for standing in portfolio.standings] == [
        NASTY,
        "Fresh",
        "Healed",
    ]
    assert [standing.customer.name for standing in portfolio.unknown] == ["Silent", "Nobody"]
    assert portfolio.totals.by_state[State.HEALTHY] == 1
    assert portfolio.totals.unknown == 2
    same = [standing("b", success_rate=0.99), standing("c", success_rate=0.96), standing("a")]
    assert [standing.customer.name for standing in portfolio_of(PERIOD, same).standings] == [
        "c",
        "b",
        "a",
    ]


def test_the_rate_is_over_all_jobs_and_not_over_customers() -> None:
    """18 of 20 completed jobs, not the mean of three rates; none without a completed job."""
    totals = mixed().totals
    assert (totals.completed, totals.success_rate) == (20, 18 / 20)
    assert portfolio_of(PERIOD, [standing("idle")]).totals.success_rate is None


def test_changes_are_distinguished() -> None:
    """Worse, better, new and gone; nothing at all where there is no earlier period."""
    changes = mixed().changes
    assert changes is not None
    for kind, name in (
        (changes.worse, NASTY),
        (changes.better, "Healed"),
        (changes.new, "Fresh"),
        (changes.lost, "Silent"),
    ):
        assert [standing.customer.name for standing in kind] == [name]
    assert portfolio_of(PERIOD, [standing("first")]).changes is None


def test_a_customer_observed_before_is_not_new() -> None:
    """Without a job there is nothing to compare, but that does not make a customer new."""
    known = standing("Known", previous_state=State.HEALTHY)
    never = standing("Never", State.NEVER_RUN, looked_before=True)
    begun = standing("Begun", jobs=1, completed=1, looked_before=True)
    fresh = standing("Fresh", State.NEVER_RUN)
    changes = portfolio_of(PERIOD, [known, never, begun, fresh]).changes
    assert changes is not None
    assert set(changes.new) == {begun, fresh}


def test_what_needs_no_action_is_not_urgent() -> None:
    """A module with nothing to back up, or switched off long ago, is no reason to call anybody."""
    words = Words()
    for kind, words_expected in (
        (ReasonKind.IDLE, ""),
        (ReasonKind.OFF, ""),
        (ReasonKind.NEVER_RUN, "Microsoft 365 / Power BI: never run"),
    ):
        reason = Reason(kind, "Microsoft 365", "Power BI")
        assert why(standing("Somebody", reason=reason), words) == words_expected


@pytest.mark.parametrize(
    ("standings", "headline"),
    [
        ([], "Nothing is known of any customer's backups"),
        ([without_data(Customer("1", "x"), "no")], "Nothing is known of any customer's backups"),
        ([standing("a")], "The one customer met every target"),
        ([standing("a"), standing("b")], "All 2 customers met every target"),
        (
            [standing("a"), without_data(Customer("1", "x"), "no")],
            "1 of 2 customers met every target",
        ),
        ([standing("a"), standing("b", State.NEVER_RUN)], "1 of 2 customers need action"),
        ([standing("a"), standing("b", State.IDLE)], "1 of 2 customers met every target"),
        (
            [standing("a", not_judged=2), standing("b", State.OFF)],
            "1 of 2 customers are healthy, as far as can be judged",
        ),
    ],
)
def test_the_title_is_the_message(standings: list[Standing], headline: str) -> None:
    """It never says that all is well while a customer is unknown."""
    assert portfolio_headline(portfolio_of(PERIOD, standings), Words()) == headline


def test_the_pdf_shows_the_portfolio(tmp_path: Path) -> None:
    """Message, figures, customers and those without data, on a page; tags and language."""
    path = tmp_path / "portfolio.pdf"
    write_portfolio_pdf(mixed(), LOOK, path)
    reader = PdfReader(path)
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for words in (
        "2 of 5 customers need action", "90.0 %", "of 20 completed jobs", "<script>", "Healed",
        "Nothing is known of 2 customers", "No snapshot <yet>.", "1 became worse, 1 better",
    ):  # fmt: skip
        assert words in text.replace("\xa0", " "), words
    assert len(reader.pages) == 1
    assert reader.metadata is not None
    assert reader.metadata.title == "Backup portfolio, October 2026"
    assert "/StructTreeRoot" in reader.root_object


def test_heads_are_repeated_where_the_customers_take_several_pages(tmp_path: Path) -> None:
    """Each page of a long table says what its columns are."""
    path = tmp_path / "portfolio.pdf"
    write_portfolio_pdf(portfolio_of(PERIOD, [standing(f"c{n}") for n in range(120)]), LOOK, path)
    pages = [page.extract_text() for page in PdfReader(path).pages]
    assert len(pages) > 2
    assert all("Most pressing" in page for page in pages if "Healthy\n" in page or "c1" in page)


def test_the_same_portfolio_gives_the_same_bytes(tmp_path: Path) -> None:
    """Neither clock nor chance affects any of the three."""
    for write in (write_portfolio_pdf, write_portfolio_xlsx, write_portfolio_html):
        first, second = tmp_path / "one", tmp_path / "other"
        write(mixed(), LOOK, first)
        write(mixed(), LOOK, second)
        assert first.read_bytes() == second.read_bytes(), write.__name__


def test_the_workbook_has_numbers(tmp_path: Path) -> None:
    """Sheets, tables and figures as a spreadsheet reads them; a name is never a formula."""
    path = tmp_path / "portfolio.xlsx"
    write_portfolio_xlsx(mixed(), LOOK, path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Portfolio", "Subscriptions", "Changes", "No data"]
    sheet = book["Portfolio"]
    assert sheet["A1"].value == "2 of 5 customers need action"
    assert sheet.tables["Portfolio"].ref == "A4:X7"
    header, first, second = (
        [cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=6)
    )
    record = dict(zip(header, first, strict=True))
    assert (record["Customer"], record["State"], record["Success rate"]) == (NASTY, "Critical", 0)
    assert sheet["A5"].data_type == "s"
    assert dict(zip(header, second, strict=True))["Volume (GB)"] == 1
    assert [row[0].value for row in book["No data"].iter_rows(min_row=5)] == ["Silent", "Nobody"]
    assert [row[1].value for row in book["Changes"].iter_rows(min_row=5)] == [
        "Became worse", "No data now", "Became better", "New",
    ]  # fmt: skip


def test_an_empty_portfolio_is_written(tmp_path: Path) -> None:
    """No customer at all still makes three files that say so."""
    empty = portfolio_of(PERIOD, [])
    write_portfolio_xlsx(empty, LOOK, tmp_path / "p.xlsx")
    write_portfolio_pdf(empty, LOOK, tmp_path / "p.pdf")
    write_portfolio_html(empty, LOOK, tmp_path / "p.html")
    assert openpyxl.load_workbook(tmp_path / "p.xlsx")["Portfolio"]["A4"].value
    assert "Nothing is known" in (tmp_path / "p.html").read_text("utf-8")


def test_the_page_escapes_and_loads_nothing(tmp_path: Path) -> None:
    """Names are text, links stay relative, and the policy allows only what is inside."""
    path = tmp_path / "index.html"
    portfolio = mixed()
    hostile = replace(portfolio.standings[0], links=(("pdf", "javascript:alert(1)"),))
    write_portfolio_html(replace(portfolio, standings=(hostile,)), LOOK, path)
    page = path.read_text("utf-8")
    assert "<script>alert" not in page
    assert "javascript:" not in page
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
    write_portfolio_html(portfolio, LOOK, path)
    assert 'href="h/a%20b.pdf"' in path.read_text("utf-8")


def test_states_are_in_order_of_urgency() -> None:
    """Those that need action first; nothing to back up and switched off need none."""
    everybody = [standing(state.value, state, completed=1) for state in reversed(State)]
    portfolio = portfolio_of(PERIOD, everybody)
    assert [standing.state for standing in portfolio.standings] == list(State)
    assert portfolio.totals.need_action == 4


def test_volume_is_summed_as_far_as_it_is_given() -> None:
    """Over those that give sizes; not given where none does, or only an empty 0."""
    some = standing("a", jobs=3, bytes=2**30, stored_bytes=5)
    none = standing("b", jobs=3, bytes=None, not_judged=2)
    empty = standing("c", jobs=3, bytes=0)
    totals = portfolio_of(PERIOD, [some, none]).totals
    assert (totals.bytes, totals.sized, totals.with_jobs) == (2**30, 1, 2)
    assert (totals.stored_bytes, totals.told_stored, totals.not_judged) == (5, 1, 2)
    assert portfolio_of(PERIOD, [none, empty]).totals.bytes is None
    assert portfolio_of(PERIOD, [none]).totals.stored_bytes is None
    assert portfolio_of(PERIOD, [empty]).totals.bytes == 0


def test_marks_are_shown_beside_the_state(tmp_path: Path) -> None:
    """Customers not watched closely, targets that cannot be judged and what is left out, in all
    three files; a volume that is not given is an empty cell.
    """
    loose = standing(
        "Loose", jobs=1, bytes=None, days=31, missed_days=2, sparse=True, final=False,
        scopes_seen=3, not_judged=2,
    )  # fmt: skip
    portfolio = portfolio_of(PERIOD, [loose, standing("Close")], too_young=2)
    for name, write in (
        ("p.html", write_portfolio_html),
        ("p.pdf", write_portfolio_pdf),
        ("p.xlsx", write_portfolio_xlsx),
    ):
        write(portfolio, LOOK, tmp_path / name)
    reader = PdfReader(tmp_path / "p.pdf")
    texts = [
        (tmp_path / "p.html").read_text("utf-8"),
        " ".join(" ".join(page.extract_text() for page in reader.pages).split()),
    ]
    for words in (
        "INCOMPLETE: 1 customer was", "SPARSE: 1 customer was", "PRELIMINARY: the figures of 1",
        "For 2 scopes the recovery-point target cannot be judged.",
        "2 further customers are left out", "2 of 3 scopes not judged", "not given",
    ):  # fmt: skip
        assert all(words in text for text in texts), words
    sheet = openpyxl.load_workbook(tmp_path / "p.xlsx")["Portfolio"]
    header, close, row = sheet.iter_rows(min_row=4, max_row=6, values_only=True)
    assert close[0] == "Close"
    record = dict(zip(header, row, strict=True))
    assert record["Marks"] == "INCOMPLETE, SPARSE, PRELIMINARY"
    assert (record["Volume (GB)"], record["Volume is given"]) == (None, "not given")
    assert record["Scopes not judged"] == 2
    assert "2 further customers are left out" in str(sheet.cell(sheet.max_row, 1).value)


def test_a_difference_needs_two_periods_that_were_watched(tmp_path: Path) -> None:
    """A rate is not compared with one of a period that nobody watched closely."""
    for comparable, change in ((True, -10), (False, None)):
        customer = standing("a", success_rate=0.9, previous_rate=1.0, comparable=comparable)
        write_portfolio_xlsx(portfolio_of(PERIOD, [customer]), LOOK, tmp_path / "p.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "p.xlsx")["Portfolio"]
        header, row = sheet.iter_rows(min_row=4, max_row=5, values_only=True)
        difference = dict(zip(header, row, strict=True))["Change"]
        assert difference == (change and pytest.approx(change))


def test_nothing_to_back_up_is_neither_better_nor_worse() -> None:
    """A change from or to such a state is just a change."""
    rests = standing("a", State.IDLE, previous_state=State.HEALTHY)
    wakes = standing("b", State.CRITICAL, previous_state=State.OFF)
    worse = standing("c", State.NEVER_RUN, previous_state=State.HEALTHY)
    changes = portfolio_of(PERIOD, [rests, wakes, worse]).changes
    assert changes is not None
    assert set(changes.other) == {rests, wakes}
    assert (changes.worse, changes.better) == ((worse,), ())


STORED_BY_0_2_0 = """{"customer":{"id":"1","name":"Contoso Ltd"},"state":"attention","error":null,
"reason":{"kind":"success target missed","service":"Microsoft 365","module":"Exchange Online",
"value":0.5,"target":0.95},"previous_state":"attention","success_rate":0.5,"previous_rate":1.0,
"target":0.95,"jobs":2,"completed":2,"succeeded":1,"failed":1,"bytes":2147483648,
"previous_bytes":1073741824,"modules_seen":1,"modules_covered":1,"snapshot_days":0,"days":31,
"open_exceptions":1,"last_success_at":"2026-10-05T01:20:00Z","as_of":"2026-11-02T06:00:00Z",
"subscribed":true,"ending":[{"service":"Cloud Backup for Microsoft 365","name":"Backup 365",
"model":"User seats","seats":250,"units":null,"licences_assigned":231,"licences_available":260,
"capacity_bytes":5497558138880,"protected_bytes":3518437208883,"consumed_bytes":3738339534438,
"storage":"AvePoint storage","retention":"Retain data for 1 month","expires_on":"2026-11-20",
"contract_ends_on":null,"days_left":18}],"links":[["pdf","a/a.pdf"]]}"""


def test_what_0_2_0_stored_can_still_be_read(tmp_path: Path) -> None:
    """A standing stored by an earlier version appears in a portfolio with everything it
    contains.
    """
    standing = TypeAdapter(Standing).validate_json(STORED_BY_0_2_0)
    assert standing.reason == Reason(
        ReasonKind.SUCCESS_TARGET_MISSED,
        "Microsoft 365",
        "Exchange Online",
        value=0.5,
        target=0.95,
    )
    assert (standing.bytes, standing.stored_bytes, standing.complete, standing.sparse) == (
        2**31,
        None,
        False,
        False,
    )
    assert standing.ending[0].days_left == 18
    write_portfolio_html(portfolio_of(PERIOD, [standing]), LOOK, tmp_path / "p.html")
    assert "success rate 50.0\xa0%" in (tmp_path / "p.html").read_text("utf-8")
    assert (
        TypeAdapter(Standing).validate_json(TypeAdapter(Standing).dump_json(standing)) == standing
    )
