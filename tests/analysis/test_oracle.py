"""The oracle itself, checked in situations small enough to be worked out on paper.

All are of the four days 12 to 15 October 2026 in UTC, watched every 7 hours unless said otherwise.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.analysis.oracle import report

START, END = datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 10, 16, tzinfo=UTC)
POLICY: dict[str, Any] = {
    "warning": "warning",
    "cancelled": "failed",
    "units": "binary",
    "target_success_rate": 0.95,
    "target_object_success_rate": 0.95,
    "max_gap_s": 26 * 3600.0,
    "watch_every_s": 7 * 3600.0,
    "targets": [],
    "left_out": [],
}
HOUR = 3600.0
DAY = 24 * HOUR
Row = dict[str, str | None]
Look = tuple[datetime, list[Row]]


def at(text: str) -> datetime:
    """`12 05:30`: a day of October and a time."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-10-{day}T{clock}:00+00:00")


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def placeholder(status: str, name: str = "N/A", **fields: str) -> Row:
    row: Row = dict.fromkeys(("jobId", "startTime", "endTime", "jobDuration"), "N/A")
    row |= dict.fromkeys(
        ("totalCount", "failedCount", "successfulCount", "skippedCount", "warningCount"), "0"
    )
    row |= {"jobType": "Microsoft 365", "jobModule": "OneDrive", "status": status, "name": name}
    return row | {"backupSize": "0 GB", "lastModifyTime": "N/A"} | fields


def job(start: str, status: str = "Finished", name: str = "N/A", **fields: str) -> Row:
    """A job of 10 objects, 1 GB and half an hour; one that runs has no end."""
    begin = at(start)
    end = "N/A" if status == "Running" else iso(begin + timedelta(minutes=30))
    modified = iso(begin) if status == "Running" else end
    counts = {"totalCount": "10", "successfulCount": "10", "backupSize": "1 GB"}
    times = {"startTime": iso(begin), "endTime": end, "lastModifyTime": modified}
    return placeholder(status, name, jobId=f"J{start}{name}", **counts, **times) | fields


def figures(*looks: Look, answers: Any = None, **policy: Any) -> dict[str, Any]:
    result = report(looks, START, END, "UTC", POLICY | policy, answers)
    assert result is not None
    return result


def scopes(*looks: Look, **policy: Any) -> dict[str | None, dict[str, Any]]:
    report = figures(*looks, **policy)
    return {scope["name"]: scope for module in report["modules"] for scope in module["scopes"]}


def scope(*looks: Look, **policy: Any) -> dict[str, Any]:
    (entry,) = scopes(*looks, **policy).values()
    return entry


def day_and_night(hour: int = 1, every: int = 6) -> list[Look]:
    """A job each day from the 11th at `hour`:00; looks from 11 02:00 to 16 08:00."""
    looks, moment = [], at("11 02:00")
    while moment <= at("16 08:00"):
        begun = [d for d in range(11, 17) if at(f"{d} {hour:02}:00") <= moment]
        looks.append((moment, [job(f"{begun[-1]} {hour:02}:00")] if begun else []))
        moment += timedelta(hours=every)
    return looks


@pytest.mark.parametrize(
    ("status", "listed", "state"),
    [
        ("Not finished", "waiting", "never run"),
        ("Not started", "waiting", "never run"),
        ("NOT SCANNED", "waiting", "never run"),
        ("Waiting for configuration", "waiting", "never run"),
        ("Running", "waiting", "never run"),
        ("In progress", "waiting", "never run"),
        ("Pending", "waiting", "never run"),
        ("Waiting", "waiting", "never run"),
        ("None", "waiting", "never run"),
        ("Throttled", "waiting", "never run"),
        ("Finished", "idle", "idle"),
        ("Successful", "idle", "idle"),
        ("completed", "idle", "idle"),
        ("Skipped", "idle", "idle"),
        ("Disabled", "off", "off"),
        ("Failed", "refused", "critical"),
        ("Failed to start", "refused", "critical"),
        ("Rejected", "refused", "critical"),
        ("Cancelled", "refused", "critical"),
        ("Stopped", "refused", "critical"),
        ("Exception", "refused", "critical"),
    ],
)
def test_a_placeholder_gives_the_state_of_its_scope(status: str, listed: str, state: str) -> None:
    """Each status of a placeholder, in a scope no job of which is known; off since long ago."""
    row = placeholder(status, lastModifyTime="2026-03-01T00:00:00Z")
    entry = scope((at("13 00:00"), [row]))
    assert (entry["listed"], entry["state"], entry["jobs"]) == (listed, state, 0)
    assert (entry["longest_gap_s"], entry["longest_gap_at_most_s"]) == (None, None)


def test_a_scope_whose_row_has_a_job_is_listed_by_it() -> None:
    """Even where a placeholder of it follows in the same reply."""
    look = (at("13 00:00"), [job("12 01:00"), placeholder("Disabled")])
    assert scope(look)["listed"] == "job"


def test_a_scope_that_left_is_gone_since_it_was_last_listed() -> None:
    """A was in the look before the period; B is there throughout."""
    looks = [(at("11 20:00"), [job("11 01:00", name="A"), job("11 01:00", name="B")]),
             (at("12 02:00"), [job("12 01:00", name="B")])]  # fmt: skip
    a, b = scopes(*looks)["A"], scopes(*looks)["B"]
    assert (a["listed"], a["listed_since"], a["state"]) == ("gone", at("11 20:00"), "attention")
    assert (b["listed"], b["listed_since"]) == ("job", None)


def test_a_scope_that_was_off_before_and_left_is_not_in_the_report() -> None:
    """A was off and idle B too in the last look before the period, and neither came again."""
    looks = [(at("11 20:00"), [placeholder("Disabled", "A"), placeholder("Finished", "B"),
                               placeholder("Not started", "C")]),
             (at("12 02:00"), [job("12 01:00", name="D")])]  # fmt: skip
    assert set(scopes(*looks)) == {"C", "D"}


def test_off_since_the_earliest_modification_it_gave_while_off() -> None:
    """Off on the 10th and 12th; the job seen on the 9th modified earlier does not count."""
    earlier = placeholder("Disabled", lastModifyTime="2026-10-09T10:00:00Z")
    later = placeholder("Disabled", lastModifyTime="2026-10-12T00:30:00Z")
    looks = [(at("09 01:00"), [job("08 01:00")]), (at("10 01:00"), [earlier]),
             (at("12 01:00"), [later])]  # fmt: skip
    entry = scope(*looks)
    assert (entry["listed_since"], entry["state"]) == (at("09 10:00"), "off")


def test_off_without_a_time_since_the_first_look_that_shows_it() -> None:
    """The look at 12 08:00 shows it off, the one before a job: it was switched off within."""
    looks = [(at("12 02:00"), [job("12 01:00")]), (at("12 08:00"), [placeholder("Disabled")])]
    entry = scope(*looks)
    assert (entry["listed"], entry["listed_since"]) == ("off", at("12 08:00"))
    assert entry["state"] == "attention"


def test_a_nameless_placeholder_is_not_a_scope_beside_named_ones() -> None:
    """It says something of the module, whose scopes have names."""
    looks = [(at("12 02:00"), [job("12 01:00", name="A"), placeholder("Not started")])]
    assert set(scopes(*looks)) == {"A"}


def test_daily_backups_watched_closely_leave_no_doubt() -> None:
    """From 11 01:30 each 24 h, the last at 15 01:30, then 22.5 h to the end: 24 h, certain."""
    entry = scope(*day_and_night())
    assert (entry["longest_gap_s"], entry["longest_gap_at_most_s"]) == (DAY, DAY)
    assert (entry["gap_target_met"], entry["state"], entry["jobs"]) == (True, "healthy", 4)
    report = figures(*day_and_night())
    assert report["coverage"]["watched_share"] == 1
    assert report["final"]
    assert set(report["silence"]["Microsoft 365", "OneDrive"].values()) == set()


def test_looks_too_rare_make_gaps_uncertain() -> None:
    """Daily at 01:00, looked at daily at 02:00: from 02:00 to the next start 23 h are unseen.

    Each stretch of 24 h holds some of it, so nothing is certain, and at most it was 24 h: met.
    """
    entry = scope(*day_and_night(every=24))
    assert (entry["longest_gap_s"], entry["longest_gap_at_most_s"]) == (0, DAY)
    assert entry["gap_target_met"] is True
    entry = scope(*day_and_night(every=24), max_gap_s=23 * HOUR)
    assert entry["gap_target_met"] is None


def test_a_certain_gap_beyond_the_target_is_missed() -> None:
    """A job on 12 01:00 and none after, watched every 6 h: 4 days less 1.5 h."""
    moments = [at("11 20:00") + timedelta(hours=6 * n) for n in range(18)]
    looks = [(moment, [job("12 01:00")] if moment > at("12 01:00") else [job("11 13:00")])
             for moment in moments]  # fmt: skip
    entry = scope(*looks)
    assert (entry["longest_gap_s"], entry["longest_gap_at_most_s"]) == (4 * DAY - 1.5 * HOUR,) * 2
    assert (entry["gap_target_met"], entry["state"]) == (False, "attention")
    assert scope(*looks, max_gap_s=0.0)["gap_target_met"] is None


@pytest.mark.parametrize(
    ("next_start", "certain"), [("15 20:00", 8 * HOUR), ("15 20:01", 3.5 * HOUR - 60)]
)
def test_nothing_is_unseen_up_to_watch_every(next_start: str, certain: float) -> None:
    """A look at 15 13:00, and the next job shown 7 h after it, or a minute later than that.

    12:30 to 20:30 is certain, or not; then 20:30 (20:31) to the end is 3.5 h, and certain.
    """
    looks = [(at("15 13:00"), [job("15 12:00")]), (at("15 21:00"), [job(next_start)]),
             (END, [job(next_start)])]  # fmt: skip
    entry = scope(*looks)
    assert entry["longest_gap_s"] == certain
    assert entry["longest_gap_at_most_s"] == (at(next_start) - at("15 12:00")).total_seconds()


def test_a_running_job_that_is_lost_leaves_a_doubt_however_short() -> None:
    """12 02:00 lists it running, 12 05:00 another job of 04:00: 02:00 to 04:00 are unseen."""
    looks = [(at("12 02:00"), [job("12 01:00", "Running")]), (at("12 05:00"), [job("12 04:00")]),
             (at("12 11:00"), [job("12 04:00")])]  # fmt: skip
    entry = scope(*looks)
    # Series: 12 01:00 (first job), 04:30, E = 11:00. Only 04:30 to 11:00 is certain.
    assert (entry["longest_gap_s"], entry["longest_gap_at_most_s"]) == (6.5 * HOUR, 6.5 * HOUR)
    report = figures(*looks)
    assert {"kind": "end not seen", "field": "endTime", "count": 1} in report["quality"]
    assert not report["final"]


def test_a_queued_placeholder_does_not_count_as_a_look() -> None:
    """Pending at 12 08:00 shows nothing, so 12 02:00 to 14:00 is one step of 12 h: unseen."""
    looks = [(at("12 02:00"), [job("12 01:00")]), (at("12 08:00"), [placeholder("Pending")]),
             (at("12 14:00"), [job("12 13:00")])]  # fmt: skip
    assert scope(*looks)["longest_gap_s"] == 0.5 * HOUR  # 13:30 to 14:00
    looks[1] = (at("12 08:00"), [placeholder("Not finished")])
    # A look that lists none: 02:00 to 08:00, 08:00 to 13:00 are short enough.
    assert scope(*looks)["longest_gap_s"] == 12 * HOUR  # 01:30 to 13:30


def test_a_long_first_list_leaves_nothing_unseen() -> None:
    """A reply that lists old jobs shows the time before it: its oldest starts before the look."""
    looks = [(at("12 02:00"), [job("12 01:00")]),
             (at("14 02:00"), [job("12 01:00"), job("13 01:00"), job("14 01:00")])]  # fmt: skip
    assert scope(*looks)["longest_gap_s"] == DAY


def test_without_history_before_the_period_a_target_is_not_met() -> None:
    """First look on 12 02:00 with a job of 12 01:00: no gap is long, but what was before?"""
    looks = [look for look in day_and_night() if look[0] >= START]
    entry = scope(*looks)
    assert (entry["longest_gap_s"], entry["gap_target_met"]) == (DAY, None)


def test_failures_in_a_row_end_at_a_recovery_point() -> None:
    """Failed, good, then failed, skipped, cancelled: two, or one where cancelled do not count."""
    rows = [job("12 01:00", "Failed"), job("12 05:00"), job("13 01:00", "Failed"),
            job("13 02:00", "Skipped"), job("13 03:00", "Canceled")]  # fmt: skip
    look = (at("13 08:00"), rows)
    assert scope(look)["consecutive_failures"] == 2
    assert scope(look, cancelled="excluded")["consecutive_failures"] == 1
    cures = {entry["job_id"]: entry["cured_by"] for entry in figures(look)["exceptions"]}
    assert cures == {"J12 01:00N/A": ["J12 05:00N/A"], "J13 01:00N/A": [], "J13 03:00N/A": []}


def test_a_cure_must_be_of_the_same_scope() -> None:
    """A fails, B succeeds later: A's failure stays open, and A is critical."""
    look = (at("13 08:00"), [job("12 01:00", "Failed", "A"), job("12 05:00", name="B")])
    report = figures(look)
    assert report["exceptions"][0]["cured_by"] == []
    assert report["state"] == "critical"
    assert scopes(look)["A"]["state"] == "critical"


def test_rates_follow_the_policy() -> None:
    """3 good, 1 warning, 1 cancelled: 3 of 5; 4 of 5 lenient; 3 of 4 without the cancelled."""
    rows = [job(f"12 0{n}:00") for n in (1, 2, 3)]
    rows += [job("12 04:00", "Exception"), job("12 05:00", "Stopped")]
    look = (at("13 08:00"), rows)
    totals = figures(look)["totals"]
    assert (totals["success_rate"], totals["lenient_success_rate"]) == (3 / 5, 4 / 5)
    assert figures(look, cancelled="excluded")["totals"]["success_rate"] == 3 / 4
    assert figures(look, warning="success")["totals"]["success_rate"] == 4 / 5


def test_a_module_that_gives_no_sizes_has_no_volume() -> None:
    """OneDrive's jobs back up objects over 0 GB; beside Gmail's 2 GB the customer has 2 GB."""
    silent = job("12 01:00", backupSize="0 GB")
    report = figures((at("13 08:00"), [silent]))
    assert (report["totals"]["bytes"], report["modules"][0]["bytes"]) == (None, None)
    assert (report["daily"][0]["bytes"], report["modules"][0]["scopes"][0]["bytes"]) == (None, None)
    gmail = job("12 03:00", backupSize="2 GB") | {"jobModule": "Gmail"}
    totals = figures((at("13 08:00"), [silent, gmail]))["totals"]
    assert (totals["bytes"], totals["sized_jobs"], totals["jobs"]) == (2 * 1024**3, 1, 2)
    empty = gmail | {"backupSize": "0 GB", "totalCount": "0", "successfulCount": "0"}
    assert figures((at("13 08:00"), [silent, empty]))["totals"]["bytes"] is None
    assert figures((at("13 08:00"), [empty]))["totals"]["bytes"] == 0
    assert figures((at("13 08:00"), [placeholder("Not started")]))["totals"]["bytes"] == 0


def test_stored_volume_is_a_gauge() -> None:
    """8 GB before the period, 11 within it: 11, and 3 more than before."""
    overviews = [(at("10 01:00"), [stored(8)]), (at("13 01:00"), [stored(11)]),
            (at("17 01:00"), [stored(99)])]  # fmt: skip
    look = (at("13 08:00"), [job("12 01:00")])
    totals = figures(look, answers={"overview": overviews})["totals"]
    assert (totals["stored_bytes"], totals["stored_change_bytes"]) == (11, 3)
    totals = figures(look, answers={"overview": overviews[:1]})["totals"]
    assert (totals["stored_bytes"], totals["stored_change_bytes"]) == (8, None)
    totals = figures(look, answers={"overview": overviews[2:]})["totals"]
    assert (totals["stored_bytes"], totals["stored_change_bytes"]) == (99, None)


def stored(amount: int) -> dict[str, Any]:
    return {"service": "Microsoft 365", "module": "OneDrive", "stored_bytes": amount}


def test_jobs_are_dated_by_what_there_is() -> None:
    """By its end, by its earliest modification, or not at all."""
    no_start = job("12 01:00") | {"startTime": "N/A"}
    modified = job("12 02:00", "Failed to start") | {"startTime": "N/A", "endTime": "N/A"}
    nothing = job("12 03:00") | dict.fromkeys(("startTime", "endTime", "lastModifyTime"), "N/A")
    report = figures((at("13 08:00"), [no_start, modified, nothing]))
    assert (report["totals"]["jobs"], report["totals"]["failed"]) == (2, 1)
    assert {(note["kind"], note["count"]) for note in report["quality"]} >= {
        ("dated by end", 1), ("dated by modification", 1), ("undated", 1),
    }  # fmt: skip


def test_the_newest_modification_counts() -> None:
    """The look at 12 03:00 says failed, modified later than what 12 09:00 still says of it."""
    failed = job("12 01:00", "Failed", lastModifyTime="2026-10-12T02:30:00Z")
    good = job("12 01:00", lastModifyTime="2026-10-12T02:00:00Z")
    assert scope((at("12 03:00"), [failed]), (at("12 09:00"), [good]))["failed"] == 1
    good["lastModifyTime"] = "N/A"
    assert scope((at("12 03:00"), [failed]), (at("12 09:00"), [good]))["failed"] == 0


def test_what_comes_after_the_final_look_changes_nothing_but_its_jobs() -> None:
    """A November module is not in October; a job of the 15th that ended since has."""
    looks = [(at("15 20:00"), [job("15 19:00", "Running")]), (at("16 07:00"), [])]
    later = (at("18 01:00"), [job("15 19:00"), job("17 01:00", name="new")])
    assert [entry["running"] for entry in scopes(*looks).values()] == [1]
    assert {name: entry["success"] for name, entry in scopes(*looks, later).items()} == {None: 1}


def test_a_scope_left_out_is_in_no_figure() -> None:
    """It is listed separately, with its reason and its jobs."""
    look = (at("13 08:00"), [job("12 01:00", "Failed", "A"), job("12 05:00", name="B")])
    rule = {"service": "Microsoft 365", "module": "OneDrive", "name": "A", "reason": "a test"}
    report = figures(look, left_out=[rule])
    assert (report["totals"]["jobs"], report["totals"]["failed"]) == (1, 0)
    assert report["left_out"] == [rule | {"jobs": 1}]


def test_silence_means_no_run_only_when_none_could_be_missed() -> None:
    """Looks every 6 h to 13 12:00: the 12th had its job, the 13th is not over, then to come."""
    moments = [at("11 20:00") + timedelta(hours=6 * n) for n in range(8)]
    looks = [(moment, [job("11 13:00")]) for moment in moments]
    assert figures(*looks)["silence"]["Microsoft 365", "OneDrive"] == {
        date(2026, 10, 12): "no run",
        date(2026, 10, 13): "to come",
        date(2026, 10, 14): "to come",
        date(2026, 10, 15): "to come",
    }


def test_a_period_before_everything_has_no_report() -> None:
    """The first look, on 17 October, shows a job of the 16th."""
    looks = [(at("17 01:00"), [job("16 01:00")])]
    assert report(looks, START, END, "UTC", POLICY) is None
    looks = [(at("17 01:00"), [job("15 01:00")])]
    assert report(looks, START, END, "UTC", POLICY) is not None


def test_half_of_the_time_watched_is_half() -> None:
    """Every 6 h over the first two of four days, then once more at the end."""
    moments = [at("12 00:00") + timedelta(hours=6 * n) for n in range(9)]
    report = figures(*((moment, [job("11 13:00")]) for moment in [*moments, END]))
    assert report["coverage"]["watched_share"] == 0.5
    assert report["coverage"]["missing_days"] == [date(2026, 10, 15)]
