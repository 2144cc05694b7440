"""Replies as the service sent them, names replaced and days moved, and the vendor's own sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.jobs.catalog import MODULE_NAMES, SERVICE_NAMES, is_backup, is_queued, listed_of
from reporter.jobs.frame import Jobs, raw_frame, read_jobs
from reporter.jobs.replies import rows_of, split_snapshots
from reporter.jobs.rows import newest
from reporter.model import Policy, Reply
from tests.builders import NOW

SEEN = Path(__file__).parent / "seen"


def seen(name: str) -> Jobs:
    """All rows of a reply, which is one whole snapshot."""
    reply = Reply(f"https://graph.example/{name}", NOW, "", (SEEN / name).read_bytes())
    assert split_snapshots([reply]) == [(reply,)]
    return read_jobs(raw_frame(rows_of([reply])), Policy())


@pytest.mark.parametrize(
    ("name", "rows", "jobs"), [("seen-large.json", 34, 29), ("seen-small.json", 13, 5)]
)
def test_a_reply_of_the_service_is_read_without_a_note(name: str, rows: int, jobs: int) -> None:
    """Every code has a name and every value can be read; placeholders are kept beside the jobs."""
    read = seen(name)
    assert read.notes.empty
    assert (len(read.rows), int(read.rows["is_job"].sum())) == (rows, jobs)
    assert set(read.rows["service"]) <= set(SERVICE_NAMES.values())
    assert set(read.rows["module"]) <= set(MODULE_NAMES.values())
    values = [
        *("objects_total", "objects_failed", "objects_successful", "objects_skipped"),
        *("objects_warning", "bytes", "started_at", "ended_at", "duration", "modified_at"),
    ]
    assert read.rows.loc[read.rows["is_job"], values].notna().all(axis=None)


def test_the_newest_rows_of_a_reply_keep_every_job() -> None:
    """Several scopes of one module have different jobs, told apart by their ids."""
    reply = Reply("u", NOW, "", (SEEN / "seen-large.json").read_bytes())
    rows = newest(rows_of([reply]))
    assert sum(row["jobId"] != "N/A" for row in rows) == 29
    entra = [row["name"] for row in rows if row["jobModule"] == "Microsoft Entra ID"]
    assert entra == ["Scope B", "Scope C", "Scope D"]


def test_salesforce_has_a_name() -> None:
    """Its module is 301, which the vendor's lists leave out."""
    rows = seen("seen-large.json").rows
    (job,) = rows[rows["service"] == "Salesforce"].to_dict("records")
    assert (job["module"], job["is_backup"]) == ("Salesforce", True)


def test_scans_are_no_backups_and_have_nothing_to_read() -> None:
    """All of their fields are N/A, the counts too."""
    rows = seen("seen-large.json").rows
    scans = rows[~rows["is_backup"]]
    assert list(scans["service"]) == ["Microsoft 365 Scan", "Google Workspace Scan"]
    assert scans[["job_id", "name", "objects_total", "bytes", "modified_at"]].isna().all(axis=None)


def test_placeholders_say_how_their_scopes_stand() -> None:
    """Nothing to back up, switched off, never configured, or a run is queued."""
    listed: dict[tuple[str, bool], set[str]] = {}
    for name in ("seen-large.json", "seen-small.json"):
        rows = seen(name).rows
        waiting = rows[~rows["is_job"] & rows["is_backup"]]
        for row in waiting.to_dict("records"):
            key = listed_of(row["status"]).value, is_queued(row["status"])
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
    read = seen("seed.json")
    assert read.notes.empty
    assert list(read.rows["module"]) == ["SharePoint Online", "Exchange Online"]
    assert not read.rows["is_job"].any()
    assert all(is_backup(*own) for own in read.rows[["service", "module"]].itertuples(index=False))
    assert [listed_of(status).value for status in read.rows["status"]] == ["waiting"] * 2
