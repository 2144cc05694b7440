"""A newer program over what version 0.1.0 has rendered, archived and mailed: an upgrade by itself
restates nothing, withdraws nothing and sends nothing.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import timedelta

import pytest

from reporter.store.runs import fetch_run
from tests.builders import make_job
from tests.evidence.forging import seal
from tests.evidence.test_hostile import change_json
from tests.upgrade.conftest import CUSTOMERS, LAST, NAMES, Upgraded

FINAL = LAST + timedelta(hours=4)
"""Late enough that nothing of October can have been missed."""
AS_LEFT = {
    "Mailed Ltd": [(1, "sent")],
    "Approved Ltd": [(1, "approved")],
    "Queued Ltd": [(1, "queued")],
    "Dropped Ltd": [(1, "dropped")],
    "Unsent Ltd": [],
}
ISSUED = NAMES[:4]
OCTOBER = ("--period", "2026-10")
LATE = make_job(
    "2026-10-20T13:00:00Z",
    "Failed",
    name="N/A",
    successfulCount="0",
    failedCount="100",
    lastModifyTime="2026-11-01T07:00:00Z",
)


@pytest.mark.slow
def test_no_issued_report_is_rendered_again(upgraded: Upgraded) -> None:
    """Neither with what 0.1.0 knew, nor once the period is final; the files stay the same, to the
    byte.
    """
    path = next((upgraded.folder / "reports").rglob("mailed-ltd*.pdf"))
    before = path.read_bytes()
    result = upgraded.render("--customer", "Mailed Ltd")
    assert "Unchanged Mailed Ltd" in result.stderr
    upgraded.asked_all(FINAL)
    result = upgraded.render()
    assert [name for name in NAMES if f"Unchanged {name}" in result.stderr] == list(ISSUED)
    assert {name: numbers for name, numbers in upgraded.numbers().items() if numbers != [1]} == {
        "Unsent Ltd": [1, 2]
    }
    assert path.read_bytes() == before
    assert upgraded.outbox() == AS_LEFT


@pytest.mark.slow
def test_an_unissued_report_is_rendered_anew_and_restates_nothing(upgraded: Upgraded) -> None:
    """It is in no outbox and in no archive."""
    upgraded.asked_all(FINAL)
    upgraded.render()
    report = upgraded.report("Unsent Ltd")
    assert (report["schema"], report["version"], report["restates"]) == (2, 2, None)
    assert upgraded.versions("Unsent Ltd")[-1].closed


def test_the_second_look_computes_nothing(upgraded: Upgraded) -> None:
    """What this program makes of the old data is computed once, and kept."""
    upgraded.asked_all(FINAL)
    upgraded.render("--customer", "Mailed Ltd")
    (first,) = upgraded.versions("Mailed Ltd")
    assert first.redefined_sha256 not in (None, first.figures_sha256)
    assert first.checked != first.basis
    upgraded.render("--customer", "Mailed Ltd")
    assert upgraded.versions("Mailed Ltd") == (first,)


def test_nobody_gets_an_unapproved_mail(upgraded: Upgraded) -> None:
    """What was approved is sent as approved; what waits for approval keeps waiting."""
    upgraded.asked_all(FINAL)
    upgraded.render()
    upgraded.reporter("send", *OCTOBER)
    assert [message.recipients for message in upgraded.accounts.arrived] == [
        ["it@approved.example"]
    ]
    assert upgraded.outbox() == AS_LEFT | {"Approved Ltd": [(1, "sent")]}
    result = upgraded.reporter("approve", *OCTOBER, "--yes")
    assert "Queued Ltd, 2026-10, version 1" in result.stdout
    upgraded.reporter("send", *OCTOBER)
    assert [message.recipients for message in upgraded.accounts.arrived][1:] == [
        ["it@queued.example"]
    ]


@pytest.mark.slow
def test_late_data_restates_by_new_definitions(upgraded: Upgraded) -> None:
    """A job that version 0.1.0 could not know: the report is corrected, for both reasons."""
    upgraded.asked_all(FINAL)
    upgraded.snapshot_at(FINAL + timedelta(hours=4), "Mailed Ltd", LATE)
    upgraded.render()
    restates = upgraded.report("Mailed Ltd")["restates"]
    assert (restates["version"], restates["redefined"], restates["late"]) == (1, True, True)
    failed = [change for change in restates["changes"] if change["figure"] == "failed"]
    assert [(change["module"], change["before"], change["now"]) for change in failed] == [
        ("", 31, 32),
        ("Exchange Online", 0, 1),
    ]
    upgraded.reporter("send", *OCTOBER, "--customer", "Mailed Ltd")
    assert upgraded.outbox()["Mailed Ltd"] == [(1, "sent"), (2, "queued")]
    assert upgraded.numbers()["Approved Ltd"] == [1]


def test_on_purpose_it_is_rendered_again(upgraded: Upgraded) -> None:
    """By new definitions, and not for late data; it is queued for those who have the former one,
    once only.
    """
    upgraded.asked_all(FINAL)
    upgraded.render()
    upgraded.render("--again", "--customer", "Mailed Ltd")
    restates = upgraded.report("Mailed Ltd")["restates"]
    assert (restates["version"], restates["redefined"], restates["late"]) == (1, True, False)
    changed = {change["figure"] for change in restates["changes"]}
    assert "bytes" in changed
    assert not changed & {"jobs", "success", "failed", "success_rate"}
    upgraded.reporter("send", *OCTOBER, "--customer", "Mailed Ltd")
    assert upgraded.outbox()["Mailed Ltd"] == [(1, "sent"), (2, "queued")]
    assert "Unchanged" in upgraded.render("--customer", "Mailed Ltd").stderr
    upgraded.render("--again", "--customer", "Mailed Ltd")
    assert upgraded.numbers()["Mailed Ltd"] == [1, 2]


@pytest.mark.slow
def test_a_new_look_is_sent_to_nobody(upgraded: Upgraded) -> None:
    """The provider's new colour makes a new version, by the only definitions there are; recipients
    of the former one have the same data, and get no mail.
    """
    upgraded.asked_all(FINAL)
    upgraded.render()
    path = upgraded.folder / "reporter.toml"
    path.write_text(path.read_text("utf-8") + '\n[brand]\ncolor = "#0b5fff"\n', "utf-8")
    upgraded.render()
    restates = upgraded.report("Mailed Ltd")["restates"]
    assert (restates["redefined"], restates["late"]) == (True, False)
    upgraded.reporter("send", *OCTOBER)
    assert upgraded.accounts.arrived == []
    assert upgraded.outbox()["Mailed Ltd"] == [(1, "sent")]
    assert upgraded.outbox()["Dropped Ltd"] == [(1, "dropped")]


@pytest.mark.slow
def test_missing_files_are_not_reconstructed(upgraded: Upgraded) -> None:
    """This program would make files that differ from those mailed: it says so, and what to do."""
    upgraded.asked_all(FINAL)
    shutil.rmtree(upgraded.folder / "reports" / "2026-10" / "mailed-ltd")
    result = upgraded.render(status=1)
    assert "Version 1 of the report of Mailed Ltd for 2026-10, which version 0.1.0" in result.stderr
    assert "reporter render --again" in result.stderr
    upgraded.render("--again", "--customer", "Mailed Ltd")
    assert upgraded.numbers()["Mailed Ltd"] == [1, 2]


def test_reports_that_are_moved_are_those_that_were_written(upgraded: Upgraded) -> None:
    """As the notes on upgrading advise where reports were not written beside a configuration."""
    (upgraded.folder / "reports").rename(upgraded.folder / "moved")
    options = ("--customer", "Approved Ltd", "--out", str(upgraded.folder / "moved"))
    assert "Unchanged Approved Ltd" in upgraded.render(*options).stderr
    upgraded.reporter("send", *OCTOBER, *options)
    assert [message.recipients for message in upgraded.accounts.arrived] == [
        ["it@approved.example"]
    ]
    assert upgraded.numbers()["Approved Ltd"] == [1]


def test_a_moved_report_that_was_changed_is_sent_to_nobody(upgraded: Upgraded) -> None:
    moved = (upgraded.folder / "reports").rename(upgraded.folder / "moved")
    for path in moved.rglob("approved-ltd-backup*"):
        path.write_bytes(path.read_bytes() + b" ")
    options = ("--customer", "Approved Ltd", "--out", str(moved))
    upgraded.reporter("send", *OCTOBER, *options, status=1)
    assert upgraded.accounts.arrived == []
    assert "is not there as it was written" in upgraded.render(*options, status=1).stderr


def test_how_closely_version_0_1_0_watched_is_not_invented(upgraded: Upgraded) -> None:
    """It recorded only on which days somebody had looked."""
    result = upgraded.reporter("approve", *OCTOBER, "--yes", "--customer", "Queued Ltd")
    assert "watched          on 31 of 31 days" in result.stdout
    assert "of the time" not in result.stdout


@pytest.mark.slow
def test_the_archive_stays_as_it_is(upgraded: Upgraded) -> None:
    """An existing bag is unchanged; a version made by another program cannot be archived."""
    upgraded.asked_all(FINAL)
    upgraded.render()
    archived = ("archive", *OCTOBER, "--customer")
    result = upgraded.reporter(*archived, "Mailed Ltd")
    assert "Unchanged Mailed Ltd" in result.stderr
    result = upgraded.reporter(*archived, "Queued Ltd", status=1)
    assert "was made by another program (version 0.1.0)" in result.stderr
    home = upgraded.folder / "archive" / "mailed-ltd"
    assert [path.name for path in home.iterdir() if path.name.startswith("2026")] == ["2026-10-v1"]


def test_an_older_bag_is_neither_valid_nor_forged(upgraded: Upgraded) -> None:
    """Everything that can be checked without that version's definitions is checked, and the output
    says so.
    """
    bag = upgraded.folder / "archive" / "mailed-ltd" / "2026-10-v1"
    result = upgraded.reporter("verify", str(bag), status=2)
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert not [line for line in lines if line.startswith("FAILED")]
    assert "unknown figures: could not be checked: the JSON has schema 1" in result.stdout
    assert lines[-1].startswith("NOT CHECKED")
    for checked in ("provenance", "bag-info.txt", "history", "replies"):
        assert [line for line in lines if line.startswith(f"ok      {checked}")], result.stdout
    chain = upgraded.reporter("verify", "--chain", str(bag.parent))
    assert "FAILED" not in chain.stdout


def test_a_forged_older_bag_is_detected_without_its_definitions(upgraded: Upgraded) -> None:
    """Its figures differ from the hash in its provenance, though everything is sealed anew."""
    bag = upgraded.folder / "archive" / "mailed-ltd" / "2026-10-v1"
    change_json(bag, lambda report: report["totals"].update(failed=0))
    seal(bag)
    alone = bag.rename(upgraded.folder / "alone")
    result = upgraded.reporter("verify", str(alone), status=1)
    assert "FAILED  figures: provenance.json has the hash of other figures" in result.stdout
    assert "FAILED  files in the PDF: figures.json is not the one" in result.stdout


@pytest.mark.slow
def test_a_chain_continues_over_the_change(upgraded: Upgraded) -> None:
    """A version by new definitions is archived behind the old one, and follows from its replies;
    the chain with bags of both is verified.
    """
    upgraded.asked_all(FINAL)
    mailed = (*OCTOBER, "--customer", "Mailed Ltd")
    upgraded.reporter("render", *mailed, "--again")
    upgraded.reporter("archive", *mailed)
    home = upgraded.folder / "archive" / "mailed-ltd"
    result = upgraded.reporter("verify", str(home / "2026-10-v2"))
    assert "ok      figures: all those in the JSON follow from the raw replies" in result.stdout
    result = upgraded.reporter("verify", str(home), status=2)
    assert "FAILED" not in result.stdout
    assert "ok      chain: 2 records through 2026-10, version 2" in result.stdout


def test_a_run_changes_nothing(upgraded: Upgraded) -> None:
    """Started every hour, before the month is final by the new rule and after: what was approved is
    sent, once, and everything else stays as it was.
    """
    path = upgraded.folder / "reporter.toml"
    path.write_text(path.read_text("utf-8") + '\n[schedule]\nfetch_every = "4h"\n', "utf-8")
    for at in (LAST + timedelta(minutes=30), FINAL, FINAL + timedelta(hours=1)):
        if at == FINAL:
            upgraded.asked_all(FINAL)
        upgraded.clock.now = at
        with closing(upgraded.store()) as store, fetch_run(store, upgraded.clock):
            pass  # so that none is due
        result = upgraded.reporter("run", "--format", "json", "--workers", "1")
        assert [name for name in ISSUED if f"Unchanged {name}" in result.stderr] == list(ISSUED)
    assert upgraded.numbers() == {name: [1] for name in ISSUED} | {"Unsent Ltd": [1, 2]}
    assert upgraded.outbox() == AS_LEFT | {"Approved Ltd": [(1, "sent")]}
    assert [message.recipients for message in upgraded.accounts.arrived] == [
        ["it@approved.example"]
    ]


def test_customers_match_the_fixture(upgraded: Upgraded) -> None:
    """The fixture and its maker agree on who is in it."""
    with closing(upgraded.store()) as store:
        assert {customer.name: customer for customer in store.customers()} == CUSTOMERS
