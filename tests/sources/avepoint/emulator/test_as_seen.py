"""The emulated service behaves as the replies of the real one showed."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from reporter.sources.avepoint.emulator import (
    Clock,
    JobRun,
    Lists,
    Profile,
    demo_cast,
    ordinary_customers,
)
from reporter.sources.avepoint.emulator.accounts import protected_rows, subscription_row
from reporter.sources.avepoint.emulator.cast import NAMELESS, Plan, Temper
from reporter.sources.avepoint.emulator.rows import Row, job_rows
from reporter.sources.avepoint.emulator.runs import truth
from reporter.sources.avepoint.emulator.spellings import MODULE_CODES, SERVICE_CODES
from tests.conftest import StartEmulator
from tests.sources.avepoint.emulator.test_emulator import ROOT, call

START = datetime(2026, 10, 1, tzinfo=UTC)
STOP = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = datetime(2025, 4, 1, tzinfo=UTC)
"""Before the oldest job that is still listed."""
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
CAST = demo_cast()
CONTOSO, JAEGER, FABRIKAM, AOZORA, HARBOUR, WOODGROVE, _ = CAST


def moments(every: timedelta) -> Iterator[datetime]:
    """Times of October, at odd minutes."""
    at = START + timedelta(minutes=7)
    while at < STOP:
        yield at
        at += every


def listed(profile: Profile, at: datetime, generation: int = 3) -> list[Row]:
    return job_rows(1, profile, at, generation)


def of_module(rows: list[Row], service: str, module: str) -> list[Row]:
    codes = (SERVICE_CODES[service], MODULE_CODES[module])
    return [row for row in rows if (row["jobType"], row["jobModule"]) == codes]


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def runs_of(plan: Plan, profile: Profile = CONTOSO) -> list[JobRun]:
    """What really ran of one scope in October."""
    return [*truth(1, replace(profile, plans=(plan,)), START, STOP).runs]


@pytest.mark.parametrize("profile", CAST, ids=lambda profile: profile.name)
def test_the_newest_job_of_each_scope_is_listed_and_no_older_one(profile: Profile) -> None:
    """Each row with a job id is the last job of its scope to begin; no scope is listed twice."""
    begun: dict[tuple[int, int, str], list[JobRun]] = {}
    for plan in profile.plans:
        since = LONG_AGO if plan.off_at else START - timedelta(days=5)
        runs = truth(1, replace(profile, plans=(plan,)), since, STOP).runs
        for name in dict.fromkeys((plan.name, plan.name_at(STOP))):
            key = (SERVICE_CODES[plan.service], MODULE_CODES[plan.module], name or "N/A")
            begun[key] = list(runs)
    for at in moments(timedelta(hours=19)):
        rows = [row for row in listed(profile, at) if row["jobId"] != "N/A"]
        keys = [(row["jobType"], row["jobModule"], row["name"]) for row in rows]
        assert len(keys) == len(set(keys))
        for key, row in zip(keys, rows, strict=True):
            newest = max(
                (run for run in begun[key] if run.started_at <= at), key=lambda run: run.started_at
            )
            assert (row["jobId"], read(row["startTime"])) == (newest.job_id, newest.started_at)


def test_looking_every_four_hours_sees_every_job_to_its_end() -> None:
    """For scopes that back up four times a day at most."""
    looks = [START + 4 * HOUR * number for number in range(190)]
    for profile in CAST:
        ended = {
            (row["jobType"], row["jobModule"], row["jobId"])
            for at in looks
            for row in listed(profile, at)
            if row["status"] != 1
        }
        for run in truth(1, profile, START, STOP).runs:
            key = (SERVICE_CODES[run.plan.service], MODULE_CODES[run.plan.module], run.job_id)
            assert key in ended


def test_rows_come_by_type_and_module() -> None:
    """Placeholders and scans among them."""
    for profile in CAST:
        places = [(row["jobType"], row["jobModule"]) for row in listed(profile, STOP)]
        assert places == sorted(places)


def test_a_queued_job_hides_the_last_one_until_it_begins() -> None:
    """Pending without a job, then Running with its id, then its end; in Microsoft 365."""
    plan = next(plan for plan in CONTOSO.plans if plan.module == "Exchange Online")
    before, run = runs_of(plan)[10:12]

    def row_at(moment: datetime) -> Row:
        (row,) = of_module(listed(CONTOSO, moment), plan.service, plan.module)
        return row

    assert row_at(run.queued_at - SECOND)["jobId"] == before.job_id
    pending = row_at(run.queued_at)
    assert (pending["status"], pending["jobId"]) == (6, "N/A")
    assert read(pending["lastModifyTime"]) == run.queued_at
    assert row_at(run.started_at - SECOND) == pending
    running = row_at(run.started_at)
    assert (running["status"], running["jobId"], running["endTime"]) == (1, run.job_id, "N/A")
    ended = row_at(run.ended_at)
    assert (ended["status"], ended["jobId"]) == (2, run.job_id)
    assert read(ended["endTime"]) == run.ended_at


def test_the_four_placeholders() -> None:
    """Nothing to back up, switched off, never configured; the fourth is queued."""
    off = next(plan for plan in CONTOSO.plans if plan.module == "Power BI")
    at = datetime(2026, 10, 20, 12, tzinfo=UTC)
    rows = listed(CONTOSO, at)
    (idle,) = of_module(rows, "Microsoft 365", "Exchange Online Public Folder")
    (disabled,) = of_module(rows, "Microsoft 365", "Power BI")
    (never,) = of_module(listed(JAEGER, at), "Microsoft 365", "Power BI")
    assert [idle["status"], disabled["status"], never["status"]] == [2, 12, 13]
    assert at - 7 * HOUR < read(idle["lastModifyTime"]) <= at
    assert read(disabled["lastModifyTime"]) == off.off_at
    assert never["lastModifyTime"] == "N/A"
    for row in (idle, disabled, never):
        absent = ("jobId", "name", "startTime", "endTime", "jobDuration")
        counts = ("totalCount", "failedCount", "successfulCount", "skippedCount", "warningCount")
        assert {row[field] for field in absent} == {"N/A"}
        assert {row[field] for field in counts} == {"0"}
        assert row["backupSize"] == "0 GB"


def test_scans_carry_no_data() -> None:
    """Types 0 and 10, module 0; in generation 1 the former is called DOR."""
    for profile, code in ((CONTOSO, 0), (AOZORA, 10)):
        (scan,) = [row for row in listed(profile, STOP) if row["jobModule"] == 0]
        assert (scan.pop("jobType"), scan.pop("jobModule"), scan.pop("status")) == (code, 0, 2)
        assert set(scan.values()) == {"N/A"}
    assert listed(CONTOSO, STOP, 1)[0]["jobType"] == "DOR"


def test_only_named_services_have_names() -> None:
    """Where a module is the scope its name is N/A, and it has one row."""
    for profile in CAST:
        rows = listed(profile, STOP)
        for service in SERVICE_CODES:
            of_service = [row for row in rows if row["jobType"] == SERVICE_CODES[service]]
            if service in NAMELESS:
                assert {row["name"] for row in of_service} <= {"N/A"}
                modules = Counter(row["jobModule"] for row in of_service)
                assert max(modules.values(), default=1) == 1
            else:
                assert all(row["name"] != "N/A" for row in of_service if row["jobId"] != "N/A")


def test_one_of_three_scopes_fails_every_night() -> None:
    """The others of its module do not."""
    statuses: dict[str, Counter[int]] = {}
    for at in moments(4 * HOUR):
        for row in of_module(listed(JAEGER, at), "IaaS + PaaS", "Microsoft Entra ID"):
            statuses.setdefault(row["name"], Counter())[row["status"]] += 1
    assert len(statuses) == 3
    assert set(statuses.pop("gastronomie.example")) <= {1, 3}
    assert all(counts[2] > 100 for counts in statuses.values())


def test_rows_of_a_cloud_module_carry_the_modules_modification() -> None:
    """One time in all of them, and none is older than an end or newer than the clock."""
    apart = 0
    for at in moments(timedelta(hours=31)):
        by_module: dict[int, set[str]] = {}
        for row in listed(HARBOUR, at):
            if row["jobType"] == 12:
                by_module.setdefault(row["jobModule"], set()).add(row["lastModifyTime"])
                assert read(row["lastModifyTime"]) <= at
                if row["endTime"] != "N/A":
                    late = read(row["lastModifyTime"]) - read(row["endTime"])
                    assert late >= timedelta(0)
                    apart += late > HOUR
        assert {len(times) for times in by_module.values()} == {1}
    assert apart > 20


def test_switched_off_removed_renamed_stale_and_new() -> None:
    """What happens to scopes within October, and what happened to one long before."""
    contacts = ("Google Workspace", "Contacts")
    at = datetime(2026, 10, 9, 2, 5, 31, tzinfo=UTC)
    (before,) = of_module(listed(AOZORA, at - SECOND), *contacts)
    (after,) = of_module(listed(AOZORA, at), *contacts)
    assert (before["status"], after["status"], after["lastModifyTime"]) == (
        2,
        12,
        "2026-10-09T02:05:31Z",
    )

    removed = datetime(2026, 10, 22, 13, tzinfo=UTC)
    machines = ("IaaS + PaaS", "Amazon EC2")
    assert [row["name"] for row in of_module(listed(HARBOUR, removed - SECOND), *machines)] == [
        "eu-west-1",
        "us-west-2",
    ]
    (stale,) = of_module(listed(HARBOUR, removed), *machines)
    assert (stale["name"], stale["startTime"][:7]) == ("us-west-2", "2025-04")

    renamed = datetime(2026, 10, 16, 10, 30, tzinfo=UTC)
    rows = [
        of_module(listed(JAEGER, moment), "IaaS + PaaS", "Azure Virtual Machine")[0]
        for moment in (renamed - SECOND, renamed)
    ]
    assert [row["name"] for row in rows] == ["Sudhaus", "Sudhaus und Keller"]
    assert rows[0]["jobId"] == rows[1]["jobId"]

    changes = [
        (change.what, change.at)
        for customer in (AOZORA, HARBOUR, JAEGER)
        for change in truth(1, customer, START, STOP).changes
    ]
    assert changes == [("switched off", at), ("removed", removed), ("renamed", renamed)]


def test_a_newcomer_is_unknown_until_it_comes(start_emulator: StartEmulator) -> None:
    """Not in the list of customers, and 404 by its id; both generations."""
    since = WOODGROVE.since
    assert since is not None
    clock = Clock(since - SECOND)
    emulator = start_emulator(customers=CAST, now=clock)

    def seen() -> tuple[int, int, int]:
        first = call(emulator, "/partner/customers").json()["value"]
        third = call(emulator, f"{ROOT}/batch", "POST", json={}).json()["data"]
        jobs = call(emulator, f"/partner/customers/{WOODGROVE.id}/jobs").status_code
        return len(first), len(third), jobs

    assert seen() == (6, 6, 404)
    clock.now = since
    assert seen() == (7, 7, 200)
    assert call(emulator, f"/partner/customers/{WOODGROVE.id}/jobs").json()["value"] != []


def test_microsoft_365_gives_no_sizes_and_others_hundredths() -> None:
    """But for the odd ones, which cannot be read."""
    sizes: dict[int, set[str]] = {}
    for profile in (CONTOSO, AOZORA, HARBOUR, WOODGROVE):
        for at in moments(timedelta(hours=11)):
            for row in listed(profile, at):
                sizes.setdefault(row["jobType"], set()).add(row["backupSize"])
    assert sizes[7] == {"0 GB"}
    for code in (11, 12, 15, 16):
        assert all(re.fullmatch(r"\d+(\.\d{1,2})? GB", size) for size in sizes[code])
        assert len(sizes[code]) > 10


def test_ids_carry_kind_and_start() -> None:
    """Within half a minute of the start; Google's carry the module and no kind."""
    prefixes = set()
    for profile in CAST:
        for row in listed(profile, STOP):
            if row["jobId"] == "N/A":
                continue
            match = re.fullmatch(r"([A-Z]+)(\d{14})\d*", row["jobId"])
            assert match is not None
            prefixes.add(match[1])
            moment = datetime.strptime(match[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            assert timedelta(0) <= read(row["startTime"]) - moment < timedelta(seconds=30)
    assert prefixes >= {"EIB", "OIB", "TIB", "YIB", "PAUIB", "PAPIB", "DCIB", "IB", "FB", "GBG"}


def test_salesforces_module_is_301() -> None:
    """No list of the vendor names it."""
    assert {row["jobModule"] for row in listed(WOODGROVE, STOP) if row["jobType"] == 15} == {301}


def test_successes_over_nothing_are_ordinary() -> None:
    """An empty Project Online, and a Power Automate that skips all it has."""
    rows = listed(CONTOSO, datetime(2026, 10, 20, 12, tzinfo=UTC))
    (empty,) = of_module(rows, "Microsoft 365", "Project Online")
    (skipped,) = of_module(rows, "Microsoft 365", "Power Automate")
    assert (empty["status"], empty["totalCount"]) == (2, "0")
    assert skipped["status"] == 2
    assert skipped["totalCount"] == skipped["skippedCount"] != "0"


def test_generation_1_has_its_own_names() -> None:
    """But says the same about the same jobs."""
    first = {row["jobId"]: row for row in listed(HARBOUR, STOP, 1)}
    third = {row["jobId"]: row for row in listed(HARBOUR, STOP)}
    assert first.keys() == third.keys()
    assert {(row["jobType"], row["jobModule"]) for row in first.values()} >= {
        ("Microsoft 365", "OneDrive for Business"),
        ("Microsoft 365", "Yammer"),
        ("Azure", "Virtual Machine"),
        ("Azure", "Active Directory"),
        ("Azure", "Admin Portal Setting"),
    }
    for job_id, row in first.items():
        assert row["startTime"] == third[job_id]["startTime"]


def test_the_overview_is_paged_and_spelled_in_its_own_way(start_emulator: StartEmulator) -> None:
    """Its own service and module names, pages as requested, and the number of all rows."""
    emulator = start_emulator(customers=[HARBOUR])
    path = f"{ROOT}/{HARBOUR.id}/cloud-backup-m365/overview"
    whole = call(emulator, path).json()
    assert whole["metadata"] == {"pageIndex": 1, "pageSize": 50, "totalCount": 9}
    assert {row["serviceType"] for row in whole["data"]} == {"Cloud Backup for Microsoft 365"}
    modules = {row["serviceModule"] for row in whole["data"]}
    assert {"Microsoft 365 Group", "Microsoft Teams chat"} <= modules
    second = call(emulator, f"{path}?pageIndex=2&pageSize=5").json()
    assert second["data"] == whole["data"][5:]
    assert call(emulator, f"{path}?pageIndex=3&pageSize=5").json()["data"] == []
    assert call(emulator, f"{path}?pageSize=101").status_code == 400


def test_what_is_stored_grows_from_day_to_day_until_it_is_switched_off() -> None:
    """Totals, the same all day; 0 protected where there is nothing to back up."""

    def stored(at: datetime) -> dict[str, str]:
        rows = protected_rows(CONTOSO, at, 3)
        return {row["serviceModule"]: row["dataSizeStoredInAvePoint"] for row in rows}

    noon, evening = (datetime(2026, 10, 20, hour, tzinfo=UTC) for hour in (12, 20))
    today, tomorrow = stored(noon), stored(noon + 24 * HOUR)
    assert stored(evening) == today
    exchange = [float(volumes["Exchange Online"].split()[0]) for volumes in (today, tomorrow)]
    assert 0 < exchange[1] - exchange[0] < 1
    assert today["Power BI"] == tomorrow["Power BI"] != "0 GB"
    assert today["Exchange Online Public Folders"] == "0 GB"


def test_generation_3_lists_all_subscriptions_in_one_call(start_emulator: StartEmulator) -> None:
    """For all customers that have one, or for those named; with the permission for it."""
    emulator = start_emulator(customers=CAST)
    path = f"{ROOT}/services/batch"
    every = call(emulator, path, "POST", json={}).json()
    # One has none, and one must not be read.
    assert every["metadata"]["totalCount"] == len(every["data"]) == 5
    named = call(emulator, path, "POST", json={"customerIds": [JAEGER.id]}).json()["data"]
    assert [row["customerId"] for row in named] == [JAEGER.id]
    second = call(emulator, f"{path}?pageIndex=2&pageSize=2", "POST", json={}).json()
    assert second["data"] == every["data"][2:4]


def test_subscriptions_need_a_permission_of_their_own(start_emulator: StartEmulator) -> None:
    """A token for jobs is not valid for subscriptions."""
    emulator = start_emulator(customers=CAST)
    form = {
        "grant_type": "client_credentials",
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
        "scope": "elements.jobs.read.all",
    }
    token = requests.post(emulator.token_url, data=form, timeout=5).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{emulator.api_url}{ROOT}/services/batch"
    reply = requests.post(url, headers=headers, json={}, timeout=5)
    assert reply.status_code == 403
    assert "elements.license.read.all" in reply.text


def test_subscription_days_and_products_that_are_not_backups() -> None:
    """Month, day, year in generation 3, where two of three products are not backups."""
    products = subscription_row(JAEGER, 3)["products"]
    backups = [product for product in products if product["service"].startswith("Cloud Backup for")]
    assert len(products) == 3 * len(backups)
    assert backups[0]["expirationDate"] == "12-10-2026T12:00:00Z"
    for product in products:
        assert re.fullmatch(r"\d\d-\d\d-\d{4}T12:00:00Z", product["expirationDate"])
    assert {product["purchasedCapacity"] for product in products} >= {"0/1 GB"}
    (old, *_) = subscription_row(JAEGER, 1)["products"]
    assert old["expirationDate"] == "2026-12-10"


def test_customers_of_the_command_list_placeholders_too() -> None:
    """About a quarter of the rows of backups have no job, as was seen."""
    rows = [
        row
        for customer in ordinary_customers(10, 600, 1)
        for row in listed(customer, STOP)
        if row["jobModule"] != 0
    ]
    share = sum(row["jobId"] == "N/A" for row in rows) / len(rows)
    assert 0.1 < share < 0.4
    assert {row["status"] for row in rows if row["jobId"] == "N/A"} == {2, 6, 12, 13}


def test_all_jobs_are_listed_on_request() -> None:
    """The other assumption: every job of the time requested, and what never ran."""
    rows = job_rows(1, JAEGER, STOP, 3, Lists.ALL, timedelta(days=31))
    began = {run.job_id for run in truth(1, JAEGER, START + 2 * HOUR, STOP).runs}
    assert began <= {row["jobId"] for row in rows}
    assert [row["status"] for row in of_module(rows, "Microsoft 365", "Power BI")] == [13]


def test_a_listing_costs_little() -> None:
    """A month of looks at the demo's customers is cheap: 5 ms of the processor each at most."""
    looks = [START + 4 * HOUR * number for number in range(60)]
    began = time.process_time()
    for at in looks:
        for profile in CAST:
            listed(profile, at)
    assert (time.process_time() - began) / (len(looks) * len(CAST)) < 0.005


def test_jobs_of_a_scope_never_overlap() -> None:
    """Each ends before the next is queued, however often it runs."""
    plans = [Plan("Microsoft 365", "Exchange Online", rate, 50.0) for rate in (0.25, 1, 2.3, 4, 40)]
    for plan in [*plans, Plan("IaaS + PaaS", "Disk", 6, 200.0, Temper.WARNING, "x")]:
        runs = runs_of(plan)
        for earlier, later in itertools.pairwise(runs):
            assert earlier.queued_at <= earlier.started_at < earlier.ended_at <= later.queued_at
