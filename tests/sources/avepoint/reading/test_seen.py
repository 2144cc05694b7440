"""Replies as the service sent them, names replaced and days moved, and the vendor's own sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.jobs.frame import Jobs, raw_frame, read_jobs
from reporter.jobs.rows import ABSENT, FIELDS, Row, moment, newest, present
from reporter.model import Policy, Reply
from reporter.sources.avepoint.reading.replies import rows_of, split_snapshots
from reporter.sources.avepoint.reading.rows import FIELD_NAMES
from reporter.sources.avepoint.reading.vocabularies import (
    MODULE_NAMES,
    SERVICE_NAMES,
)
from tests.builders import NOW

SEEN = Path(__file__).parent / "seen"


def seen(name: str) -> tuple[list[Row], Jobs]:
    """All rows of a reply, which is one whole snapshot, and the jobs among them."""
    reply = Reply(f"https://graph.example/{name}", NOW, "", (SEEN / name).read_bytes())
    assert split_snapshots([reply]) == [(reply,)]
    rows = rows_of(reply)
    return rows, read_jobs(raw_frame(newest(rows)), Policy(), FIELD_NAMES)


@pytest.mark.parametrize(
    ("name", "rows", "jobs"), [("seen-large.json", 34, 29), ("seen-small.json", 13, 5)]
)
def test_a_real_reply_is_read_without_a_note(name: str, rows: int, jobs: int) -> None:
    """Every code has a name, every value can be read, and no job is lost."""
    texts, read = seen(name)
    assert read.notes.empty
    assert (len(texts), len(read.rows)) == (rows, jobs)
    assert {row["service"] for row in texts} <= set(SERVICE_NAMES.values())
    assert {row["module"] for row in texts} <= set(MODULE_NAMES.values())
    values = [
        *("objects_total", "objects_failed", "objects_successful", "objects_skipped"),
        *("objects_warning", "bytes", "started_at", "ended_at", "duration", "modified_at"),
    ]
    assert read.rows[values].notna().all(axis=None)
    placeholders = [row for row in texts if present(row["job_id"]) is None]
    modified = [present(row["modified"]) for row in placeholders]
    assert [moment(row, "modified") is None for row in placeholders] == [
        text is None for text in modified
    ]


def test_scopes_of_one_module_have_jobs_of_their_own() -> None:
    """They are distinguished by name alone."""
    jobs = seen("seen-large.json")[1].rows
    entra = jobs[jobs["module"] == "Microsoft Entra ID"]
    assert list(entra["name"]) == ["Scope B", "Scope C", "Scope D"]
    assert list(entra["outcome"]) == ["success"] * 3


def test_salesforce_has_a_name() -> None:
    """Its module is 301, which the vendor's lists leave out."""
    jobs = seen("seen-large.json")[1].rows
    (job,) = jobs[jobs["service"] == "Salesforce"].to_dict("records")
    assert (job["module"], job["is_backup"]) == ("Salesforce", True)


def test_scans_are_not_backups_and_have_no_values() -> None:
    """All of their fields are N/A, the counts too."""
    texts, _ = seen("seen-large.json")
    scans = [row for row in texts if not row["is_backup"]]
    assert [row["service"] for row in scans] == ["Microsoft 365 Scan", "Google Workspace Scan"]
    assert {row[field] for row in scans for field in FIELDS[3:]} == {ABSENT}


def test_placeholders_give_the_states_of_their_scopes() -> None:
    """Nothing to back up, switched off, never configured, or a run is queued."""
    listed: dict[tuple[str, bool], set[str]] = {}
    for name in ("seen-large.json", "seen-small.json"):
        for row in seen(name)[0]:
            if row["job_id"] == ABSENT and row["is_backup"]:
                key = row["listed_as"].value, row["queued"]
                listed.setdefault(key, set()).add(row["module"])
    assert listed == {
        ("waiting", True): {"Microsoft 365 Groups", "Teams Chat", "Power BI"},
        ("idle", False): {"Microsoft 365 Groups", "Exchange Online Public Folder"},
        ("off", False): {"Teams Chat", "Viva Engage"},
        ("waiting", False): {
            "Microsoft Entra ID", "Admin Portal Settings", "Microsoft Entra ID B2C",
        },
    }  # fmt: skip


def test_the_vendors_sample_is_two_modules_that_never_ran() -> None:
    """It has no job, and nothing in it is read as one."""
    texts, read = seen("seed.json")
    assert read.rows.empty
    assert [row["module"] for row in texts] == ["SharePoint Online", "Exchange Online"]
    assert all(row["is_backup"] for row in texts)
    assert [row["listed_as"].value for row in texts] == ["waiting"] * 2
